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
