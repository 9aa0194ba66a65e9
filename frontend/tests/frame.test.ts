import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beyond, breaches, extend, levelOf, lowerBound, summary, type Frame } from '../src/lib/frame.ts';

const line = (key: string, ...values: (number | null)[]) => ({
  key, given: key, labels: {}, exporter: null, values, certainty: null,
});
const frame = (t: number[], ...lines: Frame['lines']): Frame => ({ t, lines });
const LIMITS = { warning: 70, critical: 85, for_s: 0, origin: 'specification' };

test('a tail replaces the steps that it repeats and drops those that left the window', () => {
  const old = frame([0, 15, 30], line('a', 1, 2, 3));
  const now = extend(old, frame([30, 45], line('a', 9, 4)), 15);
  assert.deepEqual(now, frame([15, 30, 45], line('a', 2, 9, 4)));
});

test('a line that begins or ends is absent on the other steps', () => {
  const old = frame([0, 15], line('a', 1, 2), line('b', 5, 6));
  const now = extend(old, frame([30], line('b', 7), line('c', 8)), 0);
  assert.deepEqual(now.lines.map((l) => [l.key, l.values]), [
    ['a', [1, 2, null]],
    ['b', [5, 6, 7]],
    ['c', [null, null, 8]],
  ]);
});

test('a line without any value in the window goes', () => {
  const old = frame([0, 15], line('a', 1, null), line('b', 5, 6));
  const now = extend(old, frame([30], line('b', 7)), 15);
  assert.deepEqual(now.lines.map((l) => l.key), ['b']);
});

test('the number of cases goes with its values', () => {
  const counted = (values: (number | null)[], n: (number | null)[]) => ({
    ...line('a', ...values), certainty: { n, low: n, high: n },
  });
  const old = frame([0, 15], counted([1, 2], [10, null]));
  const [now] = extend(old, frame([15, 30], counted([3, 4], [20, 30])), 0).lines;
  assert.deepEqual(now?.certainty, { n: [10, 20, 30], low: [10, 20, 30], high: [10, 20, 30] });
});

test('an empty tail changes nothing', () => {
  const old = frame([0, 15], line('a', 1, 2));
  assert.equal(extend(old, frame([]), 0), old);
});

test('the first index not before a time', () => {
  assert.deepEqual([-1, 0, 1, 15, 31].map((t) => lowerBound([0, 15, 30], t)), [0, 0, 1, 1, 3]);
});

test('a summary skips gaps and knows when there is nothing', () => {
  assert.deepEqual(summary([1, null, 3]), { last: 3, max: 3, min: 1, mean: 2 });
  assert.deepEqual(summary([null]), { last: null, max: null, min: null, mean: null });
});

test('the level follows the direction', () => {
  assert.deepEqual([69.9, 70, 85].map((v) => levelOf(v, LIMITS, 'higher_is_worse')), [0, 1, 2]);
  const low = { ...LIMITS, warning: 95, critical: 90 };
  assert.deepEqual([95.1, 95, 90].map((v) => levelOf(v, low, 'lower_is_worse')), [0, 1, 2]);
});

test('breaches join steps of one level, and end at a gap', () => {
  const f = frame([0, 1, 2, 3, 4, 5], line('a', 10, 70, 76, 85, null, 71));
  assert.deepEqual(breaches(f, LIMITS, 'higher_is_worse'), [
    { from: 1, to: 2, level: 1 },
    { from: 3, to: 3, level: 2 },
    { from: 5, to: 5, level: 1 },
  ]);
  assert.deepEqual(breaches(f, LIMITS, 'neutral'), []);
  assert.deepEqual(breaches(f, null, 'higher_is_worse'), []);
});

test('touching spans are one breach, and only what is in sight counts', () => {
  const spans = breaches(
    frame([0, 1, 2, 3, 4, 5], line('a', 10, 70, 76, 85, null, 71)), LIMITS, 'higher_is_worse',
  );
  assert.deepEqual(beyond(spans, 0, 10, 1), { times: 2, seconds: 4 });
  assert.deepEqual(beyond(spans, 2, 4, 1), { times: 1, seconds: 2 });
});
