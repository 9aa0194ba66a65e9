/** The extent and the width of a chart's axes. */

import type { Direction, Thresholds } from '../api/queries.ts';
import type { Period } from '../state/urlState.ts';

export interface Scale {
  unit: string;
  direction: Direction;
  thresholds: Thresholds | null;
  /** Whether the axis begins at 0. */
  fromZero?: boolean;
}

export const levelsOf = (thresholds: Thresholds | null): number[] =>
  [thresholds?.warning, thresholds?.critical].filter((v) => typeof v === 'number');

const REACH = 2.9;

/** The thresholds within reach of the values: those beyond would make these a line at the edge. */
export function levelsInReach(low: number | null, high: number | null, scale: Scale): number[] {
  const levels = levelsOf(scale.thresholds);
  if (low === null || high === null) return levels;
  if (scale.direction === 'lower_is_worse') return levels.filter((level) => level * REACH > low);
  return levels.filter((level) => high <= 0 || level < REACH * high);
}

const PADDING = 0.08;
/** Values that vary by less than this share of their size look calm. */
const CALM = 0.1;

/**
 * The values and the thresholds within reach, with a little room. It begins at 0 where that is
 * near; noise is not stretched to the full height; a share that can be worse never passes 100.
 */
export function verticalRange(low: number | null, high: number | null, scale: Scale): Period {
  const isShare = scale.unit === 'percent' && (high ?? 0) <= 100;
  if (low === null || high === null) return emptyRange(scale);
  const levels = levelsInReach(low, high, scale);
  let bottom = Math.min(low, ...levels);
  let top = Math.max(high, ...levels);
  const least = Math.max(Math.abs(top), Math.abs(bottom)) * CALM || 1;
  if (top - bottom < least) {
    const middle = (top + bottom) / 2;
    [bottom, top] = [middle - least / 2, middle + least / 2];
  }
  const room = (top - bottom) * PADDING;
  const isNearZero = low >= 0 && (scale.fromZero === true || bottom - room < (top - bottom) * 0.5);
  bottom = scale.fromZero ? Math.min(0, low - room) : bottom - room;
  if (isNearZero) bottom = 0;
  top = scale.fromZero && high <= 0 ? 0 : top + room;
  return [bottom, isShare ? Math.min(100, top) : top];
}

function emptyRange(scale: Scale): Period {
  const levels = levelsOf(scale.thresholds);
  return [0, Math.max(scale.unit === 'percent' ? 100 : 1, ...levels)];
}

const GAP_PX = 14;
/** As wide as the names of the lanes below. */
const NARROWEST_PX = 52;

/** The width of a vertical axis with labels of these widths, in CSS pixels. */
export const axisWidth = (labelWidths: readonly number[]): number =>
  Math.max(NARROWEST_PX, Math.ceil(Math.max(0, ...labelWidths)) + GAP_PX);
