/** The time being viewed, shared by all pages; the address is its only store. */

import type { Steps } from '../api/queries.ts';
import type { Router } from '../routes/router.svelte.ts';
import { stepPeriod } from './calendar.ts';
import { windowOf } from './timeWindow.ts';
import {
  RANGES, clampZoom, formatSearch, parseSearch,
  type Period, type RangeKey, type UrlState,
} from './urlState.ts';

export class View {
  url: UrlState = $derived.by(() => parseSearch(this.#router.search, this.#zone()));
  range = $derived.by(() => this.url.range);
  zoom = $derived.by(() => this.url.zoom);
  /** The moment that was clicked and stays, seconds UTC. */
  at = $derived.by(() => this.url.at);
  compare = $derived.by(() => this.url.compare);
  wall = $derived.by(() => this.url.wall);
  /** The time under the pointer, shared by charts, lanes and tables; seconds UTC. */
  cursor = $state<number | null>(null);
  /** The end of the live period while the charts are paused. */
  frozenAt = $state<number | null>(null);

  end = $derived.by(() => this.frozenAt ?? this.#now());
  /** Whether new values move the charts. */
  isLive = $derived.by(() => this.zoom === null && this.frozenAt === null);
  /** The period that every chart shows. */
  shown: Period = $derived.by(() => this.zoom ?? [this.end - RANGES[this.range], this.end]);
  /** The steps to load for it. */
  window: Steps = $derived.by(() => windowOf(RANGES[this.range], this.zoom, this.end));

  readonly #router: Router;
  readonly #now: () => number;
  readonly #zone: () => string;

  /** `now` is the server's time in seconds UTC, `zone` its time zone. */
  constructor(router: Router, now: () => number, zone: () => string) {
    this.#router = router;
    this.#now = now;
    this.#zone = zone;
  }

  /** The query string for a link to another page: the shared time, and `own` parameters of that page. */
  search(change: Partial<UrlState> = {}): string {
    return formatSearch({ ...this.url, own: {}, ...change }, this.#zone());
  }

  /** Change the view of the page that is open. */
  change(change: Partial<UrlState>, how: 'push' | 'replace' = 'replace'): void {
    this.#router.setSearch(formatSearch({ ...this.url, ...change }, this.#zone()), how);
  }

  /** A parameter of the page that is open; empty if it is not in the address. */
  param(name: string): string {
    return this.url.own[name] ?? '';
  }

  /** Change parameters of the page that is open; an empty text removes one. */
  setParams(change: Readonly<Record<string, string>>, how: 'push' | 'replace' = 'push'): void {
    this.change({ own: { ...this.url.own, ...change } }, how);
  }

  setRange(range: RangeKey): void {
    this.frozenAt = null;
    this.change({ range, zoom: null }, 'push');
  }

  setZoom(zoom: Period | null, how: 'push' | 'replace' = 'push'): void {
    this.change({ zoom: zoom && clampZoom(...zoom, this.#now()) }, how);
  }

  /** Zoom by a factor while the time `at` keeps its position. Back leaves the zoom at once. */
  zoomBy(factor: number, at?: number): void {
    const [from, to] = this.shown;
    const middle = at ?? this.at ?? (from + to) / 2;
    const zoom: Period = [middle - (middle - from) * factor, middle + (to - middle) * factor];
    const whole = zoom[1] - zoom[0] >= RANGES[this.range] && factor > 1;
    this.setZoom(whole ? null : zoom, this.#gesture());
  }

  /** Move the shown period by a fraction of its length. */
  pan(part: number): void {
    const [from, to] = this.shown;
    const by = (to - from) * part;
    this.setZoom([from + by, to + by], this.#gesture());
  }

  /** Go one period earlier or later: by whole days or months if those are shown. */
  step(by: -1 | 1): void {
    const now = this.#now();
    const [from, to] = stepPeriod(this.shown, by, now, this.#zone());
    const isNow = to >= now && Math.round(to - from) === RANGES[this.range];
    if (from >= now || (isNow && by === 1)) this.setZoom(null);
    else this.setZoom([from, Math.min(to, now)]);
  }

  /** Hold a moment, so that it stays in all charts and in the address; null releases it. */
  hold(at: number | null): void {
    this.change({ at: at === null ? null : Math.round(at) });
  }

  /** Show the present again, or stop its movement. */
  toggleLive(): void {
    if (this.zoom !== null) this.setZoom(null);
    else this.frozenAt = this.frozenAt === null ? this.#now() : null;
  }

  /** A gesture is one step of the history, however many movements it has. */
  #gesture(): 'push' | 'replace' {
    return this.zoom === null ? 'push' : 'replace';
  }
}
