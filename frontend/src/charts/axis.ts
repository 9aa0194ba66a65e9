/** The extent and the width of a chart's axes. */

import type { Direction, Thresholds } from '../api/queries.ts';
import type { Period } from '../state/urlState.ts';

export interface Scale {
  unit: string;
  direction: Direction;
  thresholds: Thresholds | null;
}

export const levelsOf = (thresholds: Thresholds | null): number[] =>
  [thresholds?.warning, thresholds?.critical].filter((v) => typeof v === 'number');

/**
 * From 0 (or below, for negative values) to slightly above values and thresholds. A percentage
 * that is bad when low stays near 100: it starts slightly below its lowest threshold.
 */
export function verticalRange(low: number | null, high: number | null, scale: Scale): Period {
  const levels = levelsOf(scale.thresholds);
  const isShare = scale.unit === 'percent' && (high ?? 0) <= 100;
  const top = Math.max(high ?? 0, ...levels) * 1.1;
  const cap = isShare ? Math.min(100, top) : top;
  const least = Math.min(low ?? cap, ...levels);
  const nearTop = isShare && scale.direction === 'lower_is_worse' && least > 40;
  const bottom = nearTop ? least - (cap - least) * 0.5 : Math.min(0, (low ?? 0) * 1.08);
  if (cap > bottom) return [bottom, cap];
  return [bottom, bottom + (scale.unit === 'percent' ? 100 : 1)];
}

const REACH = 2.9;

/** Whether all thresholds are so far above the values that those would be a line at the bottom. */
export function isOutOfReach(high: number | null, { direction, thresholds }: Scale): boolean {
  const levels = levelsOf(thresholds);
  if (high === null || high <= 0 || direction === 'lower_is_worse') return false;
  return levels.length > 0 && Math.min(...levels) > REACH * high;
}

const GAP_PX = 14;
const NARROWEST_PX = 40;

/** The width of a vertical axis with labels of these widths, in CSS pixels. */
export const axisWidth = (labelWidths: readonly number[]): number =>
  Math.max(NARROWEST_PX, Math.ceil(Math.max(0, ...labelWidths)) + GAP_PX);
