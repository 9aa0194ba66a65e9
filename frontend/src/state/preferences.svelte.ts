/** The reader's language and theme. */

import { TEXTS, isLang, type Lang, type Texts } from '../text/index.ts';
import { THEMES, isTheme, type Theme, type UrlState } from './urlState.ts';

const LANG_KEY = 'jipyo.lang';
const THEME_KEY = 'jipyo.theme';
const WHO_KEY = 'jipyo.who';
const LETTERS_KEY = 'jipyo.letters';

/** Persists choices, as `localStorage` does. */
export type Store = Pick<Storage, 'getItem' | 'setItem'>;

/** The preferences of the reader's system. */
export interface SystemWishes {
  language: string;
  dark: boolean;
}

export class Preferences {
  /** The address wins over the last choice, which wins over the system. */
  lang: Lang = $derived.by(() => this.#url().lang ?? this.#storedLang ?? this.#systemLang);
  theme: Theme = $derived.by(() => this.#url().theme ?? this.#storedTheme ?? 'system');
  texts: Texts = $derived.by(() => TEXTS[this.lang]);
  dark = $derived.by(() => (this.theme === 'system' ? this.systemDark : this.theme === 'dark'));
  systemDark = $state(false);
  /** The name under which the reader acts; asked for once in a browser. */
  who = $state('');
  /** Whether single keys are shortcuts (WCAG 2.1.4 wants a way to turn them off). */
  letters = $state(true);

  #storedLang = $state<Lang | null>(null);
  #storedTheme = $state<Theme | null>(null);
  readonly #systemLang: Lang;
  readonly #store: Store;
  readonly #url: () => UrlState;
  readonly #setUrl: (change: Partial<UrlState>) => void;

  /** `url` reads the state in the address, `setUrl` changes it. */
  constructor(
    store: Store,
    system: SystemWishes,
    url: () => UrlState,
    setUrl: (change: Partial<UrlState>) => void,
  ) {
    this.#store = store;
    this.#url = url;
    this.#setUrl = setUrl;
    this.#systemLang = system.language.toLowerCase().startsWith('ko') ? 'ko' : 'en';
    this.systemDark = system.dark;
    this.who = store.getItem(WHO_KEY) ?? '';
    this.letters = store.getItem(LETTERS_KEY) !== 'off';
    const lang = store.getItem(LANG_KEY);
    const theme = store.getItem(THEME_KEY);
    this.#storedLang = isLang(lang) ? lang : null;
    this.#storedTheme = isTheme(theme) ? theme : null;
  }

  setLang(lang: Lang): void {
    this.#storedLang = lang;
    this.#store.setItem(LANG_KEY, lang);
    this.#setUrl({ lang });
  }

  setWho(who: string): void {
    this.who = who.trim();
    this.#store.setItem(WHO_KEY, this.who);
  }

  setLetters(on: boolean): void {
    this.letters = on;
    this.#store.setItem(LETTERS_KEY, on ? 'on' : 'off');
  }

  toggleLang(): void {
    this.setLang(this.lang === 'ko' ? 'en' : 'ko');
  }

  /** Cycle through system, light and dark. */
  cycleTheme(): void {
    this.setTheme(THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]!);
  }

  setTheme(theme: Theme): void {
    this.#storedTheme = theme;
    this.#store.setItem(THEME_KEY, theme);
    this.#setUrl({ theme });
  }
}
