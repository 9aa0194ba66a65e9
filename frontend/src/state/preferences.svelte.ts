/** What a reader chooses once: the language and the theme. */

import { TEXTS, isLang, type Lang, type Texts } from '../text/index.ts';
import { THEMES, isTheme, type Theme, type UrlState } from './urlState.ts';

const LANG_KEY = 'jipyo.lang';
const THEME_KEY = 'jipyo.theme';

/** Where choices are kept; `localStorage` is one. */
export type Store = Pick<Storage, 'getItem' | 'setItem'>;

/** What the reader's system asks for. */
export interface SystemWishes {
  language: string;
  dark: boolean;
}

export class Preferences {
  /** The choice of the address comes first, then the last one made, then the system's. */
  lang: Lang = $derived.by(() => this.#url().lang ?? this.#storedLang ?? this.#systemLang);
  theme: Theme = $derived.by(() => this.#url().theme ?? this.#storedTheme ?? 'system');
  texts: Texts = $derived.by(() => TEXTS[this.lang]);
  dark = $derived.by(() => (this.theme === 'system' ? this.systemDark : this.theme === 'dark'));
  systemDark = $state(false);

  #storedLang = $state<Lang | null>(null);
  #storedTheme = $state<Theme | null>(null);
  readonly #systemLang: Lang;
  readonly #store: Store;
  readonly #url: () => UrlState;
  readonly #setUrl: (change: Partial<UrlState>) => void;

  /** `url` and `setUrl` read and change the state in the address. */
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

  toggleLang(): void {
    this.setLang(this.lang === 'ko' ? 'en' : 'ko');
  }

  /** As the system, light, dark, and round again. */
  cycleTheme(): void {
    const theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length]!;
    this.#storedTheme = theme;
    this.#store.setItem(THEME_KEY, theme);
    this.#setUrl({ theme });
  }
}
