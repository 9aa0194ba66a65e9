/** Columns of values at common steps, and statistics over them. */

import type { Breach, Direction, MetricRange, Proportion } from '../api/queries.ts';
import type { Period } from '../state/urlState.ts';

export type Column = (number | null)[];

export interface Line {
  key: string;
  name: string;
  labels: Record<string, string>;
  exporter: string | null;
  values: Column;
  /** For a share of counted cases: n and the interval at each step. */
  proportion: Proportion | null;
  /** In chronological order. */
  breaches: Breach[];
}

export interface Frame {
  t: number[];
  lines: Line[];
}

export interface Summary {
  last: number | null;
  mean: number | null;
  max: number | null;
  min: number | null;
}

export const EMPTY: Frame = { t: [], lines: [] };

const keyOf = (labels: Record<string, string>, exporter: string | null): string =>
  JSON.stringify([exporter, ...Object.entries(labels).sort()]);

export function frameOf(range: MetricRange): Frame {
  const lines = range.series.map((series) => ({
    ...series,
    key: keyOf(series.labels, series.exporter),
  }));
  return { t: range.t, lines };
}

/** Append the tail to the old steps from `keepFrom` on; it replaces the steps it repeats. */
export function extend(old: Frame, tail: Frame, keepFrom: number, direction: Direction): Frame {
  const first = tail.t[0];
  if (first === undefined) return old;
  const from = lowerBound(old.t, keepFrom);
  const kept = Math.max(0, lowerBound(old.t, first) - from);
  const before = new Map(old.lines.map((line) => [line.key, line]));
  const after = new Map(tail.lines.map((line) => [line.key, line]));
  const lines: Line[] = [];
  for (const key of mergeKeys([...before.keys()], [...after.keys()])) {
    const a = before.get(key);
    const b = after.get(key);
    const join = (column: (line: Line) => Column | undefined): Column => [
      ...((a && column(a)?.slice(from, from + kept)) ?? blank(kept)),
      ...((b && column(b)) ?? blank(tail.t.length)),
    ];
    const values = join((line) => line.values);
    if (!values.some((v) => v !== null)) continue;
    const line = (b ?? a)!;
    const proportion = line.proportion && {
      n: join((l) => l.proportion?.n),
      low: join((l) => l.proportion?.low),
      high: join((l) => l.proportion?.high),
    };
    const breaches = joinBreaches(a?.breaches ?? [], b?.breaches ?? [], first, direction).filter(
      ({ end }) => end >= keepFrom,
    );
    lines.push({ ...line, values, proportion, breaches });
  }
  return { t: [...old.t.slice(from, from + kept), ...tail.t], lines };
}

/** The server's order, as a reload would show it; a line that has ended stays behind its neighbour. */
function mergeKeys(before: readonly string[], after: readonly string[]): string[] {
  const keys = [...after];
  const known = new Set(after);
  before.forEach((key, index) => {
    if (!known.has(key)) keys.splice(keys.indexOf(before[index - 1] ?? '') + 1, 0, key);
  });
  return keys;
}

const blank = (n: number): Column => new Array<null>(n).fill(null);

/**
 * Whether an open breach is missing from the tail. Either it ended, or the value has been
 * between the threshold and the recovery threshold for longer than the tail looks back.
 */
export function losesBreach(old: Frame, tail: Frame): boolean {
  const seam = tail.t[0];
  if (seam === undefined) return false;
  const after = new Map(tail.lines.map((line) => [line.key, line.breaches[0]]));
  return old.lines.some(({ key, breaches }) => {
    const last = breaches.at(-1);
    return last?.open === true && last.start < seam && !((after.get(key)?.start ?? Infinity) <= seam);
  });
}

/** Least severe first. */
const SEVERITIES: Breach['severity'][] = ['pending', 'warning', 'critical'];

/** Join a breach that spans the first step of the tail, and therefore is in both parts. */
function joinBreaches(old: Breach[], tail: Breach[], seam: number, direction: Direction): Breach[] {
  const before = old.filter(({ start }) => start < seam);
  const last = before.at(-1);
  const next = tail[0];
  if (last === undefined || !(last.open || last.end >= seam)) return [...before, ...tail];
  const rest = before.slice(0, -1);
  if (next === undefined || next.start > seam)
    return [...rest, { ...last, end: Math.min(last.end, seam), open: false }, ...tail];
  return [...rest, joinTwo(last, next, direction), ...tail.slice(1)];
}

function joinTwo(a: Breach, b: Breach, direction: Direction): Breach {
  const peak = isWorse(b.peak, a.peak, direction) ? b : a;
  const severity = Math.max(SEVERITIES.indexOf(a.severity), SEVERITIES.indexOf(b.severity));
  return {
    start: Math.min(a.start, b.start),
    end: b.end,
    severity: SEVERITIES[severity]!,
    open: b.open,
    peak: peak.peak,
    peak_t: peak.peak_t,
  };
}

function isWorse(peak: number | null, other: number | null, direction: Direction): boolean {
  if (peak === null || other === null) return other === null;
  return direction === 'lower_is_worse' ? peak < other : peak > other;
}

/** The first index whose time is at or after `t`. */
export function lowerBound(times: readonly number[], t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Summarise the steps in [from, to), skipping gaps. */
export function summarize(values: Column, from = 0, to = values.length): Summary {
  let last: number | null = null;
  let max: number | null = null;
  let min: number | null = null;
  let sum = 0;
  let n = 0;
  for (let i = from; i < to; i++) {
    const v = values[i] ?? null;
    if (v === null) continue;
    last = v;
    if (max === null || v > max) max = v;
    if (min === null || v < min) min = v;
    sum += v;
    n += 1;
  }
  return { last, max, min, mean: n === 0 ? null : sum / n };
}

/** The number and total length of breaches of any line in a period, without pending ones. */
export function countBreaches(lines: readonly Line[], [from, to]: Period) {
  const spans = lines
    .flatMap((line) => line.breaches)
    .filter(({ severity, start, end }) => severity !== 'pending' && end >= from && start <= to)
    .sort((a, b) => a.start - b.start);
  let times = 0;
  let seconds = 0;
  let reached = -Infinity;
  for (const { start, end } of spans) {
    if (start > reached) times += 1;
    seconds += Math.max(0, Math.min(to, end) - Math.max(from, start, reached));
    reached = Math.max(reached, end);
  }
  return { times, seconds };
}
