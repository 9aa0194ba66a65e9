import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawChart } from '../../testing/draw.ts';
import { series } from '../../testing/fixtures.ts';
import type { MetricNow } from '../api/queries.ts';

const breach = (severity: 'pending' | 'critical', start: number, end: number) =>
  ({ start, end, severity, open: false, peak: 90, peak_t: start });

const LINES = [
  series([50, 91, 60], { name: 'a', labels: { i: 'a' }, breaches: [breach('critical', 9700, 9760)] }),
  series([10, 20, null], { name: '', labels: {}, breaches: [breach('pending', 9800, 9810)] }),
];

const draw = (change: Partial<MetricNow> = {}, search?: string) =>
  drawChart([9600, 9700, 9800], LINES, change, search);

test('a chart speaks of all its lines until one is chosen', async () => {
  const { chart } = await draw();
  assert.equal(chart.subject.breaches.length, 2);
  assert.equal(chart.breachText, 'Over a threshold once, 1\u00a0min');
  chart.alone = chart.frame.lines[1]!.key;
  assert.deepEqual(chart.visible.map((line) => chart.nameOf(line)), ['CPU utilisation']);
  assert.deepEqual(chart.subject.breaches.map(({ severity }) => severity), ['pending']);
  assert.equal(chart.breachCount.times, 0);
});

test('a chart has a text alternative in both languages', async () => {
  const english = (await draw()).chart;
  assert.match(english.label, /^CPU utilisation\. Latest 42%, lowest 10%, highest 91%\./);
  assert.deepEqual(
    [english.subject.warningText, english.subject.criticalText],
    ['Warning 70%', 'Critical 85%'],
  );
  const korean = (await draw({}, '?lang=ko&range=1h')).chart;
  assert.match(korean.label, /최신 42%, 최소 10%, 최대 91%/);
});

test('only the steps in sight count', async () => {
  const { chart } = await draw({}, '?lang=en&from=1970-01-01T11:40:50&to=1970-01-01T11:42:30');
  assert.deepEqual([chart.from, chart.to], [1, 2]);
  assert.match(chart.label, /lowest 20%, highest 91%/);
});

test('the legend is of the newest values, or of the time under the cursor', async () => {
  const { chart } = await draw();
  assert.equal(chart.when, 'Latest');
  chart.cursor = 1;
  assert.equal(chart.when, 'At Thu 1 Jan 11:41:40'); // in the zone of the server
  chart.cursor = 99;
  assert.equal(chart.when, 'Latest');
});

test('a metric without thresholds has nothing to leave out', async () => {
  const { chart } = await draw({ thresholds: null, judged: false });
  assert.deepEqual([chart.subject.thresholds, chart.subject.warningText], [null, 'Warning –']);
});

test('the values stay when the metric is polled anew', async () => {
  const { app, chart } = await draw();
  const { feed } = chart;
  await app.live.poll();
  assert.equal(chart.feed, feed);
});

for (const [search, fits, zero] of [['', false, false], ['&fit=1', true, false], ['&fit=0', false, true]] as const)
  test(`the address decides the vertical range: "${search}"`, async () => {
    const { chart } = await drawChart([9100, 9115], [series([42, 42])], {}, `?lang=en${search}`);
    assert.deepEqual([chart.subject.fitsValues, chart.subject.fromZero], [fits, zero]);
  });
