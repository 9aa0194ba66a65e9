/** How figures and small lines of the overview are drawn. */

/** A value that the server wrote as its number and its unit: `860ms` -> `860`, `ms`; a text without a number is all number. */
export function splitFigure(text: string): [number: string, unit: string] {
  const match = /^([<>]?[-−]?[\d.,]*\d)\s*(.*)$/.exec(text);
  return match === null ? [text, ''] : [match[1]!, match[2]!];
}

/** Percentages move by 40 points, all else by half of its size, before a line uses its height. */
export function leastSpan(values: readonly (number | null)[], unit: string): number {
  const sizes = values.map((value) => Math.abs(value ?? 0));
  return unit === 'percent' ? 40 : Math.max(0, ...sizes) / 2;
}
