import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepFor, windowOf } from './timeWindow.ts';

const STEPS: [number, number][] = [
  [0, 15], [900, 15], [720 * 15, 15], [720 * 15 + 1, 30],
  [86_400, 120], [7 * 86_400, 900], [30 * 86_400, 3600], [395 * 86_400, 86_400],
  [10_000 * 86_400, 86_400], // no longer step than a day
];
for (const [span, step] of STEPS) {
  test(`${span} s are asked for in steps of ${step} s`, () => {
    assert.equal(stepFor(span), step);
  });
}

test('no period up to two years has more points than a chart can show', () => {
  for (let span = 60; span < 720 * 86_400; span = Math.ceil(span * 1.37)) {
    assert.ok(span / stepFor(span) <= 720, String(span));
  }
});

test('a live period ends at the last whole step before now', () => {
  assert.deepEqual(windowOf(3600, null, 10_007), { start: 6405, end: 10_005, step: 15 });
});

test('a zoomed period has half its length on either side', () => {
  assert.deepEqual(windowOf(3600, [6000, 7200], 10_000), { start: 5400, end: 7800, step: 15 });
});

test('nothing after now is asked for', () => {
  assert.equal(windowOf(3600, [9000, 10_000], 10_000).end, 9990);
});
