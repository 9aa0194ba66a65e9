/**
 * The words that server and dashboard have in common: states, levels, units. Server and
 * dashboard read them from one file.
 */

import words from '../../../src/jipyo/i18n/words.json' with { type: 'json' };

/** By language and group. English words stand as they do within a sentence. */
export const WORDS = words;

const capitalizeOne = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** The same words as they stand alone: `Hardware` for `hardware`. */
export const capitalize = <T extends Record<string, string>>(group: T): { [K in keyof T]: string } =>
  Object.fromEntries(
    Object.entries(group).map(([name, word]) => [name, capitalizeOne(word)]),
  ) as { [K in keyof T]: string };
