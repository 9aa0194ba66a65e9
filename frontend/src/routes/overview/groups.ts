/** Groups metrics into the dashboard's tabs and sorts them by state. */

import type { MetricNow, Overview, State } from '../../api/queries.ts';
import type { Texts } from '../../text/index.ts';

/** How a metric is displayed: its state, or that it has no thresholds or no data. */
export type Shape = State | 'neutral' | 'noData';

export interface Group {
  id: string;
  name: string;
  /** Those with data, in catalogue order. */
  metrics: MetricNow[];
  /** The worst state of its metrics. */
  shape: Shape;
}

/** Worst first. Unknown is never good; pending is not bad yet. */
export const SHAPES: readonly Shape[] = [
  'critical', 'warning', 'unknown', 'pending', 'ok', 'neutral', 'noData',
];

export function shapeOf(metric: MetricNow): Shape {
  if (metric.absent) return 'noData';
  return metric.judged ? metric.state : 'neutral';
}

/** How much of a pending metric's alert duration has passed, from 0 to 1. */
export const pendingShare = ({ pending }: MetricNow): number =>
  pending === null ? 0 : pending.elapsed_s / pending.for_s;

export const isTrouble = (shape: Shape): shape is 'warning' | 'critical' =>
  shape === 'critical' || shape === 'warning';

/** Sort by severity, keeping catalogue order among equals. */
export const sortWorstFirst = (metrics: readonly MetricNow[]): MetricNow[] =>
  metrics.toSorted((a, b) => SHAPES.indexOf(shapeOf(a)) - SHAPES.indexOf(shapeOf(b)));

/** `system.cpu` is its own group; `app`, `ai` and `db` are one group each. */
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
