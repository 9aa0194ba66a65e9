/** Polls the overview, then refreshes everything on the screen. */

import { RequestError, Refused } from '../api/client.ts';
import type { Overview } from '../api/queries.ts';
import { Resource } from './resource.svelte.ts';

const POLL_S = 10;
const POLL_EMPTY_S = 5;
const RETRY_S = [2, 5, 10, 15];
const AT_ONCE = 4;

/** A browser's clock, timers and page visibility. */
export interface Clock {
  /** Seconds UTC. */
  now(): number;
  isHidden(): boolean;
  /** Call back once after `seconds`; the returned function cancels it. */
  after(seconds: number, callback: () => void): () => void;
}

/** A poll that failed. */
export interface Trouble {
  /** The server's message; null if there was no response. */
  refusal: string | null;
  tries: number;
  retryAt: number;
}

/** Updates something on the screen; rejects with a `RequestError`. */
export type Refresh = () => Promise<void>;

export class Live {
  readonly overview = new Resource<Overview>();
  /** Null if the latest poll succeeded. */
  trouble = $state.raw<Trouble | null>(null);
  /** The server's time of the latest response, seconds UTC. */
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
   * Poll now and schedule the next poll. Does nothing while the page is hidden; calls during a
   * poll lead to one more poll right after it.
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

  /** Refresh on every poll until the returned function is called. */
  follow(refresh: Refresh): () => void {
    this.#followers.add(refresh);
    return () => this.#followers.delete(refresh);
  }

  /** A metric that the server refuses does not stop the others. */
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
