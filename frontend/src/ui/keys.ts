/**
 * The keyboard: which key does what, by position, so that it works under a Korean input method,
 * where the key L types ㅣ.
 */

import type { App } from '../state/app.svelte.ts';
import { ENTRIES } from './navigation.ts';

/** The parts of a keyboard event that decide what it does. */
export type Press = Pick<KeyboardEvent, 'code' | 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** What the keys do that only the page can: each returns whether it did anything. */
export interface Commands {
  /** Show the list of the keys. */
  help(): void;
  /** Move the focus into the search of the page that is open. */
  search(): void;
  /** Acknowledge the incident that is open. */
  acknowledge(): void;
}

/** `g` waits this long for the second letter. */
const WAIT_MS = 1500;

export class Keys {
  readonly #app: App;
  readonly #commands: Commands;
  #goUntil = 0;

  constructor(app: App, commands: Commands) {
    this.#app = app;
    this.#commands = commands;
  }

  /** Do what a key does at a time in milliseconds; returns whether it does anything. */
  press(event: Press, nowMs: number): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const goes = nowMs < this.#goUntil;
    this.#goUntil = 0;
    const act = this.#find(event, goes, nowMs);
    act?.();
    return act !== undefined;
  }

  #find(event: Press, goes: boolean, nowMs: number): (() => void) | undefined {
    const { view } = this.#app;
    if (event.code === 'Escape') return () => this.#app.leave();
    if (!this.#app.preferences.letters) return undefined;
    if (goes) return this.#findPage(event.code);
    if (event.key === '?') return () => this.#commands.help();
    const acts: Record<string, () => void> = {
      KeyG: () => (this.#goUntil = nowMs + WAIT_MS),
      KeyA: () => this.#commands.acknowledge(),
      KeyL: () => this.#openLogs(),
      KeyW: () => view.change({ wall: !view.wall }, 'push'),
      Slash: () => this.#commands.search(),
      BracketLeft: () => view.step(-1),
      BracketRight: () => view.step(1),
      Equal: () => view.zoomBy(0.5),
      NumpadAdd: () => view.zoomBy(0.5),
      Minus: () => view.zoomBy(2),
      NumpadSubtract: () => view.zoomBy(2),
      Digit0: () => view.setZoom(null),
      Numpad0: () => view.setZoom(null),
    };
    return Object.hasOwn(acts, event.code) ? acts[event.code] : undefined;
  }

  #findPage(code: string): (() => void) | undefined {
    const entry = ENTRIES.find(({ key }) => key === code);
    return entry && (() => this.#app.router.go(entry.route, this.#app.view.search()));
  }

  /** The logs around the moment that is held, under the cursor, or now. */
  #openLogs(): void {
    const { view, router } = this.#app;
    const at = view.at ?? view.cursor;
    router.go({ page: 'logs' }, view.search(at === null ? {} : { at }));
  }
}
