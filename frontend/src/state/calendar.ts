/** Whole days, weeks and months in the server's zone. Weeks begin on Monday (ISO 8601). */

import { localText, offset, timeOfLocal } from '../text/time.ts';
import type { Period } from './urlState.ts';

const DAY = 86400;
/** Monday, 5 January 1970, as a day number. */
const FIRST_MONDAY = 4;
const MONTHS_BACK = 13;

/** A month of the calendar; `month` is 1 to 12. */
export interface Month {
  year: number;
  month: number;
}

/** A week of the calendar: its ISO number and its seven days. */
export interface Week {
  number: number;
  /** Day numbers, Monday first. */
  days: number[];
}

/** The number of the local day that has a time: days since 1 January 1970. */
export const dayOf = (t: number, zone: string): number => Math.floor((t + offset(t, zone)) / DAY);

/** The day of the month, 1 to 31. */
export const dateOf = (day: number): number => new Date(day * DAY * 1000).getUTCDate();

export function monthOf(day: number): Month {
  const date = new Date(day * DAY * 1000);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1 };
}

/** A month some months later; earlier for a negative number. */
export const addMonths = ({ year, month }: Month, by: number): Month => {
  const index = year * 12 + month - 1 + by;
  return { year: Math.floor(index / 12), month: (((index % 12) + 12) % 12) + 1 };
};

/** The present month and the 13 before it, oldest first. */
export function listMonths(now: number, zone: string): Month[] {
  const last = monthOf(dayOf(now, zone));
  return Array.from({ length: MONTHS_BACK + 1 }, (_, i) => addMonths(last, i - MONTHS_BACK));
}

const firstDay = ({ year, month }: Month): number => Date.UTC(year, month - 1, 1) / 1000 / DAY;

/** The ISO 8601 number of the week that begins on this Monday. */
export function weekNumber(monday: number): number {
  const thursday = monday + 3;
  const { year } = monthOf(thursday);
  return Math.floor((thursday - firstDay({ year, month: 1 })) / 7) + 1;
}

const mondayOf = (day: number): number => Math.floor((day - FIRST_MONDAY) / 7) * 7 + FIRST_MONDAY;

/** The weeks that have days of a month. */
export function listWeeks(month: Month): Week[] {
  const next = firstDay(addMonths(month, 1));
  const weeks: Week[] = [];
  for (let monday = mondayOf(firstDay(month)); monday < next; monday += 7)
    weeks.push({ number: weekNumber(monday), days: Array.from({ length: 7 }, (_, i) => monday + i) });
  return weeks;
}

/** When a day begins in the zone, seconds UTC. */
export function startOf(day: number, zone: string): number {
  const date = new Date(day * DAY * 1000).toISOString().slice(0, 10);
  return timeOfLocal(`${date}T00:00`, zone) ?? day * DAY;
}

/** Some whole days, which end where the next one begins. */
export const daysFrom = (day: number, count: number, zone: string): Period => [
  startOf(day, zone), startOf(day + count, zone),
];

export const monthPeriod = (month: Month, zone: string): Period => [
  startOf(firstDay(month), zone), startOf(firstDay(addMonths(month, 1)), zone),
];

const isMidnight = (t: number, zone: string) => startOf(dayOf(t, zone), zone) === t;

/**
 * The period before or after one. Whole months and days are followed by whole ones; a day that
 * is not over counts as whole.
 */
export function stepPeriod([from, to]: Period, by: -1 | 1, now: number, zone: string): Period {
  const shift = (to - from) * by;
  if (!isMidnight(from, zone) || !(isMidnight(to, zone) || Math.abs(to - now) < 120))
    return [from + shift, to + shift];
  const [first, last] = [dayOf(from, zone), dayOf(to - 1, zone)];
  const month = monthOf(first);
  const ends = dayOf(monthPeriod(month, zone)[1], zone) - 1;
  const isMonth = dateOf(first) === 1 && first !== last && (last === ends || !isMidnight(to, zone));
  if (isMonth && sameMonth(month, monthOf(last))) return monthPeriod(addMonths(month, by), zone);
  const count = last - first + 1;
  return daysFrom(first + count * by, count, zone);
}

export const sameMonth = (a: Month, b: Month): boolean => a.year === b.year && a.month === b.month;

/** A period as text to edit: 2026-11-26 00:00 ~ 2026-11-26 21:14. */
export const formatPeriod = (period: Period, zone: string): string =>
  period.map((t) => localText(t, zone).replace('T', ' ')).join(' ~ ');

/** Parse such a text; a date alone is its whole day, and the end a time of the same day. */
export function parsePeriod(text: string, zone: string): Period | null {
  const [start = '', end = start] = text.trim().split(/\s*[~–]\s*/);
  const date = start.slice(0, 10);
  const from = timeOfText(start, zone, 0);
  const to = timeOfText(/^\d\d?:/.test(end) ? `${date} ${end}` : end, zone, 1);
  return from === null || to === null ? null : [from, to];
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)(?:[ T]+(\d\d?)(:\d\d(?::\d\d)?))?$/;

/** The time of a date and time; for a date alone the beginning of the day `later` days after it. */
function timeOfText(text: string, zone: string, later: number): number | null {
  const [, date = '', hour, rest = ''] = DATE_TIME.exec(text.trim()) ?? [];
  if (hour !== undefined) return timeOfLocal(`${date}T${hour.padStart(2, '0')}${rest}`, zone);
  const midnight = timeOfLocal(`${date}T00:00`, zone);
  return midnight === null ? null : startOf(dayOf(midnight, zone) + later, zone);
}
