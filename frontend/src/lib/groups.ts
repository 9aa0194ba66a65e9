/** Metrics put into the page's groups, and in the order in which they are read. */

import type { MetricNow, Overview, State } from './api.ts';
import type { FamilyName, Texts } from './i18n.ts';

export interface Group {
  id: string;
  name: string;
  /** Those that have data, as the catalogue has them. */
  metrics: MetricNow[];
  state: State | 'neutral';
}

const SEVERITY: Record<State, number> = { critical: 0, warning: 1, unknown: 2, ok: 3 };
const NEUTRAL = 4;

export const severity = (metric: MetricNow): number =>
  metric.judged ? SEVERITY[metric.state] : NEUTRAL;

export const hasData = (metric: MetricNow): boolean => !metric.absent;

/** The worst first; otherwise as the catalogue has them. */
export const worstFirst = (metrics: MetricNow[]): MetricNow[] =>
  metrics.toSorted((a, b) => severity(a) - severity(b));

/** system.cpu stands alone; all of app, ai and db are one group each. */
export function groupOf(id: string): string {
  const [first = '', second = ''] = id.split('.');
  return first === 'system' ? `${first}.${second}` : first;
}

export function groupsOf(overview: Overview, texts: Texts): Group[] {
  const names = new Map(overview.topics.map((topic) => [topic.id, topic.name]));
  const found = new Map<string, MetricNow[]>();
  for (const metric of overview.metrics.filter(hasData)) {
    const id = groupOf(metric.id);
    found.set(id, [...(found.get(id) ?? []), metric]);
  }
  return [...found].map(([id, metrics]) => ({
    id,
    name: id in texts.families ? texts.families[id as FamilyName] : (names.get(id) ?? id),
    metrics,
    state: stateOf(metrics),
  }));
}

/** How many metrics with data are judged to be in each state. */
export function countsOf(metrics: MetricNow[]): Record<State, number> {
  const counts = { critical: 0, warning: 0, ok: 0, unknown: 0 };
  for (const metric of metrics) if (metric.judged && hasData(metric)) counts[metric.state] += 1;
  return counts;
}

function stateOf(metrics: MetricNow[]): State | 'neutral' {
  const worst = worstFirst(metrics)[0];
  return worst === undefined || !worst.judged ? 'neutral' : worst.state;
}
