import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakePlace } from '../../testing/world.ts';
import { Router } from '../routes/router.svelte.ts';
import { View } from './view.svelte.ts';

/** 26 November 2026, 21:00 in Seoul. */
const NOW = Date.UTC(2026, 10, 26, 12) / 1000;
const HOUR = 3600;

function open(address = '/?range=1h', now = () => NOW) {
  const place = new FakePlace(address);
  return { place, view: new View(new Router(place), now, () => 'Asia/Seoul') };
}

const day = (date: string) => `from=2026-11-${date}T00:00:00`;

test('the live period ends now, and moves on with the time', () => {
  let now = NOW;
  const { view } = open('/?range=1h', () => now);
  assert.deepEqual([view.shown, view.isLive], [[NOW - HOUR, NOW], true]);
  now += 60;
  const later = open('/?range=1h', () => now).view;
  assert.deepEqual(later.shown, [NOW - HOUR + 60, NOW + 60]);
});

test('a range is a step of the history and ends the zoom', () => {
  const zoomed = '/?from=2026-11-26T20:00:00&to=2026-11-26T20:30:00';
  const { place, view } = open(zoomed);
  assert.deepEqual([view.shown, view.isLive], [[NOW - HOUR, NOW - 1800], false]);
  view.setRange('6h');
  assert.deepEqual(place.entries, [zoomed, '/?range=6h']);
  assert.deepEqual([view.range, view.zoom], ['6h', null]);
  place.back();
  assert.deepEqual([view.range, view.zoom], ['24h', [NOW - HOUR, NOW - 1800]]);
});

test('a zoom is in the address, never in the future, and can be taken back', () => {
  const { place, view } = open();
  view.setZoom([NOW - 100, NOW + 100]);
  assert.equal(place.location.search, '?range=1h&from=2026-11-26T20:56:40&to=2026-11-26T21:00:00');
  view.toggleLive();
  assert.equal(place.location.search, '?range=1h');
});

test('zooming keeps the time under the cursor in its place', () => {
  const { view } = open();
  view.zoomBy(0.5, NOW - 900);
  assert.deepEqual(view.shown, [NOW - 2250, NOW - 450]);
  view.zoomBy(0.5);
  assert.deepEqual(view.shown, [NOW - 1800, NOW - 900]);
});

test('zooming out ends at the whole range', () => {
  const { view } = open();
  view.setZoom([NOW - 2000, NOW - 1000]);
  view.zoomBy(2);
  assert.deepEqual(view.zoom, [NOW - 2500, NOW - 500]);
  view.zoomBy(2);
  assert.equal(view.zoom, null);
});

test('a gesture is one step of the history: Back leaves it at once', () => {
  const { place, view } = open();
  view.zoomBy(0.5);
  view.zoomBy(0.5);
  view.pan(-0.25);
  assert.equal(place.entries.length, 2);
  place.back();
  assert.equal(view.zoom, null);
});

test('a paused period stays, and a zoom is loaded with a margin', () => {
  let now = NOW;
  const { view } = open('/?range=1h', () => now);
  view.toggleLive();
  now += 500;
  assert.deepEqual([view.shown, view.isLive], [[NOW - HOUR, NOW], false]);
  view.toggleLive();
  assert.equal(view.frozenAt, null);
  view.setZoom([NOW - 1200, NOW - 600]);
  assert.deepEqual(view.window, { start: NOW - 1500, end: NOW - 300, step: 15 });
});

test('a held moment stays in the address, and the zoom goes around it', () => {
  const { place, view } = open();
  view.hold(NOW - 900.4);
  assert.equal(place.entries.at(-1), '/?range=1h&at=2026-11-26T20:45:00');
  view.zoomBy(0.5);
  assert.deepEqual(view.shown, [NOW - 2250, NOW - 450]);
});

for (const [name, address, by, search] of [
  ['an hour', '/?range=1h', -1, '?range=1h&from=2026-11-26T19:00:00&to=2026-11-26T20:00:00'],
  ['a day', `/?${day('25')}&to=2026-11-26T00:00:00`, -1, `?${day('24')}&to=2026-11-25T00:00:00`],
  ['today', `/?${day('26')}&to=2026-11-26T21:00:00`, -1, `?${day('25')}&to=2026-11-26T00:00:00`],
  ['a week', `/?${day('16')}&to=2026-11-23T00:00:00`, 1, `?${day('23')}&to=2026-11-26T21:00:00`],
  ['October', '/?from=2026-10-01T00:00:00&to=2026-11-01T00:00:00', -1, '?from=2026-09-01T00:00:00&to=2026-10-01T00:00:00'],
  ['this month', `/?${day('01')}&to=2026-11-26T21:00:00`, -1, '?from=2026-10-01T00:00:00&to=2026-11-01T00:00:00'],
] as const)
  test(`one period ${by < 0 ? 'before' : 'after'} ${name}`, () => {
    const { place, view } = open(address);
    view.step(by);
    assert.equal(place.location.search, search);
  });

test('stepping forward to the present shows the present', () => {
  const { view } = open();
  view.step(-1);
  view.step(1);
  assert.equal(view.zoom, null);
});

test('parameters of a page stay on it, and links to others leave them behind', () => {
  const { place, view } = open('/logs?q=error&range=6h');
  assert.equal(view.param('q'), 'error');
  view.setParams({ level: 'warn', q: '' });
  assert.equal(place.entries.at(-1), '/logs?range=6h&level=warn');
  view.setRange('7d');
  assert.equal(place.entries.at(-1), '/logs?range=7d&level=warn');
  assert.equal(view.search(), '?range=7d');
  assert.equal(view.search({ own: { q: 'x' } }), '?range=7d&q=x');
});
