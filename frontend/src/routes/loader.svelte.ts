/** Loads the component of a page when the page is first opened; the last page stays until then. */

import type { Page, Route } from './router.svelte.ts';

/** The overview is not among them: it comes with the first script. */
export const LOADERS = {
  explore: async () => (await import('./explore/Page.svelte')).default,
  incidents: async () => (await import('./incidents/Page.svelte')).default,
  logs: async () => (await import('./logs/Page.svelte')).default,
  metric: async () => (await import('./metrics/Metric.svelte')).default,
  metrics: async () => (await import('./metrics/Page.svelte')).default,
  months: async () => (await import('./months/Page.svelte')).default,
  report: async () => (await import('./reports/Page.svelte')).default,
  settings: async () => (await import('./settings/Page.svelte')).default,
  silences: async () => (await import('./silences/Page.svelte')).default,
  targets: async () => (await import('./targets/Page.svelte')).default,
};

type Loaders = Partial<Record<Page, () => Promise<unknown>>>;
type Components<L extends Loaders> = {
  [P in keyof L]?: L[P] extends () => Promise<infer C> ? C : never;
};

export class PageLoader<L extends Loaders = typeof LOADERS> {
  /** The components that are there. */
  components = $state.raw<Components<L>>({});
  /** The latest route whose page could be shown; null before the first. */
  shown = $state.raw<Route | null>(null);
  /** Why the page that was opened last is not there; null if it is, or may still come. */
  error = $state.raw<unknown>(null);

  readonly #loaders: L;
  #wanted: Route | null = null;

  constructor(loaders: L) {
    this.#loaders = loaders;
  }

  /** Show the page of a route, at once if its component is there. Keeps the error of a failure. */
  async open(route: Route): Promise<void> {
    this.#wanted = route;
    this.error = null;
    const load = route.page in this.components ? undefined : this.#loaders[route.page];
    try {
      if (load !== undefined) {
        const component = await load();
        this.components = { ...this.components, [route.page]: component };
      }
    } catch (error) {
      if (this.#wanted === route) this.error = error;
      return;
    }
    if (this.#wanted === route) this.shown = route;
  }
}
