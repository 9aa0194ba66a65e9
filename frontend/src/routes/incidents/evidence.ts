/** Which rows of the evidence have a chart. */

import type { RankedEvidence } from '../../api/queries.ts';

const MOST_CHARTS = 4;

/** The indices of the first alert of each metric that can be drawn, four at most. */
export function chooseCharts(
  rows: readonly RankedEvidence[], isKnown: (metric: string) => boolean,
): number[] {
  const seen = new Set<string>();
  const chosen: number[] = [];
  rows.forEach(({ metric }, index) => {
    if (metric === '' || seen.has(metric) || !isKnown(metric)) return;
    seen.add(metric);
    if (chosen.length < MOST_CHARTS) chosen.push(index);
  });
  return chosen;
}
