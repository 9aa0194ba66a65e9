/** Columns of values on common steps, and what is read off them. */

import type { Certainty, Direction, MetricRange, Thresholds } from './api.ts';

export type Column = (number | null)[];

export interface Line {
  key: string;
  /** The server's name for it, alone. */
  given: string;
  labels: Record<string, string>;
  exporter: string | null;
  values: Column;
  /** For a share of counted cases: n and the interval at each step. */
  certainty: Columns | null;
}

export type Columns = { [part in keyof Certainty]: Column };

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

/** Which threshold is reached: 0 none, 1 warning, 2 critical. */
export type Level = 0 | 1 | 2;

export interface Span {
  from: number;
  to: number;
  level: Level;
}

export const EMPTY: Frame = { t: [], lines: [] };

const keyOf = (labels: Record<string, string>, exporter: string | null): string =>
  JSON.stringify([exporter, ...Object.entries(labels).sort()]);

export function frameOf(answer: MetricRange): Frame {
  return {
    t: answer.t,
    lines: answer.series.map((s) => ({
      key: keyOf(s.labels, s.exporter),
      given: s.name,
      labels: s.labels,
      exporter: s.exporter,
      values: s.values,
      certainty: s.certainty,
    })),
  };
}

/** The old steps from `keepFrom` on, then the tail; the tail's word counts where both speak. */
export function extend(old: Frame, tail: Frame, keepFrom: number): Frame {
  const first = tail.t[0];
  if (first === undefined) return old;
  const from = lowerBound(old.t, keepFrom);
  const to = lowerBound(old.t, first);
  const kept = Math.max(0, to - from);
  const before = new Map(old.lines.map((line) => [line.key, line]));
  const after = new Map(tail.lines.map((line) => [line.key, line]));
  const lines: Line[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const a = before.get(key);
    const b = after.get(key);
    const join = (column: (line: Line) => Column | undefined) => [
      ...((a && column(a)?.slice(from, from + kept)) ?? blank(kept)),
      ...((b && column(b)) ?? blank(tail.t.length)),
    ];
    const values = join((line) => line.values);
    if (!values.some((v) => v !== null)) continue;
    const line = (b ?? a)!;
    const certainty = line.certainty && {
      n: join((l) => l.certainty?.n),
      low: join((l) => l.certainty?.low),
      high: join((l) => l.certainty?.high),
    };
    lines.push({ ...line, values, certainty });
  }
  return { t: [...old.t.slice(from, from + kept), ...tail.t], lines };
}

const blank = (n: number): Column => new Array<null>(n).fill(null);

/** The first index whose time is not before `t`. */
export function lowerBound(times: number[], t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function summary(values: Column, from = 0, to = values.length): Summary {
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

export function levelOf(value: number, thresholds: Thresholds, direction: Direction): Level {
  const { warning, critical } = thresholds;
  const worse = (limit: number | null) =>
    limit !== null && (direction === 'lower_is_worse' ? value <= limit : value >= limit);
  if (worse(critical)) return 2;
  return worse(warning) ? 1 : 0;
}

/** When any line was beyond a threshold; steps of the same level are joined. */
export function breaches(frame: Frame, thresholds: Thresholds | null, direction: Direction): Span[] {
  if (thresholds === null || direction === 'neutral') return [];
  const spans: Span[] = [];
  let open: Span | null = null;
  frame.t.forEach((t, i) => {
    let level: Level = 0;
    for (const line of frame.lines) {
      const v = line.values[i] ?? null;
      if (v !== null) level = Math.max(level, levelOf(v, thresholds, direction)) as Level;
    }
    if (open !== null && open.level === level) open.to = t;
    else {
      open = level === 0 ? null : { from: t, to: t, level };
      if (open !== null) spans.push(open);
    }
  });
  return spans;
}

/** Spans within a period, cut to it: how many (touching ones are one) and how long in all. */
export function beyond(spans: Span[], from: number, to: number, step: number) {
  let times = 0;
  let seconds = 0;
  let end = -Infinity;
  for (const span of spans) {
    const start = Math.max(from, span.from);
    const stop = Math.min(to, span.to + step);
    if (stop <= start) continue;
    if (start > end) times += 1;
    seconds += stop - start;
    end = stop;
  }
  return { times, seconds };
}
