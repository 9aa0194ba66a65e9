import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampZoom, formatSearch, parseSearch } from './urlState.ts';

const ZONE = 'Asia/Seoul';

test('what is written is read back', () => {
  for (const search of [
    '',
    '?range=6h',
    '?range=13mo&group=system.gpu&metrics=system.cpu.load,system.memory.swap&lang=ko&theme=dark',
    '?from=2026-11-26T00:00:00&to=2026-11-27T00:00:00&at=2026-11-26T09:30:15&lang=en',
    '?compare=week&fit=1&by=gpu&match=gpu%3D%221%22&wall=1',
    '?fit=0&q=%EA%B7%B8%EB%A3%B9+%26',
  ])
    assert.equal(formatSearch(parseSearch(search, ZONE), ZONE), search.replaceAll('%3A', ':'));
});

test('times are those of the site', () => {
  const { zoom, at } = parseSearch('?from=2026-11-26T09:00&to=2026-11-26T10:00:30&at=2026-11-26T09:15', ZONE);
  const nine = Date.UTC(2026, 10, 26) / 1000;
  assert.deepEqual([zoom, at], [[nine, nine + 3630], nine + 900]);
});

test('what makes no sense is left out', () => {
  for (const search of [
    '?range=9y', '?range=15m', '?range=toString', '?lang=xx', '?theme=pink', '?q=', '?wall=2',
    '?fit=x', '?compare=year', '?at=noon', '?from=2026-11-26T09:00', '?to=2026-11-26T09:00',
    '?from=2026-11-26T09:00&to=2026-11-26T09:00:59', '?from=2026-11-26T09:00&to=2026-11-25T09:00',
    '?range=%', '??',
  ])
    assert.equal(formatSearch(parseSearch(search, ZONE), ZONE), '', search);
});

for (const [from, to, now, zoom] of [
  [1000, 2000, 9000, [1000, 2000]],
  [1000, 1010, 9000, [975, 1035]], // at least a minute, around the same middle
  [8000, 10000, 9000, [7000, 9000]], // not in the future, as long as before
  [9500, 9510, 9000, [8940, 9000]],
  [1000.4, 2000.4, 9000, [1000, 2000]],
] as const)
  test(`a zoom to ${from}-${to} at ${now} is ${zoom}`, () =>
    assert.deepEqual(clampZoom(from, to, now), zoom));
