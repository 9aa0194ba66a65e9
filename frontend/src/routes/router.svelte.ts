/**
 * Maps addresses to pages. They are relative to the document's base, which the server sets in
 * index.html, so that nested pages work behind any path prefix.
 */

export type Route =
  | { page: 'overview' }
  | { page: 'incidents'; number: number | null }
  | { page: 'silences' }
  | { page: 'metrics' }
  | { page: 'metric'; id: string }
  | { page: 'explore' }
  | { page: 'logs' }
  | { page: 'targets' }
  /** `month` is yyyy-mm; null for the present one. */
  | { page: 'months'; month: string | null; tab: MonthTab }
  | { page: 'report'; id: string }
  | { page: 'settings' }
  | { page: 'unknown'; path: string };

export type Page = Route['page'];
export type MonthTab = 'sla' | 'reports' | 'inspection';

const PLAIN = ['silences', 'metrics', 'explore', 'logs', 'targets', 'settings'] as const;

/** The parts of a browser's window that the router uses. */
export interface Place {
  readonly document: { readonly baseURI: string };
  readonly location: { readonly pathname: string; readonly search: string };
  readonly history: Pick<History, 'pushState' | 'replaceState'>;
  addEventListener(type: 'popstate', listener: () => void): void;
  scrollTo(options: { top: number }): void;
}

/** Parse a path relative to the site's root; a trailing slash is ignored. */
export function parsePath(path: string): Route {
  const parts = path.replace(/\/$/, '').split('/');
  return parseParts(parts) ?? { page: 'unknown', path: `/${decode(path)}` };
}

function parseParts([first = '', second, third, ...more]: string[]): Route | null {
  if (more.length > 0 || second === '') return null;
  if (first === 'months') return parseMonth(second ?? null, third);
  if (third !== undefined) return null;
  if (second !== undefined) return parseOne(first, second);
  if (first === '' || first === 'index.html') return { page: 'overview' };
  if (first === 'incidents') return { page: first, number: null };
  if (first === 'reports') return { page: 'months', month: null, tab: 'reports' };
  const page = PLAIN.find((name) => name === first);
  return page === undefined ? null : { page };
}

function parseOne(first: string, second: string): Route | null {
  if (first === 'incidents')
    return /^\d{1,15}$/.test(second) ? { page: first, number: Number(second) } : null;
  if (first === 'metrics') return { page: 'metric', id: decode(second) };
  return first === 'reports' ? { page: 'report', id: decode(second) } : null;
}

function parseMonth(month: string | null, tab: string | undefined): Route | null {
  if (month !== null && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) return null;
  if (tab === undefined) return { page: 'months', month, tab: 'sla' };
  return tab === 'reports' || tab === 'inspection' ? { page: 'months', month, tab } : null;
}

export function formatPath(route: Route): string {
  switch (route.page) {
    case 'overview':
      return '';
    case 'incidents':
      return route.number === null ? route.page : `${route.page}/${route.number}`;
    case 'metric':
      return `metrics/${encodeURIComponent(route.id)}`;
    case 'report':
      return `reports/${encodeURIComponent(route.id)}`;
    case 'months':
      return formatMonth(route.month, route.tab);
    case 'unknown':
      return route.path.slice(1);
    default:
      return route.page;
  }
}

function formatMonth(month: string | null, tab: MonthTab): string {
  if (month === null) return tab === 'reports' ? 'reports' : 'months';
  return tab === 'sla' ? `months/${month}` : `months/${month}/${tab}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % is nothing that we wrote
  }
}

export class Router {
  /** The path of the site's root: `/` or `/prefix/`. */
  readonly base: string;
  search = $state('');
  route: Route = $derived.by(() => parsePath(this.#path));

  #path = $state('');
  readonly #origin: string;
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    // Read once: a document keeps the base it was loaded with.
    const base = new URL('.', place.document.baseURI);
    this.base = base.pathname;
    this.#origin = base.origin;
    this.#read();
    place.addEventListener('popstate', () => this.#read());
  }

  /** The URL of a page, for links. */
  href(route: Route, search = ''): string {
    return `${this.base}${formatPath(route)}${search}`;
  }

  /** Navigate to the top of a page, adding a history entry. */
  go(route: Route, search: string): void {
    this.#write(formatPath(route), search, 'push');
    this.#place.scrollTo({ top: 0 });
  }

  /** Navigate if the URL is one of our pages; returns whether it is. */
  open(href: string): boolean {
    const url = new URL(href, this.#origin);
    if (url.origin !== this.#origin || !url.pathname.startsWith(this.base)) return false;
    const route = parsePath(url.pathname.slice(this.base.length));
    if (route.page === 'unknown') return false;
    this.go(route, url.search);
    return true;
  }

  /** Change the query string of the current page. */
  setSearch(search: string, how: 'push' | 'replace'): void {
    this.#write(this.#path, search, how);
  }

  #write(path: string, search: string, how: 'push' | 'replace'): void {
    if (path === this.#path && search === this.search) return;
    this.#path = path;
    this.search = search;
    const address = `${this.base}${path}${search}`;
    const { history } = this.#place;
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  #read(): void {
    const { pathname, search } = this.#place.location;
    this.#path = pathname.startsWith(this.base) ? pathname.slice(this.base.length) : '';
    this.search = search;
  }
}
