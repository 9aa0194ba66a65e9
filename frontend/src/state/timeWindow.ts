/** Maps the viewed period to the steps to request. */

import type { Steps } from '../api/queries.ts';
import type { Period } from './urlState.ts';

const STEPS_S = [
  15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];
const MOST_POINTS = 720;

export const stepFor = (span: number): number =>
  STEPS_S.find((step) => span / step <= MOST_POINTS) ?? STEPS_S[STEPS_S.length - 1]!;

/** A zoomed period is loaded with half its length on either side, for smooth panning. */
export function windowOf(range: number, zoom: Period | null, now: number): Steps {
  const [from, to] = zoom ?? [now - range, now];
  const span = to - from;
  const step = stepFor(span);
  const margin = zoom === null ? 0 : span / 2;
  return {
    start: Math.floor((from - margin) / step) * step,
    end: Math.floor(Math.min(now, to + margin) / step) * step,
    step,
  };
}
