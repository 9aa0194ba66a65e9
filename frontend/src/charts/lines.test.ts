import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Line } from './frame.ts';
import { drawOrder, findLeading, sortByBadness, styleLines } from './lines.ts';

const line = (key: string, ...values: (number | null)[]): Line => ({
  key, name: key, labels: { gpu: key }, exporter: null, values, proportion: null, breaches: [],
});

const FIVE = [line('0', 1, 2), line('1', 9, 1), line('2', null, null), line('3', 5, 5), line('4', 3, 8)];

test('the worst line is the highest, or the lowest where that is worse; without values it is last', () => {
  assert.deepEqual(sortByBadness(FIVE, 'higher_is_worse'), [1, 4, 3, 0, 2]);
  assert.deepEqual(sortByBadness(FIVE, 'lower_is_worse'), [0, 1, 4, 3, 2]);
  assert.deepEqual(sortByBadness(FIVE, 'higher_is_worse', 1, 2), [4, 3, 0, 1, 2]);
});

test('the line in question is the one that decides the state, otherwise the worst', () => {
  assert.equal(findLeading(FIVE, { gpu: '3' }, [1, 4]), 3);
  assert.equal(findLeading(FIVE, { gpu: '9' }, [1, 4]), 1);
  assert.equal(findLeading(FIVE, null, [4]), 4);
  assert.equal(findLeading([], null, []), null);
});

test('up to four lines have a colour each, of more the worst three and the named one', () => {
  assert.deepEqual(styleLines([2, 0, 1], 2).map(({ colour }) => colour), [0, 1, 2]);
  const styles = styleLines([1, 4, 3, 0, 2], 1, 2);
  assert.deepEqual(styles.map(({ colour }) => colour), [null, 0, 3, 2, 1]);
  assert.deepEqual(styles.map(({ width }) => width), [1.3, 2.4, 2.4, 1.3, 1.3]);
});

test('slate lines are drawn first and the one in question last', () => {
  assert.deepEqual(drawOrder(styleLines([1, 4, 3, 0, 2], 4), 4), [0, 2, 1, 3, 4]);
});
