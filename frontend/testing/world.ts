/** Stand-ins for what a browser provides: location and history, a clock, storage, fetch. */

import type { Place } from '../src/routes/router.svelte.ts';
import type { Clock } from '../src/state/live.svelte.ts';

/** A browser's location and history; `back` is the Back button. */
export class FakePlace implements Place {
  readonly document: { baseURI: string };
  readonly entries: string[];
  scrolled = 0;
  #at = 0;
  #listeners: (() => void)[] = [];

  readonly history = {
    pushState: (_state: unknown, _title: string, address?: string | URL | null) => {
      this.entries.length = this.#at + 1;
      this.entries.push(String(address));
      this.#at += 1;
    },
    replaceState: (_state: unknown, _title: string, address?: string | URL | null) => {
      this.entries[this.#at] = String(address);
    },
  };

  constructor(address = '/', base = '/') {
    this.entries = [address];
    this.document = { baseURI: new URL(base, 'http://host').href };
  }

  get location() {
    return new URL(this.entries[this.#at]!, 'http://host');
  }

  addEventListener(_type: 'popstate', listener: () => void): void {
    this.#listeners.push(listener);
  }

  scrollTo(): void {
    this.scrolled += 1;
  }

  back(): void {
    this.#at -= 1;
    for (const listener of this.#listeners) listener();
  }
}

/** A clock that moves only when a test advances it. */
export class FakeClock implements Clock {
  hidden = false;
  #now: number;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(now = 10_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  isHidden(): boolean {
    return this.hidden;
  }

  after(seconds: number, callback: () => void): () => void {
    const timer = { at: this.#now + seconds, callback };
    this.#timers.push(timer);
    return () => (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Seconds until each timer is due. */
  get due(): number[] {
    return this.#timers.map(({ at }) => at - this.#now);
  }

  /** Advance the time, run due timers and settle what they started. */
  async pass(seconds: number): Promise<void> {
    this.#now += seconds;
    const due = this.#timers.filter(({ at }) => at <= this.#now);
    this.#timers = this.#timers.filter((timer) => !due.includes(timer));
    for (const { callback } of due) callback();
    await settle();
  }
}

/** Wait for all promises that can resolve now. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `localStorage` in memory. */
export class FakeStore {
  readonly items = new Map<string, string>();

  constructor(items: Record<string, string> = {}) {
    this.items = new Map(Object.entries(items));
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

export interface Call {
  path: string;
  params: Record<string, string>;
  method: string;
  /** Of a request that changes something. */
  body: unknown;
  signal: AbortSignal | null | undefined;
}

type Answer = unknown | Response | Error | ((call: Call) => unknown);

/**
 * A `fetch` that responds from a table keyed by the path below /api/jipyo/: a document, a
 * response, an error to reject with, or a function of the call that returns one of these.
 */
export function fakeFetch(answers: Record<string, Answer>): {
  fetch: typeof fetch;
  calls: Call[];
} {
  const calls: Call[] = [];
  const fetcher = async (input: string | URL | Request, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const sent = {
      method: init?.method ?? 'GET',
      body: typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : null,
    };
    const path = decodeURIComponent(url.pathname.split('/api/jipyo/')[1] ?? url.pathname);
    const call = { path, params: Object.fromEntries(url.searchParams), signal: init?.signal, ...sent };
    calls.push(call);
    const given = answers[path];
    const answer: unknown = typeof given === 'function' ? await given(call) : given;
    if (answer instanceof Error) throw answer;
    if (answer instanceof Response) return answer;
    if (answer === undefined) return Response.json({ error: `no ${path}` }, { status: 404 });
    return Response.json(answer);
  };
  return { fetch: fetcher as typeof fetch, calls };
}
