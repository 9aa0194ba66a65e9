import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layOutSpark, thinRuns } from './spark.ts';

const OPTIONS = { width: 100, height: 40, threshold: null, least: 0, fromZero: false };
const heights = (line: string) => [...line.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y));

test('no peak is lost, however few columns there are', () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i === 501 ? 99 : i === 777 ? -5 : 10));
  const kept = thinRuns(values, 50).flat();
  assert.ok(kept.length <= 100);
  assert.deepEqual([Math.max(...kept.map(([, v]) => v)), Math.min(...kept.map(([, v]) => v))], [99, -5]);
  assert.ok(kept.every(([i], n) => n === 0 || i > kept[n - 1]![0]), 'in the order of time');
});

test('a gap interrupts the line, and a lone value is a dot', () => {
  const shape = layOutSpark([1, 2, null, 3, null, 4, 5], OPTIONS)!;
  assert.equal(shape.line.split('M').length - 1, 2);
  assert.deepEqual(shape.dots.map(([x]) => x), [50]);
});

test('a calm series is flat and in the middle', () => {
  const shape = layOutSpark([41, 41.2, 41.1], { ...OPTIONS, least: 40 })!;
  assert.ok(heights(shape.line).every((y) => Math.abs(y - 20) < 0.5));
});

test('an objective is drawn from zero with its threshold, if that is in reach', () => {
  const near = layOutSpark([0.7, 0.8], { ...OPTIONS, threshold: 2, fromZero: true })!;
  assert.equal(near.thresholdY, 3);
  const far = layOutSpark([0.1, 0.2], { ...OPTIONS, threshold: 2, fromZero: true })!;
  assert.equal(far.thresholdY, null);
});

test('nothing is drawn of no values', () => {
  assert.equal(layOutSpark([], OPTIONS), null);
  assert.equal(layOutSpark([null, null], OPTIONS), null);
});

test('one value has a place', () => assert.deepEqual(layOutSpark([5], OPTIONS)!.dots, [[50, 37]]));
