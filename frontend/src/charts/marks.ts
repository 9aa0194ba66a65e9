/** What happened while a chart was drawn: events, and the beginnings of incidents. */

import type { Events, Incidents } from '../api/queries.ts';

export interface Mark {
  /** Seconds UTC. */
  t: number;
  text: string;
  kind: 'event' | 'warning' | 'critical';
}

/** In the order of time; what happened at the same second is one mark, of the gravest kind. */
export function marksOf({ events }: Pick<Events, 'events'>, { incidents }: Pick<Incidents, 'incidents'>): Mark[] {
  const all: Mark[] = [
    ...events.map(({ t, title, text }): Mark => ({ t, text: `${title} ${text}`, kind: 'event' })),
    ...incidents.map(({ began, title, subject, severity, number }): Mark => ({
      t: began,
      text: `#${number} ${title}${subject ? ` · ${subject}` : ''}`,
      kind: severity,
    })),
  ].sort((a, b) => a.t - b.t);
  const marks: Mark[] = [];
  for (const mark of all) {
    const last = marks.at(-1);
    if (last === undefined || Math.floor(last.t) !== Math.floor(mark.t)) marks.push(mark);
    else marks[marks.length - 1] = { ...last, text: `${last.text}, ${mark.text}`, kind: graver(last.kind, mark.kind) };
  }
  return marks;
}

const KINDS: readonly Mark['kind'][] = ['event', 'warning', 'critical'];

const graver = (a: Mark['kind'], b: Mark['kind']): Mark['kind'] =>
  KINDS.indexOf(a) > KINDS.indexOf(b) ? a : b;

/** The marks within a period. */
export const marksWithin = (marks: readonly Mark[], from: number, to: number): Mark[] =>
  marks.filter(({ t }) => from <= t && t <= to);
