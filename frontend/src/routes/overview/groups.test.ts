import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow, overview } from '../../../testing/fixtures.ts';
import { TEXTS } from '../../text/index.ts';
import { gaugeOf } from './gauge.ts';
import { buildGroups, groupIdOf, isTrouble, pendingShare, shapeOf, sortWorstFirst, SHAPES } from './groups.ts';

for (const [id, group] of [
  ['system.cpu.utilization', 'system.cpu'],
  ['system.cpu.core.utilization', 'system.cpu'],
  ['app.api.latency', 'app'],
  ['shop.orders', 'shop'],
  ['system', 'system.'],
] as const)
  test(`${id} is of the group ${group}`, () => assert.equal(groupIdOf(id), group));

test('the worst come first, equals as the catalogue has them', () => {
  const metrics = [
    metricNow({ id: 'none', absent: true }),
    metricNow({ id: 'neutral', judged: false, state: 'ok' }),
    metricNow({ id: 'ok', state: 'ok' }),
    metricNow({ id: 'pending', state: 'pending' }),
    metricNow({ id: 'unknown', state: 'unknown' }),
    metricNow({ id: 'warning', state: 'warning' }),
    metricNow({ id: 'critical', state: 'critical' }),
    metricNow({ id: 'critical too', state: 'critical' }),
  ];
  assert.deepEqual(sortWorstFirst(metrics).map(({ id }) => id), [
    'critical', 'critical too', 'warning', 'unknown', 'pending', 'ok', 'neutral', 'none',
  ]);
  assert.deepEqual(SHAPES.map(isTrouble), [true, true, false, false, false, false, false]);
});

test('a metric that is not judged has no state, one without data none at all', () => {
  assert.equal(shapeOf(metricNow({ judged: false, state: 'unknown' })), 'neutral');
  assert.equal(shapeOf(metricNow({ absent: true, state: 'unknown' })), 'noData');
  assert.equal(shapeOf(metricNow({ state: 'unknown' })), 'unknown');
});

test('a pending metric says how much of its alert duration has passed', () => {
  const pending = { severity: 'critical', threshold: 85, elapsed_s: 120, for_s: 300 } as const;
  assert.equal(pendingShare(metricNow({ state: 'pending', pending })), 0.4);
  assert.equal(pendingShare(metricNow()), 0);
});

test('groups hold what has data, in the order of the catalogue, with the worst of their states', () => {
  const document = overview([
    metricNow({ id: 'system.cpu.load', state: 'ok' }),
    metricNow({ id: 'app.errors', state: 'warning' }),
    metricNow({ id: 'system.cpu.utilization', state: 'pending' }),
    metricNow({ id: 'system.memory.swap', absent: true }),
    metricNow({ id: 'shop.orders', judged: false }),
  ]);
  const groups = buildGroups(document, TEXTS.ko);
  assert.deepEqual(groups.map(({ id, name, shape, metrics }) => [id, name, shape, metrics.length]), [
    ['system.cpu', 'CPU', 'pending', 2],
    ['app', 'API', 'warning', 1],
    ['shop', 'shop', 'neutral', 1],
  ]);
  assert.deepEqual(buildGroups(overview([]), TEXTS.en), []);
});

const levels = (warning: number | null, critical: number | null) =>
  ({ warning, critical, for_s: 0, origin: 'default' }) as const;
const high = 'higher_is_worse';
const low = 'lower_is_worse';

for (const [name, value, thresholds, direction, unit, gauge] of [
  ['a percentage ends at 100', 42, levels(70, 85), high, 'percent', [42, 70, 85]],
  ['so does one that is bad when low', 99, levels(95, 90), low, 'percent', [99, 95, 90]],
  ['others end a quarter beyond critical', 2, levels(4, 8), high, 'seconds', [20, 40, 80]],
  ['one threshold is enough', 2, levels(null, 8), high, 'seconds', [20, null, 80]],
  ['a value beyond the end fills the bar', 99, levels(4, 8), high, 'seconds', [100, 40, 80]],
  ['a threshold beyond the end is not shown', 42, levels(70, 150), high, 'percent', [42, 70, null]],
  ['no value', null, levels(4, 8), high, 'seconds', null],
  ['no thresholds', 2, null, high, 'seconds', null],
  ['thresholds of nothing', 2, levels(null, null), high, 'seconds', null],
  ['a threshold of zero', 0, levels(0, null), high, 'count', null],
  ['below zero', -2, levels(4, 8), high, 'celsius', null],
  ['an amount that is bad when low', 2, levels(10, 1), low, 'per_minute', null],
] as const)
  test(`the bar of a tile: ${name}`, () => {
    const got = gaugeOf({ value, thresholds, direction, unit });
    assert.deepEqual(got && [got.value, got.warning, got.critical], gauge);
  });
