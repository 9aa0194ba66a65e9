import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import type { MetricNow, Overview } from '../api/queries.ts';
import NotFound from './NotFound.svelte';
import MetricPage from './metrics/Metric.svelte';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

async function open(document: Overview, address: string) {
  const { app } = openApp({ overview: document }, address);
  await app.live.poll();
  return app;
}

const PENDING = metricNow({
  id: 'app.errors', name: 'Errors', state: 'pending', text: '98.7%', value: 98.7,
  pending: { severity: 'critical', threshold: 85, elapsed_s: 120, for_s: 300 },
});

async function metricPage(metric: MetricNow, lang = 'en') {
  const app = await open(overview([metric]), `/metrics/${metric.id}?lang=${lang}`);
  return render(MetricPage, { props: { app, metric } }).body;
}

test('a metric is shown with its state, its value and what is known of it', async () => {
  const text = textOf(await metricPage(PENDING));
  for (const part of [
    'Errors', 'Pending', '98.7%', '2 min of 5 min', 'app.errors', 'Required by the specification',
    '≥ 85% · 5 min', '≥ 70% · 5 min', 'specification thresholds', 'Try on the last 30 days',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
});

test('a metric that is bad when low has its thresholds the other way round', async () => {
  const thresholds = { warning: 95, critical: 90, for_s: 0, origin: 'site' } as const;
  const text = textOf(await metricPage(metricNow({ direction: 'lower_is_worse', thresholds }), 'ko'));
  assert.match(text, /주의 ≤ 95% 위험 ≤ 90%/);
  assert.match(text, /사용자 설정 임계치/);
});

test('a metric without thresholds has neither a rule nor breaches', async () => {
  const text = textOf(await metricPage(metricNow({ judged: false, thresholds: null })));
  assert.match(text, /No thresholds/);
  assert.doesNotMatch(text, /judged as the rule does/);
});

test('a metric without data says what it needs, and draws nothing', async () => {
  const body = await metricPage(metricNow({ absent: true, text: 'no data', value: null }));
  assert.match(textOf(body), /No data .*What this metric needs/);
  assert.doesNotMatch(body, /data-chart/);
});

test('an address of nothing leads back to the dashboard', async () => {
  const { app } = openApp({}, '/p/nowhere?lang=en', '/p/');
  const { body } = render(NotFound, { props: { app, title: 'No such page', text: '/nowhere' } });
  assert.match(body, /<h1[^>]*>No such page[\s\S]*href="\/p\/\?lang=en"/);
});
