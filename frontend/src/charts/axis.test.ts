import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Direction, Thresholds } from '../api/queries.ts';
import { axisWidth, verticalRange } from './axis.ts';

const levels = (warning: number | null, critical: number | null): Thresholds => ({
  warning, critical, for_s: 0, origin: 'default',
});

const RANGES: [string, number | null, number | null, string, Direction, Thresholds | null, boolean, number[]][] = [
  ['values far from 0 begin where they are', 60, 80, 'percent', 'neutral', null, false, [58.4, 81.6]],
  ['values near 0 begin there', 3, 50, 'percent', 'neutral', null, false, [0, 53.76]],
  ['from 0 where that is asked for', 60, 80, 'percent', 'neutral', null, true, [0, 81.6]],
  ['a share never passes 100', 60, 99, 'percent', 'neutral', null, false, [56.88, 100]],
  ['what passes 100 is no share', 3, 200, 'percent', 'neutral', null, false, [0, 215.76]],
  ['thresholds within reach are in sight', 40, 50, 'percent', 'higher_is_worse', levels(70, 90), false, [36, 94]],
  ['thresholds out of reach are not', 3, 10, 'percent', 'higher_is_worse', levels(70, 80), false, [0, 10.56]],
  ['of two the one within reach', 20, 30, 'percent', 'higher_is_worse', levels(80, 90), false, [0, 84.8]],
  ['a share that is bad when low is shown near its top', 96, 99, 'percent', 'lower_is_worse', levels(95, 90), false, [88.758, 100]],
  ['noise is not stretched to the full height', 50, 50.1, 'percent', 'neutral', null, false, [47.1442, 52.9558]],
  ['negative values go below 0', -10, 10, 'celsius', 'neutral', null, false, [-11.6, 11.6]],
  ['nothing at all', null, null, 'percent', 'neutral', null, false, [0, 100]],
  ['only zeros', 0, 0, 'count', 'neutral', null, false, [0, 0.58]],
];

for (const [name, low, high, unit, direction, thresholds, fromZero, range] of RANGES)
  test(`vertical range: ${name}`, () => {
    const got = verticalRange(low, high, { unit, direction, thresholds, fromZero });
    assert.deepEqual(got.map((v) => Math.round(v * 1e4) / 1e4), range);
  });

test('a range always has a height', () => {
  for (const low of [-5, 0, 3, 100])
    for (const high of [low, low + 1, 1e12])
      for (const direction of ['neutral', 'lower_is_worse', 'higher_is_worse'] as const)
        for (const unit of ['percent', 'bytes']) {
          const [bottom, top] = verticalRange(low, high, { unit, direction, thresholds: null });
          assert.ok(bottom < top && bottom <= low && top >= Math.min(high, unit === 'percent' ? 100 : high), `${low} ${high} ${unit} ${direction}`);
        }
});

test('an axis is as wide as its widest label, and not too narrow', () => {
  assert.equal(axisWidth([20.2, 61.5, 33]), 76);
  assert.equal(axisWidth([4]), axisWidth([]));
});
