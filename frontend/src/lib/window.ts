/** From the period that is looked at to the steps that are asked for. */

import type { Zoom } from './address.ts';

const STEPS = [15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const MOST_POINTS = 720;

/** Steps to load; the shown period lies within. */
export interface Window {
  start: number;
  end: number;
  step: number;
}

export const stepFor = (span: number): number =>
  STEPS.find((step) => span / step <= MOST_POINTS) ?? STEPS[STEPS.length - 1]!;

/** A zoomed period is loaded with half its length on each side, so that moving it is smooth. */
export function windowOf(range: number, zoom: Zoom | null, now: number): Window {
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
