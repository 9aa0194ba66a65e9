/** The list of lines: pages backwards, and new ones at its head. */

import type { Params } from '../../api/client.ts';
import type { LogLine, LogLines } from '../../api/queries.ts';
import { Resource } from '../../state/resource.svelte.ts';

/** Lines that come so much later than younger ones are still shown, in seconds. */
const LATE_S = 60;
const PAGE = 100;
const TAIL = 500;
/** Nobody reads more at once, and a browser keeps them all. */
const MOST = 5000;

export type FetchLines = (asked: Params, signal?: AbortSignal) => Promise<LogLines>;

export class LineList {
  readonly first = new Resource<LogLines>();
  lines = $state.raw<readonly LogLine[]>([]);
  /** Newer than those that are shown; they wait while somebody reads. */
  waiting = $state.raw<readonly LogLine[]>([]);
  next = $state.raw<string | null>(null);

  readonly #fetch: FetchLines;
  #asked: Params = {};

  constructor(fetch: FetchLines) {
    this.#fetch = fetch;
  }

  /** Load the newest lines of a query anew. */
  async load(asked: Params): Promise<void> {
    this.#asked = asked;
    await this.first.load((signal) => this.#fetch({ ...asked, limit: PAGE }, signal));
    if (this.#asked !== asked || this.first.value === null) return;
    this.lines = this.first.value.lines;
    this.next = this.first.value.next;
    this.waiting = [];
  }

  /** Load the page of older lines. */
  async loadOlder(): Promise<void> {
    const asked = this.#asked;
    if (this.next === null) return;
    const page = await this.#fetch({ ...asked, limit: PAGE, after: this.next });
    if (this.#asked !== asked) return;
    this.lines = [...this.lines, ...page.lines];
    this.next = this.lines.length >= MOST ? null : page.next;
  }

  /**
   * Look for lines that came since; only the new tail is asked for. While somebody reads they
   * wait, so that nothing moves.
   */
  async follow(end: number, isReading: boolean): Promise<void> {
    const asked = this.#asked;
    const newest = this.lines[0]?.t;
    if (newest === undefined) return this.load({ ...asked, end });
    const start = Math.max(Number(asked['start'] ?? 0), newest - LATE_S);
    const page = await this.#fetch({ ...asked, start, end, limit: TAIL });
    if (this.#asked !== asked) return;
    const known = new Set([...this.waiting, ...this.lines].map((line) => line.id));
    const fresh = page.lines.filter((line) => !known.has(line.id));
    if (fresh.length === 0) return;
    this.waiting = [...fresh, ...this.waiting].toSorted((a, b) => b.t - a.t);
    if (!isReading) this.showWaiting();
  }

  /** Put the lines that wait at the head of the list. */
  showWaiting(): void {
    const all = [...this.waiting, ...this.lines].toSorted((a, b) => b.t - a.t);
    this.lines = all.slice(0, MOST);
    this.waiting = [];
  }
}
