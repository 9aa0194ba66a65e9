/** A document that comes from the server, and how far it can be trusted. */

export type Status = 'loading' | 'ready' | 'error' | 'stale';

export class Resource<T> {
  value = $state.raw<T | null>(null);
  /** Why the newest request failed; null once one has succeeded. */
  error = $state.raw<unknown>(null);

  /** `stale`: there is a value, but the newest request for it failed. */
  status: Status = $derived.by(() => {
    if (this.error !== null) return this.value === null ? 'error' : 'stale';
    return this.value === null ? 'loading' : 'ready';
  });

  #pending: AbortController | null = null;

  /**
   * Ask for the document. A newer call aborts an older one, whose answer is dropped.
   * Rejects with what `fetcher` rejects with; resolves without a change when superseded.
   */
  async load(fetcher: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#pending?.abort();
    const pending = new AbortController();
    this.#pending = pending;
    try {
      const value = await fetcher(pending.signal);
      if (pending.signal.aborted) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      if (pending.signal.aborted) return;
      this.error = error;
      throw error;
    } finally {
      if (this.#pending === pending) this.#pending = null;
    }
  }

  /** Give up the request that is under way, if any. */
  cancel(): void {
    this.#pending?.abort();
    this.#pending = null;
  }
}
