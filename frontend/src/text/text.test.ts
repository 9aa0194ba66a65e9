import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WORDS } from './words.ts';
import { TEXTS, isLang, stateWord } from './index.ts';

type Tree = { [key: string]: string | ((...args: never[]) => string) | Tree };

/** Every text by its path; a function's parameters count as part of it. */
function flatten(tree: Tree, prefix = ''): [string, string | ((...args: never[]) => string)][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' ? flatten(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );
}

const LANGS = { ko: flatten(TEXTS.ko as Tree), en: flatten(TEXTS.en as Tree) };

/** A text with something in each of its places. */
const fill = (text: string | ((...args: never[]) => string)): string =>
  typeof text === 'string' ? text : text(...(['2', '3', '4', '5'] as never[]));

const root = join(import.meta.dirname, '..');
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(svelte|ts)$/.test(file) && !/\.test\.ts$|^text.(ko|en)\b/.test(file))
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

test('both languages have the same texts, with the same places to fill', () => {
  const shape = (texts: (typeof LANGS)['ko']) =>
    texts.map(([key, text]) => `${key}/${typeof text === 'function' ? text.length : '-'}`);
  assert.deepEqual(shape(LANGS.en), shape(LANGS.ko));
});

// These are looked up by a value of the server: t.state[state], t.theme[theme] and the like.
const LOOKED_UP =
  /^(nav|state|ranges|theme|origin|targets\.(state|kinds)|logs\.level|incidents\.(state|steps|days|causes|attributions)|overview\.(roles|links)|silences\.(phase|durations)|reports\.(kinds|buildState|steps)|months\.(tabs|checkState|legend|inspection\.result)|settings\.(languages|origins))\./;

/** Every dictionary within the texts by its path. */
function dictionaries(tree: Tree, prefix = ''): [string, Record<string, unknown>][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' ? [[`${prefix}${key}`, value], ...dictionaries(value, `${prefix}${key}.`)] : [],
  );
}

const entriesOf = (group: object): Set<string> =>
  new Set(Object.entries(group).map(([name, word]) => `${name}=${String(word).toLowerCase()}`));

for (const lang of ['ko', 'en'] as const)
  test(`no ${lang} dictionary repeats words that the server has too`, () => {
    const groups = Object.entries(WORDS[lang]).map(([name, group]) => [name, entriesOf(group)] as const);
    const written = readdirSync(join(import.meta.dirname, lang))
      .map((file) => readFileSync(join(import.meta.dirname, lang, file), 'utf8'))
      .join('\n');
    for (const [path, dictionary] of dictionaries(TEXTS[lang] as Tree)) {
      const own = Object.entries(dictionary).filter(([name, word]) =>
        new RegExp(`\\b${name}: ['"\`]${String(word)}['"\`]`).test(written));
      for (const [group, words] of groups) {
        const repeated = [...entriesOf(Object.fromEntries(own))].filter((entry) => words.has(entry));
        assert.ok(repeated.length < 2, `${path} repeats ${group}: ${repeated}`);
      }
    }
  });

test('every text is used', () => {
  const unused = LANGS.ko
    .map(([key]) => key)
    .filter((key) => !LOOKED_UP.test(key))
    .filter((key) => !new RegExp(`\\.${key.split('.').at(-1)}\\b`).test(sources));
  assert.deepEqual(unused, []);
});

for (const lang of ['ko', 'en'] as const)
  for (const [key, text] of LANGS[lang])
    test(`${lang} ${key} is whole`, () => {
      const filled = fill(text);
      assert.notEqual(filled.trim(), '');
      assert.doesNotMatch(filled, /undefined|\[object|NaN/);
      assert.doesNotMatch(filled, /\d %/, 'no space before %');
      assert.equal(filled, filled.trim());
    });

const TO_OTHER_LANGUAGE = 'language';

test('English is free of Korean, Korean of words that the glossary replaces', () => {
  for (const [key, text] of LANGS.en)
    if (key !== TO_OTHER_LANGUAGE) assert.doesNotMatch(fill(text), /[가-힣]/, key);
  for (const [key, text] of LANGS.ko) assert.doesNotMatch(fill(text), /자료|표본|질의|묶음|기준을/, key);
});

test('a state has its word, a metric without thresholds says so', () => {
  assert.equal(stateWord(TEXTS.ko, 'pending', true), '초과 관찰 중');
  assert.equal(stateWord(TEXTS.en, 'ok', false), 'No thresholds');
});

test('only our languages are languages', () => {
  assert.deepEqual(['ko', 'en', 'de', '', 'toString', null].map(isLang), [true, true, false, false, false, false]);
});
