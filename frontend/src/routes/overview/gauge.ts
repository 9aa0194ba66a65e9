/** The gauge bar of a tile. */

import type { MetricNow } from '../../api/queries.ts';

/** Positions in percent of the bar's width; null if beyond its end. */
export interface Gauge {
  value: number;
  warning: number | null;
  critical: number | null;
}

type Measured = Pick<MetricNow, 'value' | 'thresholds' | 'direction' | 'unit'>;

/**
 * A bar from 0 to 125% of the highest threshold, or to 100 for percentages. Null where a bar
 * would mean nothing: without value or thresholds, and for amounts that are bad when low.
 */
export function gaugeOf({ value, thresholds, direction, unit }: Measured): Gauge | null {
  if (value === null || thresholds === null || value < 0) return null;
  const levels = [thresholds.warning, thresholds.critical].filter((v) => v !== null);
  const top = unit === 'percent' ? 100 : Math.max(...levels) * 1.25;
  if (levels.length === 0 || top <= 0) return null;
  if (direction === 'lower_is_worse' && unit !== 'percent') return null;
  const place = (v: number | null) => (v === null || v > top ? null : (v / top) * 100);
  return {
    value: Math.min(100, (value / top) * 100),
    warning: place(thresholds.warning),
    critical: place(thresholds.critical),
  };
}
