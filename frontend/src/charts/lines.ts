/** Which line of a chart stands out: its colour and its width. */

import type { Direction } from '../api/queries.ts';
import type { Line } from './frame.ts';
import { summarize } from './frame.ts';

export interface LineStyle {
  /** The place in the palette; null for slate. */
  colour: number | null;
  /** In CSS pixels. */
  width: number;
}

const COLOURS = 4;
const WORST = 3;
/** More than so many lines are a tangle: they become a heat map. */
export const MOST_LINES = 12;

const LEADING_PX = 2.4;
const OTHER_PX = 1.3;

/** The indices of lines, the worst first: by their worst value within [from, to). */
export function sortByBadness(
  lines: readonly Line[], direction: Direction, from?: number, to?: number,
): number[] {
  const badness = lines.map(({ values }) => {
    const { min, max } = summarize(values, from, to);
    if (direction === 'lower_is_worse') return min === null ? -Infinity : -min;
    return max ?? -Infinity;
  });
  return lines.map((_, index) => index).sort((a, b) => badness[b]! - badness[a]! || a - b);
}

/** The line in question: that of these labels, otherwise the worst; null without any line. */
export function findLeading(
  lines: readonly Line[], worst: Readonly<Record<string, string>> | null, order: readonly number[],
): number | null {
  const named = Object.entries(worst ?? {});
  const found = lines.findIndex(({ labels }) => named.every(([name, value]) => labels[name] === value));
  return named.length > 0 && found >= 0 ? found : (order[0] ?? null);
}

/** A colour each for up to four; of more only the worst three and `named` have one. */
export function styleLines(
  order: readonly number[], leading: number | null, named: number | null = null,
): LineStyle[] {
  const coloured = new Map<number, number>();
  if (order.length <= COLOURS) order.forEach((index) => coloured.set(index, index));
  else order.slice(0, WORST).forEach((index, rank) => coloured.set(index, rank));
  if (named !== null && !coloured.has(named)) coloured.set(named, WORST);
  return order.map((_, index) => ({
    colour: coloured.get(index) ?? null,
    width: index === leading || index === named ? LEADING_PX : OTHER_PX,
  }));
}

/** The order of drawing: slate lines, coloured ones, and the one in question on top. */
export const drawOrder = (styles: readonly LineStyle[], leading: number | null): number[] =>
  styles
    .map((_, index) => index)
    .sort((a, b) => Number(a === leading) - Number(b === leading)
      || Number(styles[a]!.colour !== null) - Number(styles[b]!.colour !== null) || a - b);
