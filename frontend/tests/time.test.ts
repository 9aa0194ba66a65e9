import assert from 'node:assert/strict';
import { test } from 'node:test';
import { between, moment, offset, tickLabel, ticks, tickStep } from '../src/lib/time.ts';

const SEOUL = 'Asia/Seoul';
const NOON = Date.UTC(2026, 10, 22, 3, 0, 0) / 1000; // 2026-11-22 12:00 in Seoul

test('a moment is written as its readers write it', () => {
  assert.equal(moment(NOON, SEOUL, 'ko'), '11월 22일 (일) 12:00:00');
  assert.equal(moment(NOON, SEOUL, 'en'), 'Sun 22 Nov 12:00:00');
});

test('a period names its second day only where it differs', () => {
  assert.equal(between(NOON, NOON + 3600, SEOUL, 'ko'), '11월 22일 12:00 – 13:00');
  assert.equal(between(NOON, NOON + 86400, SEOUL, 'en'), '22 Nov 12:00 – 23 Nov 12:00');
  assert.equal(between(NOON, NOON + 90, SEOUL, 'en'), '22 Nov 12:00:00 – 12:01:30');
});

test('the offset of a zone', () => {
  assert.equal(offset(NOON, SEOUL), 9 * 3600);
  assert.equal(offset(NOON, 'Asia/Kolkata'), 5.5 * 3600);
  assert.equal(offset(NOON, 'America/New_York'), -5 * 3600);
});

test('ticks stand on round local times', () => {
  const found = ticks(NOON - 86400, NOON, 21600, SEOUL);
  const labels = found.map((t) => tickLabel(t, 21600, SEOUL, 'ko'));
  assert.deepEqual(labels, ['12:00', '18:00', '11월 22일', '06:00', '12:00']);
});

test('ticks stay on local midnights when the clocks change', () => {
  const from = Date.UTC(2026, 9, 30, 4) / 1000; // New York: EDT ends on 1 November 2026
  const found = ticks(from, from + 4 * 86400, 86400, 'America/New_York');
  const labels = found.map((t) => tickLabel(t, 86400, 'America/New_York', 'en'));
  assert.deepEqual(labels, ['30 Oct', '31 Oct', '1 Nov', '2 Nov']);
});

test('the distance of ticks fits their number', () => {
  assert.equal(tickStep(3600, 6), 600);
  assert.equal(tickStep(7 * 86400, 8), 86400);
});
