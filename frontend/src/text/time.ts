/** Formats times in the server's zone by Korean and English conventions. */

import type { Lang } from './index.ts';

const LOCALE: Record<Lang, string> = { ko: 'ko-KR', en: 'en-GB' };
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const STEPS = [
  5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY,
];

const formats = new Map<string, Intl.DateTimeFormat>();

function formatter(lang: Lang, zone: string, options: Intl.DateTimeFormatOptions) {
  const key = `${lang} ${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALE[lang], { timeZone: zone, ...options });
    formats.set(key, format);
  }
  return format;
}

const CLOCK = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const CLOCK_SECONDS = { ...CLOCK, second: '2-digit' } as const;

export const clock = (t: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, CLOCK).format(t * 1000);

export const clockSeconds = (t: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, CLOCK_SECONDS).format(t * 1000);

/** 11월 22일, 22 Nov */
export const day = (t: number, zone: string, lang: Lang): string =>
  formatter(lang, zone, { month: 'short', day: 'numeric' }).format(t * 1000);

/** 11월 22일 (일) 14:03:15, Sun 22 Nov 14:03:15 */
export function moment(t: number, zone: string, lang: Lang): string {
  const weekday = formatter(lang, zone, { weekday: 'short' }).format(t * 1000);
  const date = day(t, zone, lang);
  const time = clockSeconds(t, zone, lang);
  return lang === 'ko' ? `${date} (${weekday}) ${time}` : `${weekday} ${date} ${time}`;
}

/** The time of day, prefixed with the date unless it is today. */
export function recentMoment(t: number, now: number, zone: string, lang: Lang): string {
  const today = day(t, zone, lang) === day(now, zone, lang);
  return today ? clockSeconds(t, zone, lang) : moment(t, zone, lang);
}

/** A period; the end has a date only if it differs from the start's. */
export function between(from: number, to: number, zone: string, lang: Lang): string {
  const precise = to - from < 10 * MINUTE ? clockSeconds : clock;
  const start = `${day(from, zone, lang)} ${precise(from, zone, lang)}`;
  const end = precise(to, zone, lang);
  const sameDay = day(from, zone, lang) === day(to, zone, lang);
  return sameDay ? `${start} – ${end}` : `${start} – ${day(to, zone, lang)} ${end}`;
}

/** 11월, Nov */
export const monthName = (month: number, lang: Lang): string =>
  formatter(lang, 'UTC', { month: 'short' }).format(Date.UTC(2026, month - 1, 1));

/** The short names of the days of a week, Monday first. */
export const weekdayNames = (lang: Lang): string[] =>
  Array.from({ length: 7 }, (_, i) =>
    formatter(lang, 'UTC', { weekday: 'short' }).format(Date.UTC(2026, 5, 1 + i)),
  );

/** UTC+9, UTC-3:30 */
export function zoneOffset(t: number, zone: string): string {
  const minutes = Math.round(offset(t, zone) / MINUTE);
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return `UTC${minutes < 0 ? '-' : '+'}${Math.floor(size / 60)}${rest}`;
}

/** How many seconds the zone is ahead of UTC at `t`. */
export function offset(t: number, zone: string): number {
  const parts = formatter('en', zone, {
    year: 'numeric', month: 'numeric', day: 'numeric', ...CLOCK_SECONDS,
  }).formatToParts(t * 1000);
  const part = (type: string) => Number(parts.find((p) => p.type === type)?.value);
  const local = Date.UTC(
    part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'),
  );
  return local / 1000 - Math.floor(t);
}

/** A time as `datetime-local` inputs have it, in the zone: 2026-11-22T12:00 or …12:00:00. */
export const localText = (t: number, zone: string, to: 'minute' | 'second' = 'minute'): string =>
  new Date((t + offset(t, zone)) * 1000).toISOString().slice(0, to === 'minute' ? 16 : 19);

/** The time of a local date and time; null where it is none. A repeated hour is its first. */
export function timeOfLocal(text: string, zone: string): number | null {
  const local = Date.parse(`${text}Z`) / 1000;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text) || Number.isNaN(local)) return null;
  const before = local - offset(local - DAY, zone);
  const after = local - offset(local + DAY, zone);
  return before + offset(before, zone) === local ? before : after;
}

/** The distance between ticks so that at most `most` of them fit into `span` seconds. */
export const tickStep = (span: number, most: number): number =>
  STEPS.find((step) => span / step <= most) ?? Math.ceil(span / most / DAY) * DAY;

/** Ticks at round local times, even across a change of the zone's offset. */
export function ticks(from: number, to: number, step: number, zone: string): number[] {
  const near = offset(from, zone);
  const times: number[] = [];
  for (let local = Math.ceil((from + near) / step) * step; ; local += step) {
    const t = local - offset(local - near, zone);
    if (t > to) return times;
    if (t >= from) times.push(t);
  }
}

/** A tick's label: the date at midnight, otherwise the time. */
export function tickLabel(t: number, step: number, zone: string, lang: Lang): string {
  const midnight = (t + offset(t, zone)) % DAY === 0;
  if (midnight) return day(t, zone, lang);
  return step < MINUTE ? clockSeconds(t, zone, lang) : clock(t, zone, lang);
}
