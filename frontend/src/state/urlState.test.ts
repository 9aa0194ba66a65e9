import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepFor, windowOf } from './timeWindow.ts';
import { clampZoom, formatSearch, parseSearch } from './urlState.ts';

test('what is written is read back', () => {
  for (const search of [
    '',
    '?range=6h',
    '?range=7d&group=system.gpu&metrics=system.cpu.load,system.memory.swap&lang=ko&theme=dark',
    '?zoom=1795400000-1795403600&lang=en',
    '?group=%EA%B7%B8%EB%A3%B9+%26',
  ])
    assert.equal(formatSearch(parseSearch(search)), search);
});

test('what makes no sense is left out', () => {
  for (const search of [
    '?range=9y', '?range=toString', '?lang=xx', '?theme=pink', '?group=', '?metrics=,,',
    '?zoom=5', '?zoom=20-10', '?zoom=a-b', '?zoom=-5-100', '?zoom=100-159', '?zoom=',
    '?other=1', '?range=%', '??',
  ])
    assert.equal(formatSearch(parseSearch(search)), '', search);
});

for (const [from, to, now, zoom] of [
  [1000, 2000, 9000, [1000, 2000]],
  [1000, 1010, 9000, [975, 1035]], // at least a minute, around the same middle
  [8000, 10000, 9000, [7000, 9000]], // not in the future, as long as before
  [9500, 9510, 9000, [8940, 9000]],
] as const)
  test(`a zoom to ${from}-${to} at ${now} is ${zoom}`, () =>
    assert.deepEqual(clampZoom(from, to, now), zoom));

test('a window has at most 720 steps, of 15 s at the finest and a day at the widest', () => {
  assert.deepEqual([60, 900, 3600, 21600, 86400, 604800].map(stepFor), [15, 15, 15, 30, 120, 900]);
  assert.deepEqual([30, 90, 396, 3650].map((days) => stepFor(days * 86400)), [3600, 10_800, 86_400, 86_400]);
});

test('the whole retention of 13 months is loaded with fewer points than the server allows', () => {
  const now = 1_800_000_000;
  for (const days of [30, 90, 180, 396]) {
    const { start, end, step } = windowOf(3600, [now - 500 * 86400, now - (500 - days) * 86400], now);
    assert.ok((end - start) / step <= 1441, String(days));
  }
});

test('a window lies on whole steps, and a zoomed one is loaded with a margin', () => {
  assert.deepEqual(windowOf(3600, null, 100_007), { start: 96405, end: 100005, step: 15 });
  assert.deepEqual(windowOf(3600, [90_000, 90_600], 100_000), { start: 89700, end: 90900, step: 15 });
  assert.deepEqual(windowOf(3600, [99_400, 100_000], 100_000), { start: 99090, end: 99990, step: 15 });
});
