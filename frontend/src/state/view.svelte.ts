/** The period and the group being viewed; the address is their only store. */

import type { MetricNow, Steps } from '../api/queries.ts';
import type { Router } from '../routes/router.svelte.ts';
import { windowOf } from './timeWindow.ts';
import {
  RANGES, clampZoom, formatSearch, parseSearch,
  type Period, type RangeKey, type UrlState,
} from './urlState.ts';

export class View {
  url: UrlState = $derived.by(() => parseSearch(this.#router.search));
  range = $derived.by(() => this.url.range);
  zoom = $derived.by(() => this.url.zoom);
  /** The end of the live period while the charts are paused. */
  frozenAt = $state<number | null>(null);

  end = $derived.by(() => this.frozenAt ?? this.#now());
  /** The period that every chart shows. */
  shown: Period = $derived.by(() => this.zoom ?? [this.end - RANGES[this.range], this.end]);
  /** The steps to load for it. */
  window: Steps = $derived.by(() => windowOf(RANGES[this.range], this.zoom, this.end));

  readonly #router: Router;
  readonly #now: () => number;

  /** `now` is the server's time, in seconds UTC. */
  constructor(router: Router, now: () => number) {
    this.#router = router;
    this.#now = now;
  }

  /** The query string of this view with some changes, for links and the address bar. */
  search(change: Partial<UrlState> = {}): string {
    return formatSearch({ ...this.url, ...change });
  }

  change(change: Partial<UrlState>, how: 'push' | 'replace' = 'replace'): void {
    this.#router.setSearch(this.search(change), how);
  }

  setRange(range: RangeKey): void {
    this.change({ range, zoom: null }, 'push');
  }

  setZoom(zoom: Period | null, how: 'push' | 'replace' = 'push'): void {
    this.change({ zoom: zoom && clampZoom(...zoom, this.#now()) }, how);
  }

  /** Zoom by a factor while the time `at` keeps its position. */
  zoomBy(factor: number, at?: number): void {
    const [from, to] = this.shown;
    const middle = at ?? (from + to) / 2;
    const zoom: Period = [middle - (middle - from) * factor, middle + (to - middle) * factor];
    const whole = zoom[1] - zoom[0] >= RANGES[this.range] && factor > 1;
    this.setZoom(whole ? null : zoom, 'replace');
  }

  /** Move the shown period by a fraction of its length. */
  pan(part: number): void {
    const [from, to] = this.shown;
    const by = (to - from) * part;
    this.setZoom([from + by, to + by], 'replace');
  }

  togglePause(): void {
    this.frozenAt = this.frozenAt === null ? this.#now() : null;
  }

  /** Choose which metric represents a group. */
  choose(members: readonly MetricNow[], id: string): void {
    const others = this.url.metrics.filter((m) => !members.some((metric) => metric.id === m));
    this.change({ metrics: id === members[0]?.id ? others : [...others, id] });
  }

  /** The metric that represents a group: the chosen one, otherwise the first. */
  chosenOf(members: readonly MetricNow[]): MetricNow | undefined {
    return members.find((metric) => this.url.metrics.includes(metric.id)) ?? members[0];
  }
}
