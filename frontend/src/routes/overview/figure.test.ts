import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastSpan, splitFigure } from './figure.ts';

const CASES: [string, string, string][] = [
  ['860ms', '860', 'ms'],
  ['1.06 s', '1.06', 's'],
  ['2,345건/초', '2,345', '건/초'],
  ['0.01%', '0.01', '%'],
  ['<0.0001%', '<0.0001', '%'],
  ['−3°C', '−3', '°C'],
  ['0', '0', ''],
  ['데이터 없음', '데이터 없음', ''],
  ['∞', '∞', ''],
];

test('a figure is split into number and unit', () => {
  for (const [text, number, unit] of CASES) assert.deepEqual(splitFigure(text), [number, unit]);
});

test('a line that hardly moves stays flat', () => {
  assert.equal(leastSpan([79.9, 80], 'percent'), 40);
  assert.equal(leastSpan([0.002, null, 0.004], 'seconds'), 0.002);
  assert.equal(leastSpan([null], 'seconds'), 0);
});
