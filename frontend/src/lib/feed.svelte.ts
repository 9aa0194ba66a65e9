/** The values of one metric: loaded whole once, then only their new tail. */

import * as api from './api.ts';
import { EMPTY, extend, frameOf, type Frame } from './frame.ts';
import type { Window } from './window.ts';

export class Feed {
  readonly id: string;
  frame = $state.raw<Frame>(EMPTY);
  about = $state.raw<api.MetricRange | null>(null);
  failed = $state<string | null>(null);
  step = $state(0);
  #held = '';
  #newest = 0;

  constructor(id: string) {
    this.id = id;
  }

  /** Bring the frame up to the window; a newer call makes an older one's answer void. */
  async pull(window: Window, lang: string): Promise<void> {
    const call = ++this.#newest;
    const held = `${window.step} ${lang}`;
    const { t } = this.frame;
    const first = t[0];
    const last = t[t.length - 1];
    const tail =
      held === this.#held && first !== undefined && last !== undefined &&
      first <= window.start && window.start <= last;
    if (tail && window.end <= last) return;
    const start = tail ? last : window.start;
    const answer = await api.range(this.id, start, window.end, window.step, lang);
    if (call !== this.#newest) return;
    const got = frameOf(answer);
    this.frame = tail ? extend(this.frame, got, window.start) : got;
    this.about = answer;
    this.step = window.step;
    this.#held = held;
  }
}
