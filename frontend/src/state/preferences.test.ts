import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePlace, FakeStore } from '../../testing/world.ts';
import { Router } from '../routes/router.svelte.ts';
import { Preferences } from './preferences.svelte.ts';
import { View } from './view.svelte.ts';

function open({ search = '', stored = {}, language = 'en-GB', dark = false } = {}) {
  const place = new FakePlace(`/${search}`);
  const view = new View(new Router(place), () => 0, () => 'UTC');
  const store = new FakeStore(stored);
  const change = view.change.bind(view);
  const preferences = new Preferences(store, { language, dark }, () => view.url, change);
  return { place, store, preferences };
}

// The address, then the last choice, then the system.
for (const [search, stored, language, lang] of [
  ['', {}, 'ko-KR', 'ko'],
  ['', {}, 'KO', 'ko'],
  ['', {}, 'de', 'en'],
  ['', { 'jipyo.lang': 'ko' }, 'en', 'ko'],
  ['', { 'jipyo.lang': 'xx' }, 'en', 'en'],
  ['?lang=en', { 'jipyo.lang': 'ko' }, 'ko', 'en'],
] as const)
  test(`${search || 'no address'}, ${JSON.stringify(stored)}, ${language}: ${lang}`, () =>
    assert.equal(open({ search, stored, language }).preferences.lang, lang));

test('a chosen language is in the address and stored', () => {
  const { place, store, preferences } = open();
  assert.equal(preferences.texts.product, 'jipyo');
  preferences.toggleLang();
  assert.equal(preferences.texts.product, '지표');
  assert.equal(place.location.search, '?lang=ko');
  assert.equal(store.getItem('jipyo.lang'), 'ko');
  preferences.toggleLang();
  assert.equal(preferences.lang, 'en');
});

test('the theme follows the system until it is chosen, and goes round', () => {
  const { place, store, preferences } = open({ dark: true });
  const seen: [string, boolean][] = [];
  for (let i = 0; i < 4; i++) {
    seen.push([preferences.theme, preferences.dark]);
    preferences.cycleTheme();
  }
  assert.deepEqual(seen, [['system', true], ['light', false], ['dark', true], ['system', true]]);
  assert.deepEqual([place.location.search, store.getItem('jipyo.theme')], ['?theme=light', 'light']);
});

test('a system that turns dark takes the page with it', () => {
  const { preferences } = open();
  assert.equal(preferences.dark, false);
  preferences.systemDark = true;
  assert.equal(preferences.dark, true);
});

test('a stored theme that makes no sense is forgotten', () => {
  assert.equal(open({ stored: { 'jipyo.theme': 'pink' } }).preferences.theme, 'system');
  assert.equal(open({ stored: { 'jipyo.theme': 'dark' } }).preferences.dark, true);
});
