import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import { Keys, type Press } from './keys.ts';

async function open(address = '/?range=1h') {
  const { app, place } = openApp({ overview: overview([metricNow()]) }, address);
  await app.live.poll();
  const done: string[] = [];
  const keys = new Keys(app, {
    help: () => done.push('help'),
    search: () => done.push('search'),
    acknowledge: () => done.push('acknowledge'),
  });
  let now = 0;
  const press = (code: string, change: Partial<Press> = {}) =>
    keys.press({ code, key: '', ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...change }, (now += 100));
  return { app, place, press, done, pass: (ms: number) => (now += ms) };
}

for (const [code, path] of [
  ['KeyO', '/?range=1h'], ['KeyI', '/incidents?range=1h'], ['KeyM', '/metrics?range=1h'],
  ['KeyL', '/logs?range=1h'], ['KeyT', '/targets?range=1h'], ['KeyS', '/months?range=1h'],
] as const)
  test(`g and ${code} open ${path}`, async () => {
    const { place, press } = await open('/settings?range=1h');
    assert.ok(press('KeyG') && press(code));
    assert.equal(place.entries.at(-1), path);
  });

test('the second letter must come soon, and be one of a page', async () => {
  const { place, press, pass } = await open();
  press('KeyG');
  assert.equal(press('KeyX'), false);
  press('KeyG');
  pass(2000);
  assert.equal(press('KeyT'), false);
  assert.deepEqual(place.entries, ['/?range=1h']);
});

test('the position counts, whatever an input method types', async () => {
  const { place, press } = await open();
  press('KeyG', { key: 'ㅎ' });
  press('KeyT', { key: 'ㅅ' });
  assert.equal(place.entries.at(-1), '/targets?range=1h');
});

test('period, zoom and wall are on keys', async () => {
  const { app, press } = await open();
  press('BracketLeft');
  assert.deepEqual(app.view.zoom, [10_000 - 7200, 10_000 - 3600]);
  press('Minus');
  press('Digit0');
  assert.equal(app.view.zoom, null);
  press('Equal');
  assert.deepEqual(app.view.zoom, [10_000 - 2700, 10_000 - 900]);
  press('Escape');
  assert.equal(app.view.zoom, null);
  press('KeyW');
  assert.equal(app.view.wall, true);
});

test('l opens the logs of the moment that is held or under the cursor', async () => {
  const { app, place, press } = await open();
  app.view.cursor = 9000;
  press('KeyL');
  assert.equal(place.entries.at(-1), '/logs?range=1h&at=1970-01-01T11:30:00');
});

test('what only the page can do is passed on', async () => {
  const { press, done } = await open();
  press('Slash', { key: '/' });
  press('KeyA');
  press('Slash', { key: '?', shiftKey: true });
  assert.deepEqual(done, ['search', 'acknowledge', 'help']);
});

test('keys with modifiers and unknown keys are the browser’s', async () => {
  const { press } = await open();
  for (const change of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }])
    assert.equal(press('KeyL', change), false);
  assert.equal(press('KeyQ'), false);
  assert.equal(press('toString'), false);
});

test('single letters can be switched off; Esc stays', async () => {
  const { app, press } = await open();
  app.view.setZoom([8000, 9000]);
  app.preferences.setLetters(false);
  assert.equal(press('KeyW'), false);
  assert.equal(press('Escape'), true);
  assert.equal(app.view.zoom, null);
});
