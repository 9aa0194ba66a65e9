import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  between, localText, moment, offset, recentMoment, tickLabel, ticks, tickStep, timeOfLocal,
} from './time.ts';

const SEOUL = 'Asia/Seoul';
const NOON = Date.UTC(2026, 10, 22, 3, 0, 0) / 1000; // 2026-11-22 12:00 in Seoul

test('a moment is written as its readers write it', () => {
  assert.equal(moment(NOON, SEOUL, 'ko'), '11월 22일 (일) 12:00:00');
  assert.equal(moment(NOON, SEOUL, 'en'), 'Sun 22 Nov 12:00:00');
});

test('the day is named only where it is not today', () => {
  assert.equal(recentMoment(NOON, NOON + 3600, SEOUL, 'ko'), '12:00:00');
  assert.equal(recentMoment(NOON, NOON + 43_200, SEOUL, 'ko'), '11월 22일 (일) 12:00:00');
  assert.equal(recentMoment(NOON, NOON + 43_199, SEOUL, 'en'), '12:00:00');
});

for (const [span, lang, text] of [
  [3600, 'ko', '11월 22일 12:00 – 13:00'],
  [86400, 'en', '22 Nov 12:00 – 23 Nov 12:00'],
  [90, 'en', '22 Nov 12:00:00 – 12:01:30'],
  [90, 'ko', '11월 22일 12:00:00 – 12:01:30'],
] as const)
  test(`a period names its second day only where it differs: ${text}`, () =>
    assert.equal(between(NOON, NOON + span, SEOUL, lang), text));

for (const [zone, hours] of [
  [SEOUL, 9], ['Asia/Kolkata', 5.5], ['America/New_York', -5], ['UTC', 0],
  ['Pacific/Kiritimati', 14],
] as const)
  test(`${zone} is ${hours} h ahead of UTC`, () => assert.equal(offset(NOON, zone), hours * 3600));

for (const zone of [SEOUL, 'UTC', 'America/New_York', 'Asia/Kolkata'])
  test(`what is entered in ${zone} is the time that was shown`, () => {
    for (let t = NOON - 60 * 86400; t < NOON; t += 7 * 3600)
      assert.equal(timeOfLocal(localText(t, zone), zone), t, localText(t, zone));
  });

test('a date is entered in the zone of the site', () => {
  assert.equal(timeOfLocal('2026-11-22T12:00', SEOUL), NOON);
  assert.equal(timeOfLocal('2026-11-22T12:00:30', SEOUL), NOON + 30);
  assert.equal(localText(NOON, SEOUL), '2026-11-22T12:00');
  for (const text of ['', '2026-11-22', 'yesterday', '2026-13-01T00:00', '2026-11-22T12:00Z'])
    assert.equal(timeOfLocal(text, SEOUL), null, text);
});

test('an hour that is repeated is its first; one that is left out is still a time', () => {
  const newYork = 'America/New_York';
  assert.equal(timeOfLocal('2026-11-01T01:30', newYork), Date.UTC(2026, 10, 1, 5, 30) / 1000);
  assert.equal(timeOfLocal('2026-03-08T02:30', newYork), Date.UTC(2026, 2, 8, 6, 30) / 1000);
});

test('ticks lie on round local times', () => {
  const labels = ticks(NOON - 86400, NOON, 21600, SEOUL).map((t) => tickLabel(t, 21600, SEOUL, 'ko'));
  assert.deepEqual(labels, ['12:00', '18:00', '11월 22일', '06:00', '12:00']);
});

test('ticks stay on local midnights when the clocks change', () => {
  const from = Date.UTC(2026, 9, 30, 4) / 1000; // New York: EDT ends on 1 November 2026
  const midnights = ticks(from, from + 4 * 86400, 86400, 'America/New_York');
  const labels = midnights.map((t) => tickLabel(t, 86400, 'America/New_York', 'en'));
  assert.deepEqual(labels, ['30 Oct', '31 Oct', '1 Nov', '2 Nov']);
});

test('ticks closer than a minute show seconds', () => {
  assert.equal(tickLabel(NOON + 15, 15, SEOUL, 'en'), '12:00:15');
  assert.equal(tickLabel(NOON + 60, 60, SEOUL, 'en'), '12:01');
});

for (const [span, most, step] of [
  [3600, 6, 600], [900, 8, 120], [60, 6, 10], [7 * 86400, 8, 86400], [90 * 86400, 6, 15 * 86400],
] as const)
  test(`${span} s with ${most} ticks at most have them ${step} s apart`, () =>
    assert.equal(tickStep(span, most), step));
