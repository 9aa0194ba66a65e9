/** Wires the parts of the dashboard's state together. */

import { Refused } from '../api/client.ts';
import type { Doctor, MetricNow, MetricOutlook, Overview, Queries, Targets } from '../api/queries.ts';
import type { Feed } from '../charts/feed.svelte.ts';
import { buildGroups, groupIdOf, type Group } from '../routes/overview/groups.ts';
import { Router, type Place } from '../routes/router.svelte.ts';
import type { Texts } from '../text/index.ts';
import { Live, type Clock } from './live.svelte.ts';
import { Preferences, type Store, type SystemWishes } from './preferences.svelte.ts';
import { Resource } from './resource.svelte.ts';
import { View } from './view.svelte.ts';

export interface Surroundings {
  place: Place;
  store: Store;
  system: SystemWishes;
  clock: Clock;
  queries: Queries;
}

export class App {
  readonly router: Router;
  readonly view: View;
  readonly live: Live;
  readonly preferences: Preferences;
  /** Instructions for metrics without data; loaded when they are shown. */
  readonly doctor = new Resource<Doctor>();
  /** Loaded while the page of targets is open. */
  readonly targets = new Resource<Targets>();

  texts: Texts = $derived.by(() => this.preferences.texts);
  overview: Overview | null = $derived.by(() => this.live.overview.value);
  /** The server's time zone. */
  zone = $derived.by(() => this.overview?.timezone ?? 'UTC');
  groups: Group[] = $derived.by(() =>
    this.overview === null ? [] : buildGroups(this.overview, this.texts),
  );
  /** The group in the address, if it exists. */
  group: string | null = $derived.by(() => {
    const { group } = this.view.url;
    const exists = this.overview?.metrics.some(({ id }) => groupIdOf(id) === group);
    return exists === true ? group : null;
  });

  /** The name of the open group; empty for all. */
  groupName: string = $derived.by(() => {
    const { group } = this;
    const own = new Map(Object.entries(this.texts.groups));
    const names = [this.groups.find(({ id }) => id === group)?.name, own.get(group ?? '')];
    return names.find((name) => name !== undefined) ?? group ?? '';
  });

  readonly #queries: Queries;

  constructor({ place, store, system, clock, queries }: Surroundings) {
    this.#queries = queries;
    this.router = new Router(place);
    this.live = new Live(clock, (signal) => queries.overview(this.preferences.lang, signal));
    this.view = new View(this.router, () => this.live.now);
    this.preferences = new Preferences(
      store,
      system,
      () => this.view.url,
      (change) => this.view.change(change),
    );
  }

  findMetric(id: string): MetricNow | undefined {
    return this.overview?.metrics.find((metric) => metric.id === id);
  }

  /** Update a chart's values. */
  pull(feed: Feed): Promise<void> {
    const { lang } = this.preferences;
    return feed.pull(this.view.window, lang, (steps, signal) =>
      this.#queries.metric(feed.id, steps, lang, signal),
    );
  }

  loadDoctor(): Promise<void> {
    const { lang } = this.preferences;
    return this.doctor.load((signal) => this.#queries.doctor(lang, signal));
  }

  loadTargets(): Promise<void> {
    const { lang } = this.preferences;
    return this.targets.load((signal) => this.#queries.targets(lang, signal));
  }

  /** Load what is expected of a metric into the resource of its page. */
  loadOutlook(outlook: Resource<MetricOutlook>, id: string): Promise<void> {
    const { lang } = this.preferences;
    return outlook.load((signal) => this.#queries.outlook(id, lang, signal));
  }

  /** Describe a failed request in the reader's language. */
  explain(error: unknown): string {
    return error instanceof Refused ? error.message : this.texts.connectionLost;
  }

  /** The URL of a group's overview; of all groups for null. */
  groupHref(group: string | null): string {
    return this.router.href({ page: 'overview' }, this.view.search({ group }));
  }

  /** The URL of a metric's page, keeping the current view. */
  metricHref(id: string): string {
    return this.router.href({ page: 'metric', id }, this.view.search());
  }

  /** The URL of the page of targets, keeping the current view. */
  targetsHref(): string {
    return this.router.href({ page: 'targets' }, this.view.search());
  }

  showGroup(group: string | null): void {
    this.router.go({ page: 'overview' }, this.view.search({ group }));
  }

  /** Go to the previous or next group; all groups come first. */
  stepGroup(by: number): void {
    const all = [null, ...this.groups.map((group) => group.id)];
    const next = (all.indexOf(this.group) + by + all.length) % all.length;
    this.showGroup(all[next] ?? null);
  }

  /** Step back towards the plain overview: leave the zoom, then the metric, then the group. */
  leave(): void {
    if (this.view.zoom !== null) this.view.setZoom(null);
    else if (this.router.route.page !== 'overview') this.showGroup(this.view.url.group);
    else if (this.view.url.group !== null) this.showGroup(null);
  }
}
