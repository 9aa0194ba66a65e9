/** A document from the server together with the state of loading it. */

export type Status = 'loading' | 'ready' | 'error' | 'stale';

export class Resource<T> {
  value = $state.raw<T | null>(null);
  /** The error of the latest request; null if it succeeded. */
  error = $state.raw<unknown>(null);

  /** `stale`: there is a value, but the latest request failed. */
  status: Status = $derived.by(() => {
    if (this.error !== null) return this.value === null ? 'error' : 'stale';
    return this.value === null ? 'loading' : 'ready';
  });

  #pending: AbortController | null = null;

  get isLoading(): boolean {
    return this.#pending !== null;
  }

  /**
   * Load the document. A newer call aborts an older one and discards its response.
   * Rejects with the fetcher's error; resolves without a change if superseded.
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

  /** Abort the request in flight, if any. */
  cancel(): void {
    this.#pending?.abort();
    this.#pending = null;
  }
}
