import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hourTicks, placeSpan, windowAround } from './lanes.ts';

// 2026-11-28 21:14 in Seoul
const NOW = Date.UTC(2026, 10, 28, 12, 14) / 1000;

test('a stretch is placed in the day that ends now', () => {
  assert.deepEqual(placeSpan({ start: NOW - 43_200, end: NOW }, NOW), [50, 50]);
  assert.deepEqual(placeSpan({ start: NOW - 200_000, end: NOW - 43_200 }, NOW), [0, 50]);
});

test('one that has just begun stays within the track', () => {
  const [left, width] = placeSpan({ start: NOW - 1, end: NOW }, NOW);
  assert.ok(left < 100 && left + width <= 100.01);
});

test('hours are those of the zone, and midnight is a date', () => {
  const ticks = hourTicks(NOW, 'Asia/Seoul', 'ko');
  assert.deepEqual(
    ticks.map(({ text }) => text),
    ['11월 28일', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00'],
  );
  assert.deepEqual(ticks.filter(({ isMinor }) => !isMinor).map(({ text }) => text), [
    '11월 28일', '06:00', '12:00', '18:00',
  ]);
  const half = hourTicks(NOW, 'Asia/Kolkata', 'en').map(({ text }) => text);
  assert.ok(half.includes('12:00') && half.includes('Nov 28'), half.join());
  const quarter = hourTicks(NOW, 'Asia/Kathmandu', 'en').map(({ text }) => text);
  assert.ok(quarter.includes('12:00') && quarter.includes('Nov 28'), quarter.join());
  const odd = hourTicks(NOW, '+05:34', 'en').map(({ text }) => text);
  assert.ok(odd.includes('12:00') && odd.includes('Nov 28'), odd.join());
});

test('the window of a stretch shows what was around it, and nothing of the future', () => {
  assert.deepEqual(windowAround({ start: 10_000, end: 10_600 }, 20_000), [8200, 12_400]);
  assert.deepEqual(windowAround({ start: 10_000, end: 19_990 }, 20_000), [8200, 20_000]);
});
