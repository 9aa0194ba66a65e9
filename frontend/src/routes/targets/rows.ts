/** Targets as rows: in order of urgency, with the shape of their state. */

import type { TargetInfo } from '../../api/queries.ts';
import type { Shape } from '../overview/groups.ts';

type TargetState = TargetInfo['state'];

/** Most urgent first. */
export const TARGET_STATES: readonly TargetState[] = ['down', 'unknown', 'up', 'absent'];

export const SHAPE_OF: Record<TargetState, Shape> = {
  down: 'critical',
  unknown: 'unknown',
  up: 'ok',
  absent: 'noData',
};

/** Failing ones first, then by job and instance. */
export const sortTargets = (targets: readonly TargetInfo[]): TargetInfo[] =>
  targets.toSorted(
    (a, b) =>
      TARGET_STATES.indexOf(a.state) - TARGET_STATES.indexOf(b.state) ||
      a.job.localeCompare(b.job, 'en') ||
      a.instance.localeCompare(b.instance, 'en', { numeric: true }),
  );

/** Those of a state (null for all) that have every word of a text in job, instance or address. */
export function filterTargets(
  targets: readonly TargetInfo[], text: string, state: TargetState | null,
): TargetInfo[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return targets.filter((target) => {
    const about = `${target.job} ${target.instance} ${target.url}`.toLowerCase();
    return (state === null || target.state === state) && words.every((word) => about.includes(word));
  });
}

/** How the readings of a half hour are drawn. */
export const cellOf = (share: number | null): 'none' | 'failed' | 'some' | 'read' =>
  share === null ? 'none' : share === 0 ? 'failed' : share < 100 ? 'some' : 'read';
