/** Series told apart in as few words as that takes. */

type Labels = Record<string, string>;

/** A bare number needs its label's name beside it: cpu 0, but eth0. */
const tell = (name: string, value: string): string =>
  /^\d/.test(value) ? `${name} ${value}` : value;

const without = (labels: Labels, shared: Set<string>): string =>
  Object.entries(labels)
    .filter(([name]) => !shared.has(name))
    .sort(([a], [b]) => Number(b === 'instance') - Number(a === 'instance') || a.localeCompare(b))
    .map(([name, value]) => tell(name, value))
    .join(' · ');

/** Labels that have the same value in all of several sets. */
function sharedBy(sets: Labels[]): Set<string> {
  const [first, ...others] = sets;
  if (first === undefined || others.length === 0) return new Set();
  return new Set(
    Object.keys(first).filter((name) => others.every((labels) => labels[name] === first[name])),
  );
}

const TARGET = ['instance', 'job'];

/** Names for series beside one another; `given` where the labels tell nothing. */
export function namesOf(
  series: { labels: Labels; given: string }[],
  oneInstance: boolean,
): string[] {
  const alone = series.length === 1 && oneInstance;
  const shared = alone ? new Set(TARGET) : sharedBy(series.map(({ labels }) => labels));
  return series.map(({ labels, given }) => without(labels, shared) || given);
}

/** Where a metric is at its worst; the instance goes unsaid while there is only one. */
export const placeOf = (worst: Labels | null, oneInstance: boolean): string =>
  worst === null ? '' : without(worst, new Set(oneInstance ? TARGET : ['job']));
