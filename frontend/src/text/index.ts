/** The texts by language. A key missing in one of them is a compile error. */

import type { State } from '../api/queries.ts';
import { en } from './en/index.ts';
import { ko } from './ko/index.ts';
import type { Wording } from './wording.ts';

export type Texts = Wording<typeof ko>;

export const TEXTS = { ko, en } satisfies Record<string, Texts>;

export type Lang = keyof typeof TEXTS;

export const isLang = (text: string | null): text is Lang =>
  text !== null && Object.hasOwn(TEXTS, text);

/** The word for a metric's state, or for having no thresholds. */
export const stateWord = (texts: Texts, state: State, judged: boolean): string =>
  judged ? texts.state[state] : texts.neutral;
