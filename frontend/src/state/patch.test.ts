import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatch } from './patch.ts';

test('a change keeps what it does not name, as the same objects', () => {
  const old = { t: 1, verdict: { state: 'ok' }, metrics: [{ id: 'a', n: 1 }, { id: 'b', n: 1 }] };
  const patch = {
    in: {
      t: { set: 2 },
      metrics: { rows: ['b', 'c', 'a'], in: { b: { in: { n: { set: 2 } } }, c: { set: { id: 'c', n: 3 } } } },
    },
  };
  const made = applyPatch(old, patch) as typeof old;
  assert.deepEqual(made, {
    t: 2, verdict: { state: 'ok' }, metrics: [{ id: 'b', n: 2 }, { id: 'c', n: 3 }, { id: 'a', n: 1 }],
  });
  assert.equal(made.verdict, old.verdict);
  assert.equal(made.metrics[2], old.metrics[0]);
  assert.deepEqual(old.metrics[1], { id: 'b', n: 1 });
});

test('null and false are values', () => {
  assert.deepEqual(applyPatch({ a: 1, b: 2 }, { in: { a: { set: null }, b: { set: false } } }), { a: null, b: false });
});
