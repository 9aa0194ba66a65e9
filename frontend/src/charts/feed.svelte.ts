/** The values of one metric: loaded in full once, then only the new tail. */

import type { MetricRange, RangeSteps, Steps } from '../api/queries.ts';
import { Resource } from '../state/resource.svelte.ts';
import { EMPTY, extend, frameOf, losesBreach, type Frame } from './frame.ts';

/** Fetches a metric's values at some steps. */
export type FetchRange = (steps: RangeSteps, signal: AbortSignal) => Promise<MetricRange>;

/** Which series of a metric are shown, as in the address. */
export interface Narrowing {
  by?: string;
  match?: string;
}

const FINE_STEPS_S = [15, 30, 60, 75, 150, 300];
const MOST_STEPS_PER_COLUMN = 12;
/** The server evaluates no more in one request; a tail adds a few. */
const MOST_STEPS = 10_000;
const HOUR_S = 3600;
/** More series than these are not sent: nobody could tell them apart. */
const MOST_SERIES = 100;

/** The steps that are evaluated for a window: of each pixel column several, so that no peak is lost. */
export function fineSteps({ start, end, step: column }: Steps): RangeSteps {
  const limit = MOST_SERIES;
  // Months come from the statistics of their hours.
  if (column > HOUR_S) return { start, end, step: HOUR_S, column, limit };
  const step =
    FINE_STEPS_S.find(
      (fine) =>
        column % fine === 0 &&
        column / fine <= MOST_STEPS_PER_COLUMN &&
        (end - start) / fine <= MOST_STEPS,
    ) ?? column;
  return step === column ? { start, end, step, limit } : { start, end, step, column, limit };
}

export class Feed {
  readonly id: string;
  readonly narrowing: Narrowing;
  /** The latest response, full or tail; its texts apply to the whole frame. */
  readonly answer = new Resource<MetricRange>();
  frame = $state.raw<Frame>(EMPTY);
  /** How far apart the values are that a line is drawn of. */
  step = $state(0);
  /** How many series there are, drawn or not. */
  total = $state(0);
  /** Step and language of the frame; other responses cannot extend it. */
  #kind = '';

  constructor(id: string, narrowing: Narrowing = {}) {
    this.id = id;
    this.narrowing = narrowing;
  }

  /** Update the frame to cover the window; a newer call discards the response of an older one. */
  async pull(window: Steps, lang: string, fetchRange: FetchRange): Promise<void> {
    const kind = `${window.step} ${lang}`;
    const { t, lines } = this.frame;
    const first = t[0];
    const last = t[t.length - 1];
    const isTail =
      kind === this.#kind && first !== undefined && last !== undefined &&
      first <= window.start && window.start <= last && this.total <= lines.length;
    // Request the last column again: it may have been evaluated before its samples were stored.
    const seam = last === undefined ? 0 : Math.floor(last / window.step) * window.step;
    if (isTail && window.end <= seam && this.answer.error === null) return this.answer.cancel();
    const steps = isTail ? { ...window, start: seam, end: Math.max(seam, window.end) } : window;
    let range: MetricRange | null = null;
    await this.answer.load(
      async (signal) => (range = await fetchRange({ ...fineSteps(steps), ...this.narrowing }, signal)),
    );
    if (range === null || this.answer.value !== range) return;
    const got = frameOf(range);
    if (isTail && losesBreach(this.frame, got)) {
      this.#kind = '';
      return this.pull(window, lang, fetchRange);
    }
    this.frame = isTail ? extend(this.frame, got, window.start, this.#direction) : got;
    this.total = isTail ? this.frame.lines.length : this.answer.value!.series_total;
    this.step = window.step;
    this.#kind = kind;
  }

  get #direction() {
    return this.answer.value?.direction ?? 'neutral';
  }
}
