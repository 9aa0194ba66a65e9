import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { metricNow, overview } from '../../../testing/fixtures.ts';
import type { SettingInfo } from '../../api/queries.ts';
import { Resource } from '../../state/resource.svelte.ts';
import SettingsPage from './Page.svelte';
import { groupSettings } from './rows.ts';

const setting = (key: string, change: Partial<SettingInfo> = {}): SettingInfo => ({
  key, value: 'x', origin: 'default', place: '', ...change,
});

const SETTINGS = [
  setting('timezone', { value: 'Asia/Seoul', origin: 'file', place: 'jipyo.yaml:1' }),
  setting('collect.interval', { value: '15s' }),
  setting('collect.scrape[0].job', { origin: 'file', place: 'jipyo.yaml:7' }),
  setting('store.retention', { value: '396d' }),
];

test('settings stand below their first key, and those with changes are open', () => {
  assert.deepEqual(
    groupSettings(SETTINGS, '').map(({ name, settings, isChanged }) => [name, settings.length, isChanged]),
    [['timezone', 1, true], ['collect', 2, true], ['store', 1, false]],
  );
});

for (const [wanted, keys] of [
  ['SEOUL', ['timezone']],
  ['yaml:7', ['collect.scrape[0].job']],
  [' interval ', ['collect.interval']],
  ['nothing', []],
] as const)
  test(`"${wanted}" finds ${keys.length} of the settings`, () =>
    assert.deepEqual(groupSettings(SETTINGS, wanted).flatMap((group) => group.settings.map(({ key }) => key)), keys));

test('the page has the choices of the browser, whatever the server answers', async () => {
  const { app } = openApp({ overview: overview([metricNow()]), configuration: new TypeError('down') }, '/settings?lang=en');
  await app.live.poll();
  app.preferences.setLetters(false);
  const { body } = render(SettingsPage, { props: { app } });
  assert.match(body, /data-testid="set-name"/);
  assert.doesNotMatch(body, /checked=""[^>]*data-testid="set-letters"/);
});

test('the configuration is asked for in the language of the reader', async () => {
  const { app, calls } = openApp({ configuration: { file: '', settings: [] } }, '/settings?lang=ko');
  const resource = new Resource<never>();
  await app.loadConfiguration(resource);
  assert.deepEqual(calls.at(-1)?.params, { lang: 'ko' });
});
