import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { drawChart } from '../../testing/draw.ts';
import { metricNow, metricRange, overview, series } from '../../testing/fixtures.ts';
import type { Breach, MetricNow } from '../api/queries.ts';
import BreachTable from '../routes/metric/BreachTable.svelte';
import SeriesTable from '../routes/metric/SeriesTable.svelte';
import { Chart } from './chart.svelte.ts';
import ChartArea from './ChartArea.svelte';
import ChartCard from './ChartCard.svelte';
import Legend from './Legend.svelte';
import Sources from './Sources.svelte';

const T = [9600, 9700, 9800];

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ').trim();

const namedSeries = (name: string, ...values: (number | null)[]) =>
  series(values, { name, labels: { name } });

const legendOf = (chart: Chart) => render(Legend, { props: { chart } }).body;
const namesOf = (html: string) =>
  [...html.matchAll(/<span class="name[^"]*">([^<]*)/g)].map(([, name]) => name);

test('the legend has the newest value, the mean and the highest', async () => {
  const { chart } = await drawChart(T, [namedSeries('a', 10, 30, null), namedSeries('b', 1, 2, 3)]);
  assert.equal(textOf(legendOf(chart)), 'a Mean 20% Max 30% 30% b Mean 2% Max 3% 3%');
});

test('under the cursor it has the values of that time', async () => {
  const { chart } = await drawChart(T, [namedSeries('a', 10, 30, null)]);
  chart.cursor = 0;
  assert.match(textOf(legendOf(chart)), /10%$/);
  chart.cursor = 2;
  assert.match(textOf(legendOf(chart)), /–$/);
});

test('few series keep their places, of many the worst come first and the rest is folded', async () => {
  const many = Array.from({ length: 12 }, (_, i) => namedSeries(`s${i}`, i, i, i));
  const few = await drawChart(T, many.slice(0, 8));
  assert.deepEqual(namesOf(legendOf(few.chart)), many.slice(0, 8).map(({ name }) => name));
  const bad = (await drawChart(T, many)).chart;
  assert.deepEqual(namesOf(legendOf(bad)).slice(0, 2), ['s11', 's10']);
  assert.match(textOf(legendOf(bad)), /Show 4 more$/);
  const low = (await drawChart(T, many, { direction: 'lower_is_worse' })).chart;
  assert.deepEqual(namesOf(legendOf(low)).slice(0, 2), ['s0', 's1']);
});

test('a chosen series is pressed, the others are off', async () => {
  const { chart } = await drawChart(T, [namedSeries('a', 1, 1, 1), namedSeries('b', 2, 2, 2)]);
  chart.alone = chart.frame.lines[0]!.key;
  const html = legendOf(chart);
  assert.equal(html.match(/aria-pressed="true"/g)?.length, 1);
  assert.match(html, /title="Show all"[\s\S]*title="Show only b" class="[^"]* off"/);
});

// [n, low, high] at the last step.
for (const [name, counts, text] of [
  ['counted', [1203, 92.8, 95.4], 'n = 1,203, 95% CI 92.8–95.4%'],
  ['not counted', [null, null, null], 'n unknown'],
] as const)
  test(`a share that is ${name} says so`, async () => {
    const [n, low, high] = counts.map((v) => [null, null, v]);
    const share = series([1, 2, 94.3], { proportion: { n: n!, low: low!, high: high! } });
    const { chart } = await drawChart(T, [share]);
    assert.ok(textOf(legendOf(chart)).includes(text), textOf(legendOf(chart)));
  });

const breach = (start: number, severity: Breach['severity'], open = false): Breach =>
  ({ start, end: start + 90, severity, open, peak: start / 100, peak_t: start });

test('breaches are listed from the newest on, with their series, length and peak', async () => {
  const { chart } = await drawChart(T, [
    series([1, 1, 1], { name: 'a', labels: { i: 'a' }, breaches: [breach(9500, 'warning'), breach(9700, 'critical', true)] }),
    series([1, 1, 1], { name: 'b', labels: { i: 'b' }, breaches: [breach(9600, 'pending')] }),
  ]);
  const rows = render(BreachTable, { props: { chart } }).body.match(/<tr>[\s\S]*?<\/tr>/g)!.map(textOf);
  assert.deepEqual(rows, [
    'Severity Series Start Duration Peak',
    'Critical a 11:41:40 1 min 30 s, ongoing 97%',
    'Pending b 11:40:00 1 min 30 s 96%',
    'Warning a 11:38:20 1 min 30 s 95%',
  ]);
});

test('breaches out of the period are not listed', async () => {
  const lines = [series([1, 1, 1], { breaches: [breach(9500, 'warning')] })];
  const { chart } = await drawChart(T, lines, {}, '?lang=ko&from=1970-01-01T11:41:40&to=1970-01-01T11:43:20');
  assert.equal(
    textOf(render(BreachTable, { props: { chart } }).body),
    '조회 기간에 임계치를 초과한 적이 없습니다.',
  );
});

test('the series table has a row for each series, and the time under the cursor', async () => {
  const { chart } = await drawChart(T, [namedSeries('a', 10, 30, null), namedSeries('b', 1, 2, 3)]);
  const rows = () => render(SeriesTable, { props: { chart } }).body.match(/<tr>[\s\S]*?<\/tr>/g)!.map(textOf);
  assert.deepEqual(rows(), [
    'Series Now Mean Min Max', 'a 30% 20% 10% 30%', 'b 3% 2% 1% 3%',
  ]);
  chart.cursor = 0;
  assert.deepEqual(rows().slice(0, 2), [
    'Series At Thu 1 Jan 11:40:00 Mean Min Max', 'a 10% 20% 10% 30%',
  ]);
});

test('a query is shown as text', () => {
  const expressions = ['a < b', 'b < c'].map((expression) => ({ exporter: 'node_exporter', expression }));
  const { body } = render(Sources, { props: { expressions } });
  assert.match(body, /node_exporter[\s\S]*<code[^>]*>a &lt; b<\/code>/);
  assert.match(body, /node_exporter[\s\S]*<code[^>]*>b &lt; c<\/code>/);
});

async function cardOf(change: Partial<MetricNow>, choices: MetricNow[] = []) {
  const { app } = await drawChart(T, [namedSeries('a', 1, 2, 3)], change);
  const props = { app, metric: metricNow(change), title: 'CPU', id: 'chart-x', choices };
  return render(ChartCard, { props }).body;
}

test('a card leads to its metric, and offers its choices with those in trouble marked', async () => {
  const other = metricNow({ id: 'system.cpu.load', name: 'Load', state: 'critical' });
  const html = await cardOf({}, [metricNow(), other]);
  assert.match(html, /href="\/metrics\/system.cpu.utilization\?range=1h&amp;lang=en"/);
  assert.match(html, /data-choice="system.cpu.utilization" aria-pressed="true"/);
  assert.match(html, /data-choice="system.cpu.load" aria-pressed="false"[^>]*>(<!--.*?-->)*<svg[^>]*class="critical/);
});

test('a card without thresholds has nothing to leave out', async () => {
  assert.match(await cardOf({}), /Vertical range: Fit values/);
  assert.doesNotMatch(await cardOf({ thresholds: null, judged: false }), /Vertical range/);
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
  const breach: Breach = { start: 9600, end: 9700, severity: 'warning', open: false, peak: 1, peak_t: 9600 };
  const lines = [EVIL, `${EVIL} 2`].map((name) => ({ ...namedSeries(name, 1, 2, 3), breaches: [breach] }));
  const { chart } = await drawChart(T, lines);
  for (const part of [Legend, SeriesTable, BreachTable]) {
    const { body } = render(part, { props: { chart } });
    assert.match(body, /&lt;img/);
    assert.doesNotMatch(body, /<img|title="[^"]*"\u202e/);
  }
});

test('a thousand series with long names stay few on the page until asked for', async () => {
  const name = 'x'.repeat(100_000);
  const lines = Array.from({ length: 1000 }, (_, i) => namedSeries(i === 0 ? name : `s${i}`, i, i, i));
  const { chart } = await drawChart(T, lines);
  const legend = legendOf(chart);
  const table = render(SeriesTable, { props: { chart } }).body;
  assert.equal(namesOf(legend).length, 8);
  assert.match(textOf(legend), /Show 992 more$/);
  assert.equal(table.split('<tr').length - 1, 101);
  assert.match(textOf(table), /Show 900 more$/);
});
