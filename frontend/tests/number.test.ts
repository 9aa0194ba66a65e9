import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisLabels, said, stepsOf } from '../src/lib/number.ts';

const SAID: [number | null, string, string, string][] = [
  [54.23, 'percent', '%', '54.2 %'],
  [0.041, 'percent', '%', '0.041 %'],
  [0.05432, 'percent', '%', '0.0543 %'],
  [70.04, 'percent', '%', '70.0 %'],
  [0.00001, 'count', '', '<0.0001'],
  [2, 'pages_per_second', '쪽/초', '2쪽/초'],
  [90, 'seconds', '초', '90초'],
  [150, 'seconds', '초', '2.5분'],
  [10_800, 'seconds', 's', '3 h'],
  [100, 'percent', '%', '100 %'],
  [0, 'percent', '%', '0 %'],
  [1.5 * 2 ** 30, 'bytes', 'B', '1.5 GiB'],
  [512, 'bytes', 'B', '512 B'],
  [0.83, 'seconds', 's', '830 ms'],
  [0.00042, 'seconds', 's', '420 µs'],
  [12.5, 'seconds', 's', '12.5 s'],
  [3, 'count', '', '3'],
  [1234567, 'count', '', '1,234,567'],
  [-4.26, 'celsius', '℃', '-4.26 ℃'],
  [null, 'percent', '%', '–'],
];

for (const [value, unit, label, text] of SAID)
  test(`${value} ${unit} is said as ${text}`, () =>
    assert.equal(said(value, unit, label).replaceAll('\u00a0', ' '), text));

test('labels of an axis share one scale', () => {
  const plain = (labels: string[]) => labels.map((l) => l.replaceAll('\u00a0', ' '));
  assert.deepEqual(plain(axisLabels([0, 20, 40], 'percent', '%')), ['0', '20 %', '40 %']);
  assert.deepEqual(plain(axisLabels([0, 2 ** 23, 2 ** 24], 'bytes', 'B')), ['0', '8 MiB', '16 MiB']);
  assert.deepEqual(plain(axisLabels([0, 0.05, 0.1], 'seconds', 's')), ['0', '50 ms', '100 ms']);
  assert.deepEqual(plain(axisLabels([0, 0.25, 0.5], 'percent', '%')), ['0', '0.25 %', '0.50 %']);
});

test('ticks of counts are whole, of bytes powers of two', () => {
  assert.equal(stepsOf('count', 5)[0], 1);
  assert.ok(stepsOf('count', 0.3)[0]! < 0.01);
  assert.deepEqual(stepsOf('bytes', 5).slice(0, 3), [1, 2, 4]);
});
