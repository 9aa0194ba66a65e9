/** How a metric is displayed, and which of them come first. */

import type { MetricNow, State } from '../../api/queries.ts';

/** How a metric is displayed: its state, or that it has no thresholds or no data. */
export type Shape = State | 'neutral' | 'noData';

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
