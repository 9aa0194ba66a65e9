import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { attentionRow, metricNow, overview, overviewDay } from '../../../testing/fixtures.ts';
import type { Overview, OverviewDay } from '../../api/queries.ts';
import Day from './Day.svelte';
import Page from './Page.svelte';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

async function open(document: Overview, address: string) {
  const { app } = openApp({ overview: document }, address);
  await app.live.poll();
  return app;
}

async function showPage(change: Partial<Overview>, address = '/?lang=en') {
  const document = overview([metricNow()], change);
  const app = await open(document, address);
  return render(Page, { props: { app, overview: document } }).body;
}

async function showDay(change: Partial<OverviewDay>, address = '/?lang=en') {
  const app = await open(overview([metricNow()]), address);
  return render(Day, { props: { app, day: overviewDay(change) } }).body;
}

const CRITICAL = {
  ...overview([]).verdict,
  state: 'critical',
  counts: { critical: 1, warning: 2, unknown: 0, pending: 0, ok: 5, absent: 6 },
} as const;

test('the verdict is the sentence of the server with its detail and counts, the worst first', async () => {
  const body = await showPage({
    verdict: CRITICAL,
    headline: { title: 'vllm does not answer', detail: 'Since 21:06.', is_empty: false },
  });
  assert.match(textOf(body), /Critical: vllm does not answer .*Since 21:06\./);
  const shown = [...body.matchAll(/data-count="(\w+)"[^>]*>(\d+)/g)].map(([, key, n]) => [key, Number(n)]);
  assert.deepEqual(shown, [['critical', 1], ['warning', 2], ['ok', 5], ['absent', 6]]);
});

test('before any data nothing is ok, and the rest of the page is not there', async () => {
  const body = await showPage({
    headline: { title: 'Nothing has been collected yet', detail: 'Run jipyo doctor.', is_empty: true },
    verdict: { ...CRITICAL, state: 'unknown' },
  });
  assert.match(textOf(body), /No data: Nothing has been collected yet Run jipyo doctor\./);
  assert.doesNotMatch(body, /data-count|role="status"/);
});

const INCIDENT = { number: 31, title: 'vllm', others: 2, acknowledged: false, text: 'Not acknowledged for 8 min' };

test('an open incident has one action in place of the counts', async () => {
  const body = await showPage({ verdict: CRITICAL, incident: INCIDENT });
  assert.match(textOf(body), /Acknowledge incident 31 Not acknowledged for 8 min · 2 more open/);
  assert.doesNotMatch(body, /data-count/);
  const taken = await showPage({ incident: { ...INCIDENT, acknowledged: true, text: 'by kim' } });
  assert.match(taken, /href="\/incidents\/31\?lang=en"/);
  assert.doesNotMatch(taken, /data-testid="ack"/);
});

test('the likely origin stands alone, then what came with it; without an incident nothing is one', async () => {
  const rows = [
    attentionRow({ role: 'origin', name: 'Target vllm', link: 'target' }),
    attentionRow({ role: 'with', name: 'Error rate', metric: 'app.error_rate', link: 'logs' }),
    attentionRow({ role: 'with', name: 'Response time', metric: 'app.response_time' }),
  ];
  const body = await showPage({ attention: rows, verdict: CRITICAL });
  assert.match(textOf(body), /Look here first .*Target vllm.*Came with it: 2 .*Error rate.*Response time/);
  assert.match(body, /href="\/targets\?lang=en"/);
  assert.match(body, /href="\/logs\?lang=en"/);
  assert.match(body, /href="\/metrics\/app.response_time\?lang=en"/);
  assert.doesNotMatch(textOf(await showPage({ attention: [attentionRow()] })), /first|Came/);
});

test('at most six rows are shown, three on the wall, and the rest is counted', async () => {
  const attention = Array.from({ length: 9 }, (_, i) => attentionRow({ name: `Row ${i}` }));
  const body = await showPage({ attention });
  assert.equal(body.match(/data-attention/g)?.length, 6);
  assert.match(textOf(body), / 3 more /);
  const wall = await showPage({ attention }, '/?lang=en&wall=1');
  assert.equal(wall.match(/data-attention/g)?.length, 3);
  assert.doesNotMatch(wall, /<button|data-testid="live"/);
});

test('what the server sends is shown as text', async () => {
  const row = attentionRow({ name: '<img src=x>', subject: '"><script>', next: '<b>x' });
  const headline = { title: '<img src=y>', detail: '<script>', is_empty: false };
  assert.doesNotMatch(await showPage({ attention: [row], headline }), /<img|<script|<b>x/);
});

test('objectives have figure, objective, change and course', async () => {
  const body = await showDay({});
  const text = textOf(body);
  assert.match(text, /OK API response time 715 ms/);
  assert.match(text, /Objective: within 2 s last week \+4%/);
  assert.match(text, /No data API error rate – no data/i);
  assert.match(body, /role="img" aria-label="API response time, last 24 hours"/);
});

test('lanes lead to the incident of their time, else to the metric', async () => {
  const body = await showDay({});
  assert.match(body, /href="\/incidents\/9\?lang=en"[^>]*data-span="critical"/);
  assert.match(body, /href="\/metrics\/app.error_rate\?from=[^"]*"[^>]*data-span="unknown"/);
});

test('a part without data is left out', async () => {
  const body = await showDay({
    gpus: null, hosts: [], forecasts: [], budgets: [], documents: [],
    collection: { up: 0, total: 0, complete_text: '' },
  });
  assert.doesNotMatch(body, /data-testid="(gpus|hosts|forecasts|budget|collection|documents)"/);
});

test('a lost GPU says since when in place of its values', async () => {
  const text = textOf(await showDay({}));
  assert.match(text, /GPU 1 .*no data since 21:06/);
  assert.match(text, /GPU 0 bge-m3 40% 70% 66°C/);
});

test('the side has limits, the budget, collection and documents', async () => {
  const text = textOf(await showDay({}));
  for (const words of [
    'Limits ahead within 30 days Disk /data 9 December warning 85% 7–13 December',
    'SLA, November SLA sheet → 17.2 min left of 43.2 min',
    'Targets that answer 11 / 12', 'Complete, 24 h 99.98%', 'Daily report 25 November issued',
  ])
    assert.ok(text.includes(words), `${words}: ${text}`);
});

test('hosts that are folded show one line each', async () => {
  const body = await showDay({});
  assert.match(textOf(body), /web-1 .*CPU 34.9%/);
  assert.match(body, /aria-expanded="false"/);
  assert.equal(body.match(/data-row=/g)?.length, 1);
});
