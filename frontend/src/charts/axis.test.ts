import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Direction, Thresholds } from '../api/queries.ts';
import { axisWidth, isOutOfReach, verticalRange } from './axis.ts';

const levels = (warning: number | null, critical: number | null): Thresholds => ({
  warning, critical, for_s: 0, origin: 'default',
});

const RANGES: [string, number | null, number | null, string, Direction, Thresholds | null, number[]][] = [
  ['from 0 to a little above the values', 3, 50, 'percent', 'neutral', null, [0, 55]],
  ['a share never passes 100', 3, 99, 'percent', 'neutral', null, [0, 100]],
  ['what passes 100 is no share', 3, 200, 'percent', 'neutral', null, [0, 220]],
  ['thresholds are in sight', 3, 10, 'percent', 'higher_is_worse', levels(70, 80), [0, 88]],
  ['one threshold is enough', 3, 10, 'percent', 'higher_is_worse', levels(null, 80), [0, 88]],
  ['a share that is bad when low is shown near its top', 96, 99, 'percent', 'lower_is_worse', levels(95, 90), [85, 100]],
  ['unless it is low', 20, 99, 'percent', 'lower_is_worse', levels(95, 90), [0, 100]],
  ['negative values go below 0', -10, 10, 'celsius', 'neutral', null, [-10.8, 11]],
  ['nothing at all', null, null, 'percent', 'neutral', null, [0, 100]],
  ['only zeros', 0, 0, 'count', 'neutral', null, [0, 1]],
];

for (const [name, low, high, unit, direction, thresholds, range] of RANGES)
  test(`vertical range: ${name}`, () => {
    const got = verticalRange(low, high, { unit, direction, thresholds });
    assert.deepEqual(got.map((v) => Math.round(v * 1e6) / 1e6), range);
  });

for (const [high, direction, thresholds, far] of [
  [20, 'higher_is_worse', levels(70, 85), true],
  [25, 'higher_is_worse', levels(70, 85), false],
  [20, 'higher_is_worse', levels(null, 85), true],
  [20, 'higher_is_worse', levels(50, 850), false], // one is near
  [96, 'lower_is_worse', levels(95, 90), false],
  [20, 'higher_is_worse', null, false],
  [0, 'higher_is_worse', levels(70, 85), false], // zero is a line at the bottom anyway
  [null, 'higher_is_worse', levels(70, 85), false],
] as const)
  test(`thresholds of ${thresholds?.warning}/${thresholds?.critical} are ${far ? '' : 'not '}far from ${high}`, () =>
    assert.equal(isOutOfReach(high, { unit: 'percent', direction, thresholds }), far));

test('a range always has a height', () => {
  for (const low of [-5, 0, 3, 100])
    for (const high of [low, low + 1, 1e12])
      for (const direction of ['neutral', 'lower_is_worse', 'higher_is_worse'] as const)
        for (const unit of ['percent', 'bytes']) {
          const [bottom, top] = verticalRange(low, high, { unit, direction, thresholds: null });
          assert.ok(bottom < top && bottom <= low, `${low} ${high} ${unit} ${direction}`);
        }
});

test('an axis is as wide as its widest label, and not too narrow', () => {
  assert.equal(axisWidth([20.2, 61.5, 33]), 76);
  assert.equal(axisWidth([4]), axisWidth([]));
});
