/**
 * Which page the address names. Addresses are relative to the document's base, which the server
 * writes into index.html, so that a page of any depth works behind any path prefix.
 */

export type Route =
  | { page: 'overview' }
  | { page: 'metric'; id: string }
  | { page: 'unknown'; path: string };

/** The part of a browser's window that the router needs. */
export interface Place {
  readonly document: { readonly baseURI: string };
  readonly location: { readonly pathname: string; readonly search: string };
  readonly history: Pick<History, 'pushState' | 'replaceState'>;
  addEventListener(type: 'popstate', listener: () => void): void;
  scrollTo(options: { top: number }): void;
}

/** Read a path without its prefix; a slash at its end makes no difference. */
export function parsePath(path: string): Route {
  const parts = path.replace(/\/$/, '').split('/');
  if (parts.length === 1 && (parts[0] === '' || parts[0] === 'index.html'))
    return { page: 'overview' };
  const [page, id] = parts;
  if (parts.length === 2 && page === 'metric' && id) return { page, id: decode(id) };
  return { page: 'unknown', path: `/${decode(path)}` };
}

export function formatPath(route: Route): string {
  if (route.page === 'metric') return `metric/${encodeURIComponent(route.id)}`;
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
  /** Where the site begins, with a slash at its end: `/` or `/prefix/`. */
  readonly base: string;
  search = $state('');
  route: Route = $derived.by(() => parsePath(this.#path));

  #path = $state('');
  readonly #origin: string;
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
    // Read once: the base of a document stays what it was when the document was loaded.
    const base = new URL('.', place.document.baseURI);
    this.base = base.pathname;
    this.#origin = base.origin;
    this.#read();
    place.addEventListener('popstate', () => this.#read());
  }

  /** The address of a page, for a link. */
  href(route: Route, search = ''): string {
    return `${this.base}${formatPath(route)}${search}`;
  }

  /** Go to the top of a page; the page before stays in the history. */
  go(route: Route, search: string): void {
    this.#write(formatPath(route), search, 'push');
    this.#place.scrollTo({ top: 0 });
  }

  /** Follow a link if it leads to a page of ours; returns whether it does. */
  open(href: string): boolean {
    const url = new URL(href, this.#origin);
    if (url.origin !== this.#origin || !url.pathname.startsWith(this.base)) return false;
    const route = parsePath(url.pathname.slice(this.base.length));
    if (route.page === 'unknown') return false;
    this.go(route, url.search);
    return true;
  }

  /** Stay on the page with another query string. */
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
