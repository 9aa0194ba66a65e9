import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readViews, removeView, saveView } from './views.ts';

function memory(text: string | null = null) {
  let stored = text;
  return { getItem: () => stored, setItem: (_key: string, value: string) => void (stored = value) };
}

test('views are kept by their names, and deleted', () => {
  const store = memory();
  saveView(store, { name: 'a', query: 'up' });
  saveView(store, { name: 'b', query: 'x' });
  saveView(store, { name: 'a', query: 'up == 0' });
  assert.deepEqual(readViews(store), [{ name: 'b', query: 'x' }, { name: 'a', query: 'up == 0' }]);
  assert.deepEqual(removeView(store, 'b'), [{ name: 'a', query: 'up == 0' }]);
});

for (const text of ['{', '5', 'null', '[1, {"name": 2}]'])
  test(`something else that is stored is no view: ${text}`, () => assert.deepEqual(readViews(memory(text)), []));

test('the oldest of too many views make room', () => {
  const store = memory();
  for (let i = 0; i < 60; i++) saveView(store, { name: String(i), query: 'up' });
  assert.equal(readViews(store).length, 50);
  assert.equal(readViews(store)[0]?.name, '10');
});
