/**
 * HTTP client for the server's own API.
 *
 *     RequestError
 *     ├── Refused      the server responded with an error
 *     └── Unreachable  no response from jipyo: no connection, a timeout, or a proxy's error page
 *
 * A request aborted by its caller rejects with the caller's reason.
 */

import { readEvents, type ServerEvent } from './events.ts';
import type { components } from './schema.d.ts';

export type Params = Record<string, string | number>;
type Problem = components['schemas']['Problem'];

export class RequestError extends Error {
  /** So many seconds the server, or what stands before it, asks to be left alone; 0 if it does not. */
  retryAfterS = 0;
}

/**
 * `status` is the HTTP status; `hint` says what to do about it, and may be empty; `at` is the
 * position in a log query, from 1.
 */
export class Refused extends RequestError {
  readonly status: number;
  readonly hint: string;
  readonly at: number | null;

  constructor(message: string, status: number, hint = '', at: number | null = null) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.at = at;
  }

  /** Whether the same request may succeed later: the server failed, or has too much to do. */
  get isPassing(): boolean {
    return this.status >= 500 || this.status === 429;
  }
}

export class Unreachable extends RequestError {}

const TIMEOUT_MS = 20_000;

export class Client {
  readonly #root: URL;
  readonly #fetch: typeof fetch;
  readonly #timeoutMs: number;
  readonly #tags = new WeakMap<object, string>();

  /** `base` is the site's root URL, with a trailing slash. */
  constructor(base: string, fetcher: typeof fetch, timeoutMs = TIMEOUT_MS) {
    this.#root = new URL('api/jipyo/', base);
    this.#fetch = fetcher;
    this.#timeoutMs = timeoutMs;
  }

  /** Fetch a document. Rejects with `Refused`, `Unreachable`, or the signal's reason. */
  get<T>(path: string, params: Params, signal?: AbortSignal): Promise<T> {
    return this.#request<T>(path, params, {}, signal);
  }

  /** Send a document and read the one that comes of it. Rejects as `get`. */
  post<T>(path: string, params: Params, body: object): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    return this.#request<T>(path, params, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** The ETag of a document that was fetched; empty if it had none. */
  tagOf(document: object | null): string {
    return (document && this.#tags.get(document)) ?? '';
  }

  /**
   * Open a stream of server-sent events. Rejects as `get`; the events end or fail with the
   * connection. `null` is a comment: nothing is new, but the connection works.
   */
  async *events(
    path: string, params: [string, string][], have: string, signal: AbortSignal,
  ): AsyncGenerator<ServerEvent | null> {
    const url = new URL(path, this.#root);
    for (const pair of params) url.searchParams.append(...pair);
    const headers = { Accept: 'text/event-stream', ...(have ? { 'Last-Event-ID': have } : {}) };
    const response = await this.#fetch(url, { headers, cache: 'no-store', signal }).catch(
      (error: unknown) => {
        throw new Unreachable(String(error), { cause: error });
      },
    );
    if (!response.ok) await readDocument(response);
    // As the page of a network that wants a login first.
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (!isStream || response.body === null) throw new Unreachable('no stream of events');
    try {
      yield* readEvents(response.body);
    } catch (error) {
      throw new Unreachable(String(error), { cause: error });
    }
  }

  async #request<T>(
    path: string, params: Params, init: RequestInit, signal?: AbortSignal,
  ): Promise<T> {
    const url = new URL(path, this.#root);
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value));
    signal?.throwIfAborted();
    const abort = new AbortController();
    const stop = () => abort.abort();
    // `AbortSignal.timeout` keeps each request in memory until its time is over.
    const timer = setTimeout(stop, this.#timeoutMs);
    signal?.addEventListener('abort', stop);
    try {
      const response = await this.#fetch(url, {
        ...init,
        cache: 'no-cache', // asks with the ETag of what the browser has
        signal: abort.signal,
      });
      const document = await readDocument<T>(response);
      const tag = response.headers.get('etag');
      if (tag !== null && typeof document === 'object' && document !== null) this.#tags.set(document, tag);
      return document;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RequestError) throw error;
      throw new Unreachable(String(error), { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }
}

async function readDocument<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  const { status } = response;
  // A proxy that cannot reach jipyo responds too, but not with our problem document.
  const isForeign = problem?.error === undefined && status >= 502;
  const error = isForeign
    ? new Unreachable(`HTTP ${status}`)
    : new Refused(problem?.error ?? `HTTP ${status}`, status, problem?.hint, problem?.at);
  error.retryAfterS = Number(response.headers.get('retry-after')) || 0; // a date counts as nothing
  throw error;
}
