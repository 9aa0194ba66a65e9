import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addMonths, dateOf, dayOf, daysFrom, formatPeriod, listMonths, listWeeks, monthPeriod, parsePeriod,
  startOf, weekNumber,
} from './calendar.ts';

const SEOUL = 'Asia/Seoul';
const at = (text: string) => Date.parse(`${text}+09:00`) / 1000;

test('a month has its weeks, Monday first, with their ISO numbers', () => {
  const weeks = listWeeks({ year: 2026, month: 11 });
  assert.deepEqual(weeks.map(({ number }) => number), [44, 45, 46, 47, 48, 49]);
  assert.deepEqual(weeks[0]!.days.map(dateOf), [26, 27, 28, 29, 30, 31, 1]);
  assert.deepEqual(weeks[5]!.days.map(dateOf), [30, 1, 2, 3, 4, 5, 6]);
});

for (const [monday, number] of [
  ['2026-12-28', 53], ['2027-01-04', 1], ['2024-12-30', 1], ['2020-12-28', 53], ['2026-01-05', 2],
] as const)
  test(`the week of ${monday} is ${number}`, () =>
    assert.equal(weekNumber(Date.parse(`${monday}T00:00Z`) / 86_400_000), number));

test('the calendar goes 13 months back', () => {
  const months = listMonths(at('2026-11-26T21:00'), SEOUL);
  assert.equal(months.length, 14);
  assert.deepEqual([months[0], months[13]], [{ year: 2025, month: 10 }, { year: 2026, month: 11 }]);
});

test('months are counted across years', () => {
  assert.deepEqual(addMonths({ year: 2026, month: 1 }, -1), { year: 2025, month: 12 });
  assert.deepEqual(addMonths({ year: 2026, month: 12 }, 2), { year: 2027, month: 2 });
});

test('days and months begin and end at midnight of the site', () => {
  const day = dayOf(at('2026-11-26T00:00'), SEOUL);
  assert.equal(dayOf(at('2026-11-25T23:59:59'), SEOUL), day - 1);
  assert.deepEqual(daysFrom(day, 7, SEOUL), [at('2026-11-26T00:00'), at('2026-12-03T00:00')]);
  assert.deepEqual(monthPeriod({ year: 2026, month: 2 }, SEOUL), [at('2026-02-01T00:00'), at('2026-03-01T00:00')]);
});

test('a day in which the clock changes has its own length', () => {
  const day = dayOf(Date.parse('2026-03-29T12:00Z') / 1000, 'Europe/Berlin');
  const [from, to] = daysFrom(day, 1, 'Europe/Berlin');
  assert.equal(to - from, 23 * 3600);
  assert.equal(startOf(day, 'Europe/Berlin'), Date.parse('2026-03-28T23:00Z') / 1000);
});

for (const [text, from, to] of [
  ['2026-11-26 00:00 ~ 2026-11-26 21:14', '2026-11-26T00:00', '2026-11-26T21:14'],
  ['2026-11-26 9:05:30~10:00', '2026-11-26T09:05:30', '2026-11-26T10:00'],
  ['2026-11-26', '2026-11-26T00:00', '2026-11-27T00:00'],
  [' 2026-11-01 – 2026-11-30 ', '2026-11-01T00:00', '2026-12-01T00:00'],
  ['2026-11-26T08:00 ~ 2026-11-27', '2026-11-26T08:00', '2026-11-28T00:00'],
] as const)
  test(`${text} is a period`, () => assert.deepEqual(parsePeriod(text, SEOUL), [at(from), at(to)]));

for (const text of ['', 'yesterday', '2026-13-01', '2026-11-26 25:00 ~ 26:00', '26-11-2026', '~'])
  test(`"${text}" is none`, () => assert.equal(parsePeriod(text, SEOUL), null));

test('a period is written as it is read', () => {
  const period = [at('2026-11-26T09:00'), at('2026-11-27T00:00')] as const;
  assert.equal(formatPeriod(period, SEOUL), '2026-11-26 09:00 ~ 2026-11-27 00:00');
  assert.deepEqual(parsePeriod(formatPeriod(period, SEOUL), SEOUL), period);
});
