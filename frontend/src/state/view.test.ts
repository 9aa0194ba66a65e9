import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow } from '../../testing/fixtures.ts';
import { FakePlace } from '../../testing/world.ts';
import { Router } from '../routes/router.svelte.ts';
import { View } from './view.svelte.ts';

const NOW = 1_000_000;

function open(address = '/', now = () => NOW) {
  const place = new FakePlace(address);
  return { place, view: new View(new Router(place), now) };
}

test('the live period ends now, and moves on with the time', () => {
  let now = NOW;
  const { view } = open('/?range=15m', () => now);
  assert.deepEqual(view.shown, [NOW - 900, NOW]);
  now += 60;
  const later = open('/?range=15m', () => now).view;
  assert.deepEqual(later.shown, [NOW - 840, NOW + 60]);
});

test('a range is a step of the history and ends the zoom', () => {
  const { place, view } = open('/?zoom=999000-999500');
  assert.deepEqual(view.shown, [999_000, 999_500]);
  view.setRange('6h');
  assert.deepEqual(place.entries, ['/?zoom=999000-999500', '/?range=6h']);
  assert.deepEqual([view.range, view.zoom], ['6h', null]);
  place.back();
  assert.deepEqual([view.range, view.zoom], ['1h', [999_000, 999_500]]);
});

test('a zoom is in the address, never in the future, and can be taken back', () => {
  const { place, view } = open();
  view.setZoom([NOW - 100, NOW + 100]);
  assert.equal(place.location.search, `?zoom=${NOW - 200}-${NOW}`);
  view.setZoom(null);
  assert.equal(place.location.search, '');
});

test('zooming keeps the time under the cursor in its place', () => {
  const { view } = open();
  view.zoomBy(0.5, NOW - 900);
  assert.deepEqual(view.shown, [NOW - 2250, NOW - 450]);
  view.zoomBy(0.5);
  assert.deepEqual(view.shown, [NOW - 1800, NOW - 900]);
});

test('zooming out ends at the whole range', () => {
  const { view } = open('/?zoom=998000-999000');
  view.zoomBy(2);
  assert.deepEqual(view.zoom, [997_500, 999_500]);
  view.zoomBy(2);
  assert.equal(view.zoom, null);
});

test('zooming and moving replace the address: Back leaves them at once', () => {
  const { place, view } = open('/?zoom=998000-999000');
  view.pan(-0.25);
  assert.deepEqual(view.shown, [997_750, 998_750]);
  view.pan(10);
  assert.deepEqual(view.shown, [NOW - 1000, NOW]);
  assert.equal(place.entries.length, 1);
});

test('a paused period stays, and a zoom is loaded with a margin', () => {
  let now = NOW;
  const { view } = open('/', () => now);
  view.togglePause();
  now += 500;
  assert.deepEqual(view.shown, [NOW - 3600, NOW]);
  view.togglePause();
  assert.equal(view.frozenAt, null);
  view.setZoom([NOW - 1200, NOW - 600]);
  assert.deepEqual(view.window, { start: 998_490, end: 999_690, step: 15 });
});

test('each group remembers which of its metrics is shown', () => {
  const [a, b, other] = ['x.a', 'x.b', 'y.c'].map((id) => metricNow({ id }));
  const group = [a!, b!];
  const { place, view } = open('/?metrics=y.c');
  assert.equal(view.chosenOf(group), a);
  view.choose(group, 'x.b');
  assert.equal(place.location.search, '?metrics=y.c,x.b');
  assert.deepEqual([view.chosenOf(group), view.chosenOf([other!])], [b, other]);
  view.choose(group, 'x.a');
  assert.equal(place.location.search, '?metrics=y.c');
  assert.equal(view.chosenOf([]), undefined);
});
