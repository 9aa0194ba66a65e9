/** Where the marks and hours of the last 24 hours stand. */

const DAY_S = 86_400;
const MINUTE_S = 60;
/** Clocks are put forward and back by no less. */
const STEP_S = 30 * MINUTE_S;
const AROUND_S = 1800;
/** Closer to an end a label would not fit. */
const EDGE = 4;

export interface Tick {
  t: number;
  /** In percent of the width. */
  left: number;
  text: string;
  /** Whether the phone leaves it out. */
  isMinor: boolean;
}

/** Left and width of a stretch, in percent of the day that ends now. */
export function placeSpan(span: { start: number; end: number }, now: number): [number, number] {
  const at = (t: number) => Math.min(100, Math.max(0, ((t - now + DAY_S) / DAY_S) * 100));
  const left = Math.min(at(span.start), 99.4);
  return [left, Math.max(at(span.end) - left, 0)];
}

/** The stretch with what was before and after it, for its metric's page. */
export function windowAround(span: { start: number; end: number }, now: number): [number, number] {
  return [Math.floor(span.start - AROUND_S), Math.min(Math.ceil(span.end + AROUND_S), Math.ceil(now))];
}

/** The whole hours of the zone that divide by three; midnight has its date. */
export function hourTicks(now: number, zone: string, lang: string): Tick[] {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(lang, { timeZone: zone, ...options });
  const clock = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const day = format({ month: 'short', day: 'numeric' });
  const ticks: Tick[] = [];
  // Zones may be off by any number of minutes.
  const begin = Math.ceil((now - DAY_S) / MINUTE_S) * MINUTE_S;
  const isHour = (t: number) => clock.format(t * 1000).endsWith(':00');
  let first = begin;
  while (!isHour(first) && first < begin + 60 * MINUTE_S) first += MINUTE_S;
  for (let t = first; t <= now; t += STEP_S) {
    const text = clock.format(t * 1000);
    const [hour = '', minute] = text.split(':');
    const left = ((t - now + DAY_S) / DAY_S) * 100;
    if (minute !== '00' || Number(hour) % 3 !== 0 || left < EDGE || left > 100 - EDGE) continue;
    const isMidnight = Number(hour) === 0;
    ticks.push({ t, left, text: isMidnight ? day.format(t * 1000) : text, isMinor: Number(hour) % 6 !== 0 });
  }
  return ticks;
}
