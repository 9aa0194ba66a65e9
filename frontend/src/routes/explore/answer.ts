/** What PromQL answers, as the frame of a chart and the rows of a table. */

import type { PromAnswer, PromSeries } from '../../api/queries.ts';
import type { Frame, Line } from '../../charts/frame.ts';
import { showHidden } from '../../text/hidden.ts';

export interface Row {
  name: string;
  value: string;
}

/** A series as PromQL writes it: `up{job="node"}`; controls as in its strings: `\u202e`. */
export function nameSeries({ __name__: name = '', ...labels }: Record<string, string>): string {
  const inside = Object.entries(labels).map(([label, value]) => `${label}=${showHidden(JSON.stringify(value))}`);
  return inside.length === 0 && name !== '' ? name : `${name}{${inside.join(', ')}}`;
}

/** The rows of an instant answer, at most `most`, and how many there are. */
export function rowsOf({ data }: PromAnswer, most: number): { rows: Row[]; total: number } {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return { rows: [{ name: data.resultType, value: data.result[1] }], total: 1 };
  // The two kinds of answer above have a pair instead of series.
  const series = data.result as readonly PromSeries[];
  const rows = series.slice(0, most).map((one) => ({
    name: nameSeries(one.metric),
    value: one.value?.[1] ?? '',
  }));
  return { rows, total: series.length };
}

/** The lines of a range answer on common steps, at most `most`: those with the highest values. */
export function frameOfAnswer({ data }: PromAnswer, most: number): { frame: Frame; total: number } {
  if (data.resultType !== 'matrix') return { frame: { t: [], lines: [] }, total: 0 };
  const t = [...new Set(data.result.flatMap(({ values }) => values?.map(([at]) => at) ?? []))].sort(
    (a, b) => a - b,
  );
  const places = new Map(t.map((at, index) => [at, index]));
  const lines = data.result.map(({ metric, values }): Line => {
    const column = new Array<number | null>(t.length).fill(null);
    for (const [at, text] of values ?? []) {
      const value = Number(text);
      column[places.get(at)!] = Number.isFinite(value) ? value : null;
    }
    const name = nameSeries(metric);
    return { key: name, name, labels: metric, exporter: null, values: column, proportion: null, breaches: [] };
  });
  const peak = (line: Line) => line.values.reduce<number>((a, b) => Math.max(a, b ?? a), -Infinity);
  const kept = lines.length <= most ? lines : lines
    .map((line) => ({ line, high: peak(line) }))
    .sort((a, b) => b.high - a.high)
    .slice(0, most)
    .map(({ line }) => line);
  return { frame: { t, lines: kept }, total: lines.length };
}

/** Whether all values are 0 or 1, as of `up`. */
export const isTwoValued = ({ lines }: Frame): boolean =>
  lines.length > 0 && lines.every(({ values }) => values.every((v) => v === null || v === 0 || v === 1));

/** The line and column that an error of the parser names, counted from 1. */
export function placeOfError(message: string): { line: number; column: number } | null {
  const [, line, column] = /(?:^|\s)(\d+):(\d+): parse error/.exec(message) ?? [];
  return line === undefined ? null : { line: Number(line), column: Number(column) };
}

/** The query with a caret under the place of an error. */
export function pointAt(query: string, place: { line: number; column: number }): string {
  const lines = query.split('\n');
  const at = Math.min(place.line, lines.length);
  lines.splice(at, 0, `${' '.repeat(Math.max(0, place.column - 1))}^`);
  return lines.join('\n');
}

const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The lines of a catalogue file that make a metric of a query. */
export function writeMetric(query: string, name: string, frame: Frame): string {
  const id = name.trim().toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, '') || 'metric';
  const shared = Object.keys(frame.lines[0]?.labels ?? {}).filter(
    (label) => label !== '__name__' && frame.lines.every(({ labels }) => label in labels),
  );
  const title = quote(name.trim() || id);
  return [
    'version: 1',
    'metrics:',
    `- id: site.${id}`,
    '  group: application',
    `  name: {ko: ${title}, en: ${title}}`,
    `  description: {ko: ${title}, en: ${title}}`,
    '  unit: count',
    '  direction: neutral',
    `  labels: [${shared.join(', ')}]`,
    '  queries:',
    `  - {exporter: site, promql: ${quote(query.replaceAll(/\s*\n\s*/g, ' ').trim())}}`,
    '',
  ].join('\n');
}
