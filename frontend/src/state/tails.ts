/** The newest values of the metrics on the screen, as the live stream brings them. */

import type { MetricRange, Steps } from '../api/queries.ts';

/** A metric that was not asked for so long is no longer on the screen. */
const FORGET_S = 25;
const MOST = 24;

export class Tails {
  readonly #now: () => number;
  readonly #asked = new Map<string, number>();
  readonly #tails = new Map<string, MetricRange>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The values of these steps if they have come; they will come from now on. */
  find(id: string, steps: Steps): MetricRange | null {
    const { start, end, ...others } = steps;
    const text = textOf(id, others);
    this.#asked.set(text, this.#now());
    const tail = this.#tails.get(text);
    const [first, last] = [tail?.t[0], tail?.t.at(-1)];
    if (tail === undefined || first === undefined || last === undefined) return null;
    return first <= start && end <= last ? tail : null;
  }

  /** What to subscribe to: what was asked for last. */
  wanted(): string[] {
    const oldest = this.#now() - FORGET_S;
    for (const [text, at] of this.#asked)
      if (at < oldest) {
        this.#asked.delete(text);
        this.#tails.delete(text);
      }
    return [...this.#asked.keys()].slice(-MOST).sort();
  }

  /** Forget what has come, as it is in another language now. */
  clear(): void {
    this.#tails.clear();
  }

  put(text: string, range: MetricRange): void {
    if (this.#asked.has(text)) this.#tails.set(text, range);
  }
}

const textOf = (id: string, others: object): string => {
  const pairs = Object.entries(others).filter(([, value]) => value !== undefined && value !== '');
  return `${id}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
};
