/** Polling: the overview, then everything that is on the screen, again and again. */

import { RequestError, Refused } from '../api/client.ts';
import type { Overview } from '../api/queries.ts';
import { Resource } from './resource.svelte.ts';

const POLL_S = 10;
const POLL_EMPTY_S = 5;
const RETRY_S = [2, 5, 10, 15];
const AT_ONCE = 4;

/** Time and visibility of the page, as a browser has them. */
export interface Clock {
  /** Seconds UTC. */
  now(): number;
  isHidden(): boolean;
  /** Call once after `seconds`; the returned function calls it off. */
  after(seconds: number, callback: () => void): () => void;
}

/** A poll that failed. */
export interface Trouble {
  /** The server's own words; null where it did not answer. */
  refusal: string | null;
  tries: number;
  retryAt: number;
}

/** Brings something on the screen up to date; rejects with a `RequestError`. */
export type Refresh = () => Promise<void>;

export class Live {
  readonly overview = new Resource<Overview>();
  /** Null while all is well. */
  trouble = $state.raw<Trouble | null>(null);
  /** Seconds UTC by the server's clock, at the last answer. */
  now = $state(0);

  readonly #clock: Clock;
  readonly #fetch: (signal: AbortSignal) => Promise<Overview>;
  readonly #followers = new Set<Refresh>();
  #cancelNext: () => void = () => undefined;
  #busy = false;
  #again = false;

  constructor(clock: Clock, fetchOverview: (signal: AbortSignal) => Promise<Overview>) {
    this.#clock = clock;
    this.#fetch = fetchOverview;
    this.now = clock.now();
  }

  /**
   * Ask for everything now, and again after a pause. Does nothing while the page is hidden;
   * a call during a poll is answered by one more poll after it.
   */
  async poll(): Promise<void> {
    this.#cancelNext();
    if (this.#busy) {
      this.#again = true;
      return;
    }
    if (this.#clock.isHidden()) return;
    this.#busy = true;
    try {
      await this.overview.load(this.#fetch);
      if (this.overview.value !== null) this.now = this.overview.value.t;
      await this.#refreshAll();
      this.trouble = null;
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#noteFailure(error);
    } finally {
      this.#busy = false;
      this.#cancelNext = this.#clock.after(this.#pause(), () => void this.poll());
      this.#again = false;
    }
  }

  /** Refresh with every poll, until the returned function is called. */
  follow(refresh: Refresh): () => void {
    this.#followers.add(refresh);
    return () => this.#followers.delete(refresh);
  }

  /** What the server refuses for one metric does not stop the others. */
  async #refreshAll(): Promise<void> {
    const waiting = [...this.#followers];
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await next().catch((error: unknown) => {
          if (!(error instanceof Refused)) throw error;
        });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #noteFailure(error: RequestError): void {
    const tries = (this.trouble?.tries ?? 0) + 1;
    const wait = RETRY_S[Math.min(tries, RETRY_S.length) - 1]!;
    const refusal = error instanceof Refused ? error.message : null;
    this.trouble = { refusal, tries, retryAt: this.#clock.now() + wait };
  }

  #pause(): number {
    if (this.#again) return 0;
    if (this.trouble !== null) return Math.max(0.5, this.trouble.retryAt - this.#clock.now());
    const hasData = this.overview.value?.metrics.some((metric) => !metric.absent) === true;
    return hasData ? POLL_S : POLL_EMPTY_S;
  }
}
