import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import type { MetricNow, Overview } from '../api/queries.ts';
import NotFound from './NotFound.svelte';
import MetricPage from './metric/Page.svelte';
import OverviewPage from './overview/Page.svelte';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

async function open(document: Overview, address: string) {
  const { app } = openApp({ overview: document }, address);
  await app.live.poll();
  return app;
}

async function overviewPage(metrics: MetricNow[], change: Partial<Overview> = {}, address = '/?lang=en') {
  const document = overview(metrics, change);
  const app = await open(document, address);
  return render(OverviewPage, { props: { app, overview: document } }).body;
}

const PENDING = metricNow({
  id: 'app.errors', name: 'Errors', state: 'pending', text: '98.7%', value: 98.7,
  pending: { severity: 'critical', threshold: 85, elapsed_s: 120, for_s: 300 },
});

test('the verdict is the sentence of the server, with its counts, the worst first', async () => {
  const counts = { critical: 1, warning: 2, unknown: 3, pending: 4, ok: 5, absent: 6 };
  const body = await overviewPage([metricNow()], {
    verdict: { state: 'critical', text: 'Critical: CPU is over', counts, missing: [] },
  });
  assert.match(body, /<b[^>]*>Critical<\/b> CPU is over/);
  const shown = [...body.matchAll(/data-count="(\w+)"[^>]*>(\d+)/g)].map(([, key, n]) => [key, Number(n)]);
  assert.deepEqual(shown, Object.entries(counts));
});

test('a verdict without a colon is shown whole', async () => {
  const verdict = { ...overview([]).verdict, text: '모두 정상' };
  assert.match(await overviewPage([metricNow()], { verdict }), /<b[^>]*>OK<\/b> 모두 정상/);
});

for (const [lang, words] of [
  ['en', '2 min of 5 min Critical if it lasts 3 min more'],
  ['ko', '2분 / 5분 경과 3분 더 지속되면 위험'],
] as const)
  test(`a pending metric says how long it has been, and what comes of it, in ${lang}`, async () => {
    const body = await overviewPage([PENDING], {}, `/?lang=${lang}`);
    assert.match(body, /class="tile pending[\s\S]*stroke-dasharray="40 100"/);
    assert.ok(textOf(body).includes(words), textOf(body));
  });

test('a tile leads to its metric and keeps the view', async () => {
  const body = await overviewPage([PENDING], {}, '/?range=6h&lang=en');
  assert.match(body, /href="\/metrics\/app.errors\?range=6h&amp;lang=en"/);
});

test('what is well needs no words, unless there are too few cases', async () => {
  const sure = { n: 1203, low: 92.8, high: 95.4, text: 'n = 1,203', inconclusive: false };
  const well = metricNow({ reason: 'the reason', proportion: sure });
  const reason = /class="reason[^>]*>the reason/;
  assert.doesNotMatch(await overviewPage([well]), reason);
  assert.match(await overviewPage([well]), /data-testid="cases">n = 1,203/);
  const unsure = { ...well, proportion: { ...sure, inconclusive: true } };
  assert.match(await overviewPage([unsure]), reason);
  assert.match(await overviewPage([{ ...well, state: 'warning' }]), reason);
});

test('metrics without data are folded away, those without thresholds are apart', async () => {
  const body = await overviewPage([
    metricNow(),
    metricNow({ id: 'system.memory.swap', judged: false, thresholds: null }),
    metricNow({ id: 'ai.tokens', name: 'Tokens', absent: true }),
  ]);
  const text = textOf(body);
  assert.match(text, /Metrics with thresholds 1 .*Other metrics 1 .*1 metric without data .*Tokens/);
  assert.doesNotMatch(body, /data-metric="ai.tokens"/);
});

test('a group shows its own metrics and no verdict', async () => {
  const body = await overviewPage([metricNow(), PENDING], {}, '/?group=app&lang=en');
  assert.doesNotMatch(body, /data-testid="verdict"/);
  assert.deepEqual([...body.matchAll(/data-metric="([^"]+)"/g)].map(([, id]) => id), ['app.errors']);
});

test('before the first values the page says when they come', async () => {
  const body = await overviewPage([metricNow({ absent: true })]);
  assert.match(textOf(body), /Waiting for the first data First values in about 35 s\./);
});

test('what the server sends is shown as text', async () => {
  const body = await overviewPage([metricNow({ name: '<img src=x>', worst_text: '"><script>' })]);
  assert.doesNotMatch(body, /<img|<script/);
});

async function metricPage(metric: MetricNow, lang = 'en') {
  const app = await open(overview([metric]), `/metrics/${metric.id}?lang=${lang}`);
  return render(MetricPage, { props: { app, metric } }).body;
}

test('a metric is shown with its state, its value and what is known of it', async () => {
  const text = textOf(await metricPage(PENDING));
  for (const part of [
    'Errors', 'Pending', '98.7 %', '2 min of 5 min', 'app.errors', 'Required by the specification',
    'Exporter node_exporter', '≥ 85%', '≥ 70%', '5 min', 'specification thresholds',
    'No breach in this period.',
  ])
    assert.ok(text.includes(part), `${part} in ${text}`);
});

test('a metric that is bad when low has its thresholds the other way round', async () => {
  const thresholds = { warning: 95, critical: 90, for_s: 0, origin: 'site' } as const;
  const text = textOf(await metricPage(metricNow({ direction: 'lower_is_worse', thresholds }), 'ko'));
  assert.match(text, /위험 ≤ 90% 없음 주의 ≤ 95% 없음/);
  assert.match(text, /사용자 설정 임계치/);
});

test('a metric without thresholds has no table of them', async () => {
  const text = textOf(await metricPage(metricNow({ judged: false, thresholds: null })));
  assert.match(text, /No thresholds/);
  assert.doesNotMatch(text, /Alert duration|Breaches/);
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
