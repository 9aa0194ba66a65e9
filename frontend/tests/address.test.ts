import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clampZoom, readAddress, writeAddress } from '../src/lib/address.ts';
import { stepFor, windowOf } from '../src/lib/window.ts';

test('what is written is read back', () => {
  for (const search of [
    '',
    '?range=6h',
    '?range=7d&family=system.gpu&metrics=system.cpu.load,system.memory.swap&lang=ko&theme=dark',
    '?zoom=1795400000-1795403600&lang=en',
  ])
    assert.equal(writeAddress(readAddress(search)), search);
});

test('what makes no sense is left out', () => {
  for (const search of ['?range=9y', '?lang=xx', '?theme=pink', '?zoom=5', '?zoom=20-10', '?zoom=a-b'])
    assert.equal(writeAddress(readAddress(search)), '');
});

test('a zoom is neither shorter than a minute nor in the future', () => {
  assert.deepEqual(clampZoom(1000, 1010, 9000), [975, 1035]);
  assert.deepEqual(clampZoom(8000, 10000, 9000), [7000, 9000]);
});

test('a window has at most 720 steps and a zoom is loaded with a margin', () => {
  assert.deepEqual([900, 3600, 21600, 86400, 604800].map(stepFor), [15, 15, 30, 120, 900]);
  assert.deepEqual(windowOf(3600, null, 100_007), { start: 96405, end: 100005, step: 15 });
  assert.deepEqual(windowOf(3600, [90_000, 90_600], 100_000), { start: 89700, end: 90900, step: 15 });
});
