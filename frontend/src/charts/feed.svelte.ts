/** The values of one metric: loaded in full once, then only the new tail. */

import type { MetricRange, Steps } from '../api/queries.ts';
import { Resource } from '../state/resource.svelte.ts';
import { EMPTY, extend, frameOf, losesBreach, type Frame } from './frame.ts';

/** Fetches a metric's values at some steps. */
export type FetchRange = (steps: Steps, signal: AbortSignal) => Promise<MetricRange>;

export class Feed {
  readonly id: string;
  /** The latest response, full or tail; its texts apply to the whole frame. */
  readonly answer = new Resource<MetricRange>();
  frame = $state.raw<Frame>(EMPTY);
  step = $state(0);
  /** Step and language of the frame; other responses cannot extend it. */
  #kind = '';

  constructor(id: string) {
    this.id = id;
  }

  /** Update the frame to cover the window; a newer call discards the response of an older one. */
  async pull(window: Steps, lang: string, fetchRange: FetchRange): Promise<void> {
    const kind = `${window.step} ${lang}`;
    const { t } = this.frame;
    const first = t[0];
    const last = t[t.length - 1];
    const isTail =
      kind === this.#kind && first !== undefined && last !== undefined &&
      first <= window.start && window.start <= last;
    if (isTail && window.end <= last && this.answer.error === null) return this.answer.cancel();
    // Request the last step again: it may have been evaluated before its sample was stored.
    const steps = isTail ? { ...window, start: last, end: Math.max(last, window.end) } : window;
    let range: MetricRange | null = null;
    await this.answer.load(async (signal) => (range = await fetchRange(steps, signal)));
    if (range === null || this.answer.value !== range) return;
    const got = frameOf(range);
    if (isTail && losesBreach(this.frame, got)) {
      this.#kind = '';
      return this.pull(window, lang, fetchRange);
    }
    this.frame = isTail ? extend(this.frame, got, window.start, this.#direction) : got;
    this.step = window.step;
    this.#kind = kind;
  }

  get #direction() {
    return this.answer.value?.direction ?? 'neutral';
  }
}
