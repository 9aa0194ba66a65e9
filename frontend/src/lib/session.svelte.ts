/** What the page knows and what the reader chose; the only file that polls. */

import * as api from './api.ts';
import {
  RANGES, THEMES, clampZoom, readAddress, writeAddress,
  type RangeKey, type Theme, type View, type Zoom,
} from './address.ts';
import type { Feed } from './feed.svelte.ts';
import { groupOf, groupsOf, hasData, type Group } from './groups.ts';
import { TEXTS, isLang, type Lang, type Texts } from './i18n.ts';
import { windowOf, type Window } from './window.ts';

const POLL_S = 10;
const POLL_EMPTY_S = 5;
const RETRY_S = [2, 5, 10, 15];
const AT_ONCE = 4;

const nowSeconds = () => Date.now() / 1000;

export class Session {
  lang = $state<Lang>('ko');
  theme = $state<Theme>('system');
  range = $state<RangeKey>('1h');
  zoom = $state.raw<Zoom | null>(null);
  family = $state<string | null>(null);
  chosen = $state.raw<string[]>([]);
  overview = $state.raw<api.Overview | null>(null);
  /** What went wrong on the last poll; null while all is well. */
  trouble = $state.raw<{ refused: string | null; tries: number; retryAt: number } | null>(null);
  /** Seconds UTC by the server's clock, at the last answer. */
  now = $state(nowSeconds());
  frozenAt = $state<number | null>(null);
  systemDark = $state(false);

  texts: Texts = $derived(TEXTS[this.lang]);
  dark = $derived(this.theme === 'system' ? this.systemDark : this.theme === 'dark');
  zone = $derived(this.overview?.timezone ?? 'UTC');
  end = $derived(this.frozenAt ?? this.now);
  window: Window = $derived(windowOf(RANGES[this.range], this.zoom, this.end));
  /** The period that every chart shows. */
  shown: Zoom = $derived(this.zoom ?? [this.end - RANGES[this.range], this.end]);
  /** The group that the address names, if there is such a group. */
  focus = $derived(
    this.overview?.metrics.some((m) => groupOf(m.id) === this.family) === true
      ? this.family
      : null,
  );
  /** Then its name goes without saying. */
  oneInstance = $derived(
    new Set(this.overview?.metrics.flatMap((m) => m.worst?.['instance'] ?? [])).size < 2,
  );
  groups: Group[] = $derived(
    this.overview === null ? [] : groupsOf(this.overview, this.texts),
  );

  readonly #feeds = new Set<Feed>();
  readonly #browser: globalThis.Window;
  #said: { lang: Lang | null; theme: Theme | null } = { lang: null, theme: null };
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(browser: globalThis.Window) {
    this.#browser = browser;
    const system = browser.matchMedia('(prefers-color-scheme: dark)');
    this.systemDark = system.matches;
    system.addEventListener('change', (event) => (this.systemDark = event.matches));
    this.#take(readAddress(browser.location.search));
    browser.addEventListener('popstate', () => this.#take(readAddress(browser.location.search)));
    browser.document.addEventListener('visibilitychange', () => this.poll());
  }

  /** Ask the overview and every chart in sight; then again, until the page is closed. */
  async poll(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#busy || this.#browser.document.hidden) return;
    this.#busy = true;
    try {
      const overview = await api.overview(this.lang);
      this.overview = overview;
      this.now = overview.t;
      await this.#pullAll();
      this.trouble = null;
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
      const wait = this.trouble ? this.trouble.retryAt - nowSeconds() : this.#pause();
      this.#timer = setTimeout(() => void this.poll(), Math.max(0.5, wait) * 1000);
    }
  }

  /** A chart came in sight; it is kept up to date until the returned function is called. */
  follow(feed: Feed): () => void {
    this.#feeds.add(feed);
    return () => this.#feeds.delete(feed);
  }

  async pull(feed: Feed): Promise<void> {
    try {
      await feed.pull(this.window, this.lang);
      feed.failed = null;
    } catch (error) {
      feed.failed = error instanceof api.Refused ? error.message : this.texts.lost;
      throw error;
    }
  }

  setLang(lang: Lang): void {
    this.lang = this.#said.lang = lang;
    this.#browser.localStorage.setItem('jipyo.lang', lang);
    this.#write('replace');
    void this.poll();
  }

  nextTheme(): void {
    const theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]!;
    this.theme = this.#said.theme = theme;
    this.#browser.localStorage.setItem('jipyo.theme', theme);
    this.#write('replace');
  }

