/** Metrics in the groups of the page's tabs, and in the order in which they are read. */

import type { MetricNow, Overview, State } from '../../api/queries.ts';
import type { Texts } from '../../text/index.ts';

/** A metric without thresholds is neutral, one that never had data is not shown as a state. */
export type Shape = State | 'neutral' | 'noData';

export interface Group {
  id: string;
  name: string;
  /** Those that have data, in the catalogue's order. */
  metrics: MetricNow[];
  /** The worst state of its metrics. */
  shape: Shape;
}

/** The worst first; pending is not yet known to be bad, unknown is never known to be good. */
export const SHAPES: readonly Shape[] = [
  'critical', 'warning', 'unknown', 'pending', 'ok', 'neutral', 'noData',
];

export function shapeOf(metric: MetricNow): Shape {
  if (metric.absent) return 'noData';
  return metric.judged ? metric.state : 'neutral';
}

/** How much of the alert duration of a pending metric has passed, from 0 to 1. */
export const pendingShare = ({ pending }: MetricNow): number =>
  pending === null ? 0 : pending.elapsed_s / pending.for_s;

export const isTrouble = (shape: Shape): shape is 'warning' | 'critical' =>
  shape === 'critical' || shape === 'warning';

/** The worst first; equals stay in the catalogue's order. */
export const sortWorstFirst = (metrics: readonly MetricNow[]): MetricNow[] =>
  metrics.toSorted((a, b) => SHAPES.indexOf(shapeOf(a)) - SHAPES.indexOf(shapeOf(b)));

/** `system.cpu` is a group of its own; all of `app`, `ai` and `db` are one group each. */
export function groupIdOf(metricId: string): string {
  const [first = '', second = ''] = metricId.split('.');
  return first === 'system' ? `${first}.${second}` : first;
}

export function buildGroups(overview: Overview, texts: Texts): Group[] {
  const topicNames = new Map(overview.topics.map((topic) => [topic.id, topic.name]));
  const ownNames = new Map(Object.entries(texts.groups));
  const members = new Map<string, MetricNow[]>();
  for (const metric of overview.metrics.filter(({ absent }) => !absent)) {
    const id = groupIdOf(metric.id);
    members.set(id, [...(members.get(id) ?? []), metric]);
  }
  return [...members].map(([id, metrics]) => ({
    id,
    name: ownNames.get(id) ?? topicNames.get(id) ?? id,
    metrics,
    shape: shapeOf(sortWorstFirst(metrics)[0]!),
  }));
}
