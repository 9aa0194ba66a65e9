/**
 * Keeps the overview up to date, and everything on the screen with it: by a stream of events, and
 * by polling where there is none, as behind a proxy that holds events back.
 */

import { RequestError, Refused } from '../api/client.ts';
import type { ServerEvent } from '../api/events.ts';
import type { MetricRange, Overview } from '../api/queries.ts';
import { applyPatch, type Patch } from './patch.ts';
import { Resource } from './resource.svelte.ts';
import { Tails } from './tails.ts';

const POLL_S = 10;
const POLL_EMPTY_S = 5;
const RETRY_S = [2, 5, 10, 15];
/** A server that asks for more patience is asked again all the same, in seconds. */
const PATIENCE_S = 60;
/** A poll that takes longer is reported as slow. */
const SLOW_S = 4;
const AT_ONCE = 4;
/** The server breaks its silence every 10 s. */
const SILENCE_S = 25;
/** So long after a stream that brought nothing none is tried. */
const BLOCKED_S = 300;

/** Opens the stream of events; `have` is the version of the overview that is there. */
export type OpenStream = (
  have: string, metrics: string[], signal: AbortSignal,
) => AsyncGenerator<ServerEvent | null>;

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
  /** Why a part of the screen could not be updated by the latest poll; null if all was. */
  partial = $state.raw<string | null>(null);
  /** Whether the latest poll takes, or took, longer than it should. */
  isSlow = $state(false);
  /** The server's time of the latest response, seconds UTC. */
  now = $state(0);

  readonly #clock: Clock;
  readonly #versionOf: (overview: Overview) => string;
  readonly #fetch: (signal: AbortSignal) => Promise<Overview>;
  readonly #stream: OpenStream | null;
  readonly #followers = new Set<Refresh>();
  readonly tails: Tails;
  #cancelNext: () => void = () => undefined;
  #busy = false;
  #again = false;
  /** The version of the overview that is there; empty if it is not known. */
  #version = '';
  #open: AbortController | null = null;
  #subscribed = '';
  /** When the stream brought something last. */
  #heardAt = -Infinity;
  #blockedUntil = -Infinity;

  constructor(
    clock: Clock,
    fetchOverview: (signal: AbortSignal) => Promise<Overview>,
    stream: OpenStream | null = null,
    versionOf: (overview: Overview) => string = () => '',
  ) {
    this.#clock = clock;
    this.#fetch = fetchOverview;
    this.#stream = stream;
    this.#versionOf = versionOf;
    this.tails = new Tails(() => clock.now());
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
    if (this.#clock.isHidden()) return this.close();
    this.#busy = true;
    let isLate = false;
    const cancelSlow = this.#clock.after(SLOW_S, () => (this.isSlow = isLate = true));
    // Who begins to follow meanwhile has just loaded what it shows.
    const followers = [...this.#followers];
    try {
      if (!this.#isStreaming) await this.#load();
      const failed = await this.#refreshAll(followers.filter((one) => this.#followers.has(one)));
      this.partial = failed?.message ?? null;
      this.trouble = null;
      this.isSlow = isLate;
      this.#listen();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#noteFailure(error);
    } finally {
      cancelSlow();
      this.#busy = false;
      this.#cancelNext = this.#clock.after(this.#pause(), () => void this.poll());
      this.#again = false;
    }
  }

  /** End the stream: nobody looks, or it is to be another one. */
  close(): void {
    this.#open?.abort();
    this.#open = null;
    this.#heardAt = -Infinity;
  }

  /** Load everything anew, as in another language. */
  restart(): Promise<void> {
    this.close();
    this.tails.clear();
    this.#version = '';
    return this.poll();
  }

  get #isStreaming(): boolean {
    return this.#open !== null && this.#clock.now() - this.#heardAt < SILENCE_S;
  }

  async #load(): Promise<void> {
    // What a stream that may come to life says applies to the version it began with.
    if (this.#open !== null && this.#heardAt === -Infinity)
      this.#blockedUntil = this.#clock.now() + BLOCKED_S;
    this.close();
    await this.overview.load(this.#fetch);
    const overview = this.overview.value;
    if (overview === null) return;
    this.now = overview.t;
    this.#version = this.#versionOf(overview);
  }

  /** Open the stream unless it is open already for what is on the screen. */
  #listen(): void {
    const wanted = this.tails.wanted();
    const now = this.#clock.now();
    if (this.#stream === null || now < this.#blockedUntil) return;
    if (this.#isStreaming && this.#subscribed === wanted.join()) return;
    this.close();
    this.#open = new AbortController();
    this.#subscribed = wanted.join();
    void this.#read(this.#stream(this.#version, wanted, this.#open.signal), this.#open);
  }

  async #read(events: AsyncGenerator<ServerEvent | null>, open: AbortController): Promise<void> {
    let isBroken = false;
    try {
      for await (const event of events) {
        if (open.signal.aborted) return;
        this.#heardAt = this.#clock.now();
        if (event !== null) await this.#take(event);
      }
    } catch (error) {
      // The poll that follows says what is wrong, if it still is.
      const isGone = error instanceof RequestError || error instanceof TypeError; // or a patch does not fit
      if (!isGone && !open.signal.aborted) throw error;
      isBroken = !(error instanceof Refused);
    }
    if (open.signal.aborted || this.#open !== open) return;
    const wasHeard = this.#heardAt !== -Infinity;
    this.close();
    // A server without a place for another stream refuses it: then polling does.
    if (!wasHeard) this.#blockedUntil = this.#clock.now() + BLOCKED_S;
    if (wasHeard || isBroken) this.#cancelNext = this.#afterCancel(RETRY_S[0]!);
  }

  async #take({ id, kind, data }: ServerEvent): Promise<void> {
    if (kind === 'tail') {
      const tail = data as { metric: string; range: MetricRange };
      return this.tails.put(tail.metric, tail.range);
    }
    if (kind === 'problem') return void this.poll(); // it says so, or that it is over
    const overview = kind === 'change' ? applyPatch(this.overview.value, data as Patch) : data;
    await this.overview.load(() => Promise.resolve(overview as Overview));
    this.now = (overview as Overview).t;
    this.#version = id;
  }

  #afterCancel(seconds: number): () => void {
    this.#cancelNext();
    return this.#clock.after(seconds, () => void this.poll());
  }

  /** Refresh on every poll until the returned function is called. */
  follow(refresh: Refresh): () => void {
    this.#followers.add(refresh);
    return () => this.#followers.delete(refresh);
  }

  /**
   * Load again with every poll what could not be loaded and may be had later, for what is not
   * refreshed otherwise; until the returned function is called.
   */
  mend(resource: Resource<unknown>, load: Refresh): () => void {
    return this.follow(async () => {
      const { error } = resource;
      if (error instanceof Refused ? error.isPassing : error !== null) await load();
    });
  }

  /**
   * A part that the server refuses does not stop the others. Returns a refusal that is no fault of
   * the request; one that is stands where it was asked.
   */
  async #refreshAll(waiting: Refresh[]): Promise<Refused | null> {
    let failed: Refused | null = null;
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await next().catch((error: unknown) => {
          if (!(error instanceof Refused)) throw error;
          if (error.isPassing) failed ??= error;
        });
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return failed;
  }

  #noteFailure(error: RequestError): void {
    const tries = (this.trouble?.tries ?? 0) + 1;
    const usual = RETRY_S[Math.min(tries, RETRY_S.length) - 1]!;
    const wait = Math.max(usual, Math.min(error.retryAfterS, PATIENCE_S));
    this.isSlow = false; // it is worse than that
    this.partial = null;
    const refusal = error instanceof Refused ? error.message : null;
    this.trouble = { refusal, tries, retryAt: this.#clock.now() + wait };
    // What ended with the server was not held back: once it is there again, so may a stream be.
    this.#blockedUntil = -Infinity;
  }

  #pause(): number {
    if (this.#again) return 0;
    if (this.trouble !== null) return Math.max(0.5, this.trouble.retryAt - this.#clock.now());
    const hasData = this.overview.value?.metrics.some((metric) => !metric.absent) === true;
    return hasData ? POLL_S : POLL_EMPTY_S;
  }
}