  setRange(range: RangeKey): void {
    this.range = range;
    this.zoom = null;
    this.#write('push');
  }

  setZoom(zoom: Zoom | null, history: 'push' | 'replace' = 'push'): void {
    this.zoom = zoom && clampZoom(zoom[0], zoom[1], this.now);
    this.#write(history);
  }

  /** Make the shown period longer or shorter; `at` stays where it is. */
  zoomBy(factor: number, at?: number): void {
    const [from, to] = this.shown;
    const middle = at ?? (from + to) / 2;
    const zoom: Zoom = [middle - (middle - from) * factor, middle + (to - middle) * factor];
    const whole = zoom[1] - zoom[0] >= RANGES[this.range] && factor > 1;
    this.setZoom(whole ? null : zoom, 'replace');
  }

  /** Move the shown period by a part of its length. */
  pan(part: number): void {
    const [from, to] = this.shown;
    const by = (to - from) * part;
    this.setZoom([from + by, to + by], 'replace');
  }

  togglePause(): void {
    this.frozenAt = this.frozenAt === null ? this.now : null;
  }

  setFamily(family: string | null): void {
    this.family = family;
    this.#write('push');
    this.#browser.scrollTo({ top: 0 });
  }

  /** Go to the group before or after, with "all" at the start. */
  stepFamily(by: number): void {
    const all = [null, ...this.groups.map((group) => group.id)];
    const next = (all.indexOf(this.focus) + by + all.length) % all.length;
    this.setFamily(all[next] ?? null);
  }

  choose(group: Group, id: string): void {
    const others = this.chosen.filter((m) => !group.metrics.some((metric) => metric.id === m));
    this.chosen = id === group.metrics[0]?.id ? others : [...others, id];
    this.#write('replace');
  }

  chosenOf(group: Group): string | undefined {
    return (group.metrics.find((m) => this.chosen.includes(m.id)) ?? group.metrics[0])?.id;
  }

  async #pullAll(): Promise<void> {
    const waiting = [...this.#feeds];
    const work = async () => {
      for (let feed = waiting.shift(); feed !== undefined; feed = waiting.shift()) {
        await this.pull(feed).catch((error: unknown) => {
          if (!(error instanceof api.Refused)) throw error;
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  #failed(error: unknown): void {
    const tries = (this.trouble?.tries ?? 0) + 1;
    const wait = RETRY_S[Math.min(tries, RETRY_S.length) - 1]!;
    const refused = error instanceof api.Refused ? error.message : null;
    this.trouble = { refused, tries, retryAt: nowSeconds() + wait };
  }

  #pause(): number {
    return this.overview?.metrics.some(hasData) ? POLL_S : POLL_EMPTY_S;
  }

  #take(view: View): void {
    const kept = this.#browser.localStorage;
    const lang = kept.getItem('jipyo.lang');
    const theme = kept.getItem('jipyo.theme') as Theme | null;
    const spoken: Lang = this.#browser.navigator.language.startsWith('ko') ? 'ko' : 'en';
    this.lang = view.lang ?? (isLang(lang) ? lang : spoken);
    this.theme = view.theme ?? (theme !== null && THEMES.includes(theme) ? theme : 'system');
    this.#said = { lang: view.lang, theme: view.theme };
    this.range = view.range;
    this.family = view.family;
    this.chosen = view.metrics;
    this.zoom = view.zoom;
  }

  #write(how: 'push' | 'replace'): void {
    const { range, family, chosen: metrics, zoom } = this;
    const search = writeAddress({ ...this.#said, range, family, metrics, zoom });
    const { location, history } = this.#browser;
    if (search === location.search) return;
    const address = `${location.pathname}${search}`;
    if (how === 'push') history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }
}
