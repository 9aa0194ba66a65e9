import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow } from '../../../testing/fixtures.ts';
import { isTrouble, pendingShare, shapeOf, sortWorstFirst, SHAPES } from './groups.ts';

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
