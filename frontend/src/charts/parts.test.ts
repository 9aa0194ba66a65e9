import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { drawChart } from '../../testing/draw.ts';
import { metricNow, metricRange, overview, series } from '../../testing/fixtures.ts';
import type { SeriesFigures } from '../api/queries.ts';
import Breaches from '../routes/metrics/Breaches.svelte';
import SeriesTable from '../routes/metrics/SeriesTable.svelte';
import { MetricState } from '../routes/metrics/state.svelte.ts';
import type { App } from '../state/app.svelte.ts';
import { Chart } from './chart.svelte.ts';
import ChartArea from './ChartArea.svelte';
import Sources from './Sources.svelte';

const T = [9600, 9700, 9800];

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ').trim();

const namedSeries = (name: string, ...values: (number | null)[]) =>
  series(values, { name, labels: { name } });

// [n, low, high] at the last step.
for (const [name, counts, text] of [
  ['counted', [1203, 92.8, 95.4], 'n = 1,203, 95% CI 92.8–95.4%'],
  ['not counted', [null, null, null], 'n unknown'],
] as const)
  test(`a share that is ${name} says so`, async () => {
    const [n, low, high] = counts.map((v) => [null, null, v]);
    const share = series([1, 2, 94.3], { proportion: { n: n!, low: low!, high: high! } });
    const { app, chart } = await drawChart(T, [share]);
    const html = textOf(tableOf(app, chart));
    assert.ok(html.includes(text), html);
  });

/** The series table of a chart, as the page of a metric has it. */
function tableOf(app: App, chart: Chart, figures: SeriesFigures[] = []): string {
  const page = new MetricState(app, 'x');
  page.figures.value = { id: 'x', start: 0, end: 1, step: 15, series: figures, anomalies: [] };
  return render(SeriesTable, { props: { app, chart, page } }).body;
}

const rowsOf = (html: string) => html.match(/<tr[\s\S]*?<\/tr>/g)!.map(textOf);

test('the series table has figures of the whole period, and values of the time under the cursor', async () => {
  const { app, chart } = await drawChart(T, [namedSeries('a', 10, 30, null), namedSeries('b', 1, 2, 3)]);
  const figures: SeriesFigures = {
    name: 'a', labels: { name: 'a' }, mean: 20, p95: 29, least: 10, greatest: 91, greatest_t: 9700,
    steps: 9, coverage: 1, week_before: 14.5, change_text: '+5.5 pp',
    beyond: [{ level: 'warning', threshold: 70, seconds: 600 }],
  };
  const rows = rowsOf(tableOf(app, chart, [figures]));
  assert.match(rows[0]!, /^Series Now Mean p95 Max Against last week At 70% or beyond Expected$/);
  assert.match(rows[1]!, /^a 30% 20% 29% 91% 11:41:40 \+5\.5 pp 10 min –$/);
  assert.match(rows[2]!, /^b 3% – – – – – –$/);
  chart.cursor = 0;
  const moved = rowsOf(tableOf(app, chart, [figures]));
  assert.match(moved[0]!, /^Series At Thu 1 Jan 11:40:00 Mean/);
  assert.match(moved[1]!, /^a 10% /);
});

test('of many series the worst come first and the rest is folded', async () => {
  const many = Array.from({ length: 14 }, (_, i) => namedSeries(`s${i}`, i, i, i));
  const { app, chart } = await drawChart(T, many);
  const html = tableOf(app, chart);
  assert.match(rowsOf(html)[1]!, /^s13 /);
  assert.equal(rowsOf(html).length, 13);
  assert.match(textOf(html), /Show 2 more$/);
  assert.equal(chart.isHeat, true);
  assert.deepEqual(chart.subject.heat.slice(0, 2), [13, 12]);
});

test('breaches of thirty days are listed as the judge of the rule has them', async () => {
  const { app, chart } = await drawChart(T, [namedSeries('a', 1, 2, 3)]);
  const page = new MetricState(app, 'x');
  page.history.value = {
    id: 'x', start: 0, end: 1, step: 15, seen_s: 1, current: null, tried: null, text: '',
    breaches: [{
      name: 'a',
      breach: { start: 9700, end: 9790, severity: 'critical', open: true, peak: 97, peak_t: 9700 },
    }],
  };
  const { body } = render(Breaches, { props: { app, chart, page } });
  assert.deepEqual(rowsOf(body).slice(1), ['11:41:40 a Critical 1 min 30 s, ongoing 97%']);
  assert.match(body, /href="\/metrics\/system.cpu.utilization\?[^"]*from=/);
  page.history.value = { ...page.history.value, breaches: [] };
  assert.match(render(Breaches, { props: { app, chart, page } }).body, /No threshold was exceeded/);
});

test('a query is shown as text', () => {
  const expressions = ['a < b', 'b < c'].map((expression) => ({ exporter: 'node_exporter', expression }));
  const { body } = render(Sources, { props: { expressions } });
  assert.match(body, /node_exporter[\s\S]*<code[^>]*>a &lt; b<\/code>/);
  assert.match(body, /node_exporter[\s\S]*<code[^>]*>b &lt; c<\/code>/);
});

test('what a banner has in full is not repeated under a chart', async () => {
  const missing = [{ source: 'prod', text: 'Source prod does not answer.', since: null }];
  const metric = metricNow();
  const verdict = { ...overview([]).verdict, missing };
  const range = metricRange(T, [namedSeries('a', 1, 2, 3)], {
    missing: ['Source prod does not answer.', 'Source edge has a gap.'],
  });
  const { app } = openApp({ overview: overview([metric], { verdict }), [`metric/${metric.id}`]: range });
  await app.live.poll();
  const chart = new Chart(app, () => metric);
  await app.pull(chart.feed);
  const html = render(ChartArea, { props: { chart, height: 100 } }).body;
  assert.doesNotMatch(html, /prod/);
  assert.match(textOf(html), /Incomplete\. Incomplete\. Source edge has a gap\.$/);
});

const EVIL = '<img src=x onerror=alert(1)>"\u202egnp.exe';

test('names of series are text, wherever they are', async () => {
  const lines = [EVIL, `${EVIL} 2`].map((name) => namedSeries(name, 1, 2, 3));
  const { app, chart } = await drawChart(T, lines);
  const body = tableOf(app, chart);
  assert.match(body, /&lt;img/);
  assert.doesNotMatch(body, /<img|title="[^"]*"\u202e/);
});

test('a thousand series with long names stay few on the page until asked for', async () => {
  const name = 'x'.repeat(100_000);
  const lines = Array.from({ length: 1000 }, (_, i) => namedSeries(i === 0 ? name : `s${i}`, i, i, i));
  const { app, chart } = await drawChart(T, lines);
  const table = tableOf(app, chart);
  assert.equal(table.split('<tr').length - 1, 13);
  assert.ok(table.length < 50_000);
  assert.match(textOf(table), /Show 988 more$/);
});
