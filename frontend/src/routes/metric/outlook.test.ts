import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeriesOutlook } from '../../api/queries.ts';
import { levelsIn, lineOf, nearest, pictureOf } from './outlook.ts';

const BOX = { width: 200, height: 120, left: 40, right: 10, top: 10, bottom: 10 };
const SCALE = {
  unit: 'percent',
  direction: 'higher_is_worse',
  thresholds: { warning: 80, critical: 90, for_s: 0, origin: 'default' },
} as const;

const outlook = (change: Partial<SeriesOutlook> = {}): SeriesOutlook => ({
  name: '/data',
  labels: {},
  exporter: 'node_exporter',
  expression: 'x',
  history_hours: 3,
  past: { t: [0, 10, 20], values: [60, null, 62] },
  forecast: {
    t: [30, 40],
    median: [63, 64],
    low_80: [62, 62],
    high_80: [64, 66],
    low_95: [61, 60],
    high_95: [65, 70],
    backtest: {
      origins: 8, steps: 2, mase: 0.5, naive_mase: 1, coverage_80: 0.8, coverage_95: 0.95, leading: '',
    },
  },
  text: '',
  crossings: [],
  ...change,
});

test('the past and the forecast share the width, and the forecast begins where the past ends', () => {
  const picture = pictureOf(outlook(), SCALE, BOX)!;
  assert.deepEqual(picture.times, [0, 40]);
  assert.equal(picture.x(0), 40);
  assert.equal(picture.x(40), 190);
  assert.equal(picture.now, 20);
  assert.match(picture.past, /^M40 [\d.]+M115 [\d.]+$/); // a gap breaks the line
  assert.match(picture.median, /^M152.5 [\d.]+L190 [\d.]+$/);
});

test('the vertical range has the values and the thresholds, and 0 where values are near it', () => {
  const near = pictureOf(outlook({ past: { t: [0, 20], values: [5, 6] } }), SCALE, BOX)!;
  assert.equal(near.values[0], 0);
  const far = pictureOf(outlook(), SCALE, BOX)!;
  assert.ok(far.values[0] > 40 && far.values[0] < 60);
  assert.ok(far.values[1] >= 90);
  assert.ok(far.y(far.values[1]) < far.y(far.values[0]));
});

test('the wider interval is drawn around the narrower one', () => {
  const picture = pictureOf(outlook(), SCALE, BOX)!;
  assert.match(picture.band80, /^M.*Z$/);
  const heights = (path: string) =>
    [...path.matchAll(/ ([\d.]+)/g)].map(([, y]) => Number(y)).sort((a, b) => a - b);
  assert.ok(heights(picture.band95)[0]! <= heights(picture.band80)[0]!);
});

test('without a forecast the past alone is drawn; without values nothing is', () => {
  const past = pictureOf(outlook({ forecast: null }), SCALE, BOX)!;
  assert.deepEqual([past.median, past.band80, past.band95], ['', '', '']);
  const none = outlook({ forecast: null, past: { t: [0, 10], values: [null, null] } });
  assert.equal(pictureOf(none, SCALE, BOX), null);
});

for (const [range, steps, levels] of [
  [[0, 100], [1, 10, 25, 50], [0, 25, 50, 75, 100]],
  [[55, 95], [1, 10, 25], [60, 70, 80, 90]],
  [[0, 8], [1, 2], [0, 2, 4, 6, 8]],
] as const)
  test(`levels within ${range[0]} to ${range[1]} are round`, () => {
    assert.deepEqual(levelsIn([...range], [...steps]), levels);
  });

test('a line without gaps is one path, and the nearest time is found', () => {
  const same = (value: number) => value;
  assert.equal(lineOf([1, 2, 3], [4, 5, null], same, same), 'M1 4L2 5');
  assert.equal(nearest([0, 10, 20], 16), 2);
});
