/** What is shown of log lines, of which every character may be hostile. */

import type { LogLevel } from '../../api/queries.ts';
import type { Period } from '../../state/urlState.ts';
import { showHidden } from '../../text/hidden.ts';

export const LEVELS: readonly LogLevel[] = [
  'fatal', 'error', 'warn', 'info', 'debug', 'trace', 'unknown',
];
/** Drawn in a lane of their own: beside all others they would be a hair. */
export const SEVERE: readonly LogLevel[] = ['fatal', 'error', 'warn'];

/** The beginning of a message on one line; at most `most` characters. */
export const oneLine = (message: string, most: number): string =>
  showHidden(message.slice(0, most)).replace(/[\n\t]+/g, ' ');

/** The parts of a template's text; every other one is a place that varies. */
export const splitPattern = (text: string): string[] => showHidden(text).split(/<\*>/);

/** Choose one level more or less; none chosen means all. */
export function toggleLevel(chosen: readonly LogLevel[], level: LogLevel): LogLevel[] {
  const next = chosen.includes(level)
    ? chosen.filter((one) => one !== level)
    : LEVELS.filter((one) => one === level || chosen.includes(one));
  return next.length === LEVELS.length ? [] : next;
}

export const parseLevels = (text: string): LogLevel[] =>
  LEVELS.filter((level) => text.split(',').includes(level));

/**
 * The period of the histogram: the live range while the selection lies within it, so that one
 * sees what is around it; otherwise the selection itself, or the time around a held moment.
 */
export function frameOf(live: Period, zoom: Period | null, at: number | null): Period {
  const isWithin = (from: number, to: number) => from >= live[0] && to <= live[1] + 60;
  if (zoom !== null) return isWithin(...zoom) ? live : zoom;
  if (at === null || isWithin(at, at)) return live;
  const half = (live[1] - live[0]) / 2;
  return [at - half, at + half];
}

/** Add a condition to a query, all of which must hold. */
export function addCondition(query: string, condition: string): string {
  const text = query.trim();
  if (text === '' || text === condition) return condition;
  return text.includes(condition) ? text : `(${text}) ${condition}`;
}
