/**
 * Maps addresses to pages. They are relative to the document's base, which the server sets in
 * index.html, so that nested pages work behind any path prefix.
 */

export type Route =
  | { page: 'overview' }
  | { page: 'metric'; id: string }
  | { page: 'targets' }
  | { page: 'incidents'; number: number | null }
  | { page: 'silences' }
  | { page: 'reports'; id: string | null }
  | { page: 'unknown'; path: string };

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
  if (parts.length === 1 && (parts[0] === '' || parts[0] === 'index.html'))
    return { page: 'overview' };
  const [page, id] = parts;
  if (parts.length === 1 && (page === 'targets' || page === 'silences')) return { page };
  if (parts.length === 1 && page === 'incidents') return { page, number: null };
  if (parts.length === 2 && page === 'incidents' && /^\d{1,15}$/.test(id ?? ''))
    return { page, number: Number(id) };
  if (parts.length === 1 && page === 'reports') return { page, id: null };
  if (parts.length === 2 && page === 'reports' && id) return { page, id: decode(id) };
  if (parts.length === 2 && page === 'metric' && id) return { page, id: decode(id) };
  return { page: 'unknown', path: `/${decode(path)}` };
}

export function formatPath(route: Route): string {
  if (route.page === 'metric') return `metric/${encodeURIComponent(route.id)}`;
  if (route.page === 'targets' || route.page === 'silences') return route.page;
  if (route.page === 'incidents')
    return route.number === null ? route.page : `${route.page}/${route.number}`;
  if (route.page === 'reports')
    return route.id === null ? route.page : `${route.page}/${encodeURIComponent(route.id)}`;
  return route.page === 'overview' ? '' : route.path.slice(1);
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
