/** The time around an incident. */

import type { Breach, IncidentRow } from '../../api/queries.ts';
import type { Period } from '../../state/urlState.ts';

const LEAST_MARGIN_S = 900;

/** A period around an incident, so that what led to it can be seen. */
export function periodOf({ began, recovered }: IncidentRow, now: number): Period {
  const end = recovered ?? now;
  const margin = Math.max(LEAST_MARGIN_S, (end - began) / 4);
  return [began - margin, Math.min(now, end + margin)];
}

/** The period of its charts: the zoom, where that shows something of the incident. */
export function shownOf(incident: IncidentRow, zoom: Period | null, now: number): Period {
  const around = periodOf(incident, now);
  return zoom !== null && zoom[0] < around[1] && zoom[1] > around[0] ? zoom : around;
}

/** The incident as a stretch of time that charts tint. */
export const stretchOf = ({ began, recovered, severity }: IncidentRow, now: number): Breach => ({
  start: began, end: recovered ?? now, severity, open: recovered === null, peak: null, peak_t: began,
});
