/** The geometry of the chart of what is expected: the past, the forecast and its intervals. */

import type { SeriesOutlook } from '../../api/queries.ts';
import { verticalRange, type Scale } from '../../charts/axis.ts';
import type { Period } from '../../state/urlState.ts';

export interface Box {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Picture {
  times: Period;
  values: Period;
  x: (t: number) => number;
  y: (value: number) => number;
  past: string;
  median: string;
  band80: string;
  band95: string;
  /** Where the past ends. */
  now: number;
}

/** Everything that the chart draws, in the coordinates of `box`; null without any value. */
export function pictureOf(series: SeriesOutlook, scale: Scale, box: Box): Picture | null {
  const { past, forecast } = series;
  const all = [past.values, forecast?.low_80, forecast?.high_80, forecast?.median]
    .flatMap((values) => values ?? [])
    .filter((value) => value !== null);
  const times = [...past.t, ...(forecast?.t ?? [])];
  if (all.length === 0 || times.length < 2) return null;
  const values = rangeOf(all, scale);
  const [from, to] = [times[0]!, times[times.length - 1]!];
  const x = (t: number) =>
    round(box.left + ((t - from) / (to - from)) * (box.width - box.left - box.right));
  const [bottom, top] = values;
  const inside = box.height - box.top - box.bottom;
  const y = (value: number) => round(box.top + ((top - value) / (top - bottom)) * inside);
  const clamped = (value: number) => y(Math.min(Math.max(value, bottom), top));
  const band = (low: (number | null)[] | undefined, high: (number | null)[] | undefined) =>
    forecast && low && high ? bandOf(forecast.t, low, high, x, clamped) : '';
  return {
    times: [from, to],
    values,
    x,
    y,
    past: lineOf(past.t, past.values, x, clamped),
    median: forecast ? lineOf(forecast.t, forecast.median, x, clamped) : '',
    band80: band(forecast?.low_80, forecast?.high_80),
    band95: band(forecast?.low_95, forecast?.high_95),
    now: past.t[past.t.length - 1] ?? from,
  };
}

/** From the values' own lower end where all are far from 0, so that a slow rise can be seen. */
function rangeOf(values: number[], scale: Scale): Period {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const [bottom, top] = verticalRange(low, high, scale);
  const isFar = low > 0 && low - bottom > (top - bottom) / 2;
  return isFar ? [Math.max(0, low - (top - low) * 0.2), top] : [bottom, top];
}

const round = (value: number): number => Math.round(value * 10) / 10;

type Place = (value: number) => number;

/** An SVG path; a missing value breaks it. */
export function lineOf(t: number[], values: (number | null)[], x: Place, y: Place): string {
  let isOpen = false;
  const parts: string[] = [];
  values.forEach((value, i) => {
    if (value !== null) parts.push(`${isOpen ? 'L' : 'M'}${x(t[i]!)} ${y(value)}`);
    isOpen = value !== null;
  });
  return parts.join('');
}

function bandOf(
  t: number[], low: (number | null)[], high: (number | null)[], x: Place, y: Place,
): string {
  const known = t.map((_, i) => i).filter((i) => low[i] !== null && high[i] !== null);
  const upper = known.map((i) => `${x(t[i]!)} ${y(high[i]!)}`);
  const lower = known.map((i) => `${x(t[i]!)} ${y(low[i]!)}`).reverse();
  return known.length > 1 ? `M${[...upper, ...lower].join('L')}Z` : '';
}

/** At most five round values within the range. */
export function levelsIn([bottom, top]: Period, steps: number[]): number[] {
  const step = steps.find((one) => (top - bottom) / one <= 5) ?? (top - bottom) / 4;
  const first = Math.ceil(bottom / step);
  const count = Math.floor(top / step) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, i) => (first + i) * step);
}

/** The index of the time nearest to `t`. */
export function nearest(times: number[], t: number): number {
  let best = 0;
  times.forEach((time, i) => {
    if (Math.abs(time - t) < Math.abs(times[best]! - t)) best = i;
  });
  return best;
}
