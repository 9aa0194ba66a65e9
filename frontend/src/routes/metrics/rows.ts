/** The rows of the index of metrics: by chapter and topic, worst first where asked for. */

import type { MetricIndex, MetricNow } from '../../api/queries.ts';

export interface TopicRows {
  id: string;
  name: string;
  metrics: MetricNow[];
}

export interface ChapterRows {
  /** A chapter of the specification. */
  id: string;
  topics: TopicRows[];
  count: number;
}

const fold = (text: string): string => text.normalize('NFC').toLocaleLowerCase();

/** Whether every word of a search is in the metric's name, id or topic. */
export function matches(metric: MetricNow, topic: string, search: string): boolean {
  const text = fold(`${metric.name} ${metric.id} ${topic}`);
  return fold(search).split(/\s+/).every((word) => text.includes(word));
}

/** The metrics with data that a search finds, in the catalogue's order. */
export function buildChapters({ topics, metrics }: MetricIndex, search: string): ChapterRows[] {
  const byId = new Map(metrics.map((metric) => [metric.id, metric]));
  const chapters = new Map<string, ChapterRows>();
  for (const topic of topics) {
    const found = topic.metrics
      .map((id) => byId.get(id)!)
      .filter((metric) => !metric.absent && matches(metric, topic.name, search));
    if (found.length === 0) continue;
    const id = found[0]!.group;
    const chapter = chapters.get(id) ?? { id, topics: [], count: 0 };
    chapter.topics.push({ id: topic.id, name: topic.name, metrics: found });
    chapter.count += found.length;
    chapters.set(id, chapter);
  }
  return [...chapters.values()];
}

const LEAST_PERCENT = 40;

/** The least height of a small chart, so that a value that did not move is a flat line. */
export const leastSpan = ({ unit, value }: MetricNow): number =>
  unit === 'percent' ? LEAST_PERCENT : Math.abs(value ?? 0) * 0.5;
