import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Direction } from '../../api/queries.ts';
import { type Gauge, gaugeOf } from './gauge.ts';

type Case = [string, number | null, [number | null, number | null] | null, string, Direction, Gauge | null];

const HIGH: Direction = 'higher_is_worse';
const LOW: Direction = 'lower_is_worse';
const CASES: Case[] = [
  ['a share fills a bar to 100', 45, [70, 85], 'percent', HIGH, { value: 45, warning: 70, critical: 85 }],
  ['an amount fills one to 125% of the highest threshold', 1, [1, 2], 'seconds', HIGH,
    { value: 40, warning: 40, critical: 80 }],
  ['a value beyond the end fills the bar', 9, [1, 2], 'seconds', HIGH, { value: 100, warning: 40, critical: 80 }],
  ['a threshold beyond the end has no mark', 50, [85, 150], 'percent', HIGH,
    { value: 50, warning: 85, critical: null }],
  ['one threshold is enough', 1, [null, 4], 'count', HIGH, { value: 20, warning: null, critical: 80 }],
  ['a share that is bad when low has one too', 95, [90, 80], 'percent', LOW,
    { value: 95, warning: 90, critical: 80 }],
  ['an amount that is bad when low has none', 9, [5, 2], 'days', LOW, null],
  ['no value, no bar', null, [1, 2], 'seconds', HIGH, null],
  ['no thresholds, no bar', 1, null, 'seconds', HIGH, null],
  ['nothing below zero', -1, [1, 2], 'seconds', HIGH, null],
  ['thresholds of zero give no scale', 0, [null, 0], 'count', HIGH, null],
];

for (const [name, value, levels, unit, direction, expected] of CASES) {
  test(name, () => {
    const thresholds = levels && {
      warning: levels[0], critical: levels[1], for_s: 0, origin: 'default' as const,
    };
    assert.deepEqual(gaugeOf({ value, thresholds, unit, direction } as Parameters<typeof gaugeOf>[0]), expected);
  });
}
