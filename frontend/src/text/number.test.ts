import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisLabels, formatSpan, formatValue, splitUnit, stepsOf } from './number.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

// As tests/i18n/test_numbers.py has them: a tile (the server's words) and its chart agree.
const VALUES: [number | null, string, string, string, string, string][] = [
  [54.2, 'percent', '%', '%', '54.2%', '54.2%'],
  [98.7, 'percent', '%', '%', '98.7%', '98.7%'],
  [0.041, 'percent', '%', '%', '0.041%', '0.041%'],
  [0.05432, 'percent', '%', '%', '0.0543%', '0.0543%'],
  [70.04, 'percent', '%', '%', '70.0%', '70.0%'],
  [100, 'percent', '%', '%', '100%', '100%'],
  [0, 'percent', '%', '%', '0%', '0%'],
  [0.5, 'ratio', '', '', '0.5', '0.5'],
  [3, 'count', '', '', '3', '3'],
  [1234567, 'count', '', '', '1,234,567', '1,234,567'],
  [0.00001, 'count', '', '', '<0.0001', '<0.0001'],
  [-0.00001, 'count', '', '', '>-0.0001', '>-0.0001'],
  [0, 'bytes', 'B', 'B', '0B', '0 B'],
  [512, 'bytes', 'B', 'B', '512B', '512 B'],
  [1023, 'bytes', 'B', 'B', '1,023B', '1,023 B'],
  [1023.99 * 1024, 'bytes', 'B', 'B', '1.00MiB', '1.00 MiB'],
  [1.5 * 2 ** 30, 'bytes', 'B', 'B', '1.5GiB', '1.5 GiB'],
  [5e18, 'bytes', 'B', 'B', '4,441PiB', '4,441 PiB'],
  [2048, 'bytes_per_second', 'B/s', 'B/s', '2KiB/s', '2 KiB/s'],
  [0, 'seconds', '초', 's', '0초', '0 s'],
  [0.000_002, 'seconds', '초', 's', '2µs', '2 µs'],
  [0.00042, 'seconds', '초', 's', '420µs', '420 µs'],
  [0.85, 'seconds', '초', 's', '850ms', '850 ms'],
  [0.99996, 'seconds', '초', 's', '1.00초', '1.00 s'],
  [12.5, 'seconds', '초', 's', '12.5초', '12.5 s'],
  [90, 'seconds', '초', 's', '90초', '90 s'],
  [150, 'seconds', '초', 's', '2.5분', '2.5 min'],
  [10_800, 'seconds', '초', 's', '3시간', '3 h'],
  [864_000, 'seconds', '초', 's', '10일', '10 d'],
  [-4.26, 'celsius', '°C', '°C', '-4.26°C', '-4.26 °C'],
  [130.4, 'watt', 'W', 'W', '130W', '130 W'],
  [14.4, 'factor', '배', '×', '14.4배', '14.4×'],
  [2, 'pages_per_second', '페이지/초', 'pages/s', '2페이지/초', '2 pages/s'],
  [5, 'per_second', '건/초', '/s', '5건/초', '5/s'],
  [null, 'percent', '%', '%', '–', '–'],
];

for (const [value, unit, koLabel, enLabel, ko, en] of VALUES)
  test(`${value} ${unit} is ${ko} in Korean and ${en} in English`, () => {
    assert.equal(plain(formatValue(value, unit, koLabel, 'ko')), ko);
    assert.equal(plain(formatValue(value, unit, enLabel, 'en')), en);
  });

test('number and unit stay on one line', () =>
  assert.equal(formatValue(2, 'seconds', 's', 'en'), '2\u00a0s'));

for (const [splits, unit, label, ko, en] of [
  [[0, 20, 40], 'percent', '%', ['0', '20%', '40%'], ['0', '20%', '40%']],
  [[0, 0.25, 0.5], 'percent', '%', ['0', '0.25%', '0.50%'], ['0', '0.25%', '0.50%']],
  [[0, 2 ** 23, 2 ** 24], 'bytes', 'B', ['0', '8MiB', '16MiB'], ['0', '8 MiB', '16 MiB']],
  [[0, 0.05, 0.1], 'seconds', 's', ['0', '50ms', '100ms'], ['0', '50 ms', '100 ms']],
  [[0, 300, 600], 'seconds', 's', ['0', '5분', '10분'], ['0', '5 min', '10 min']],
  [[-10, 0, 10], 'celsius', '°C', ['-10°C', '0', '10°C'], ['-10 °C', '0', '10 °C']],
  [[1000, 2000], 'count', '', ['1,000', '2,000'], ['1,000', '2,000']],
] as const)
  test(`an axis of ${splits} ${unit} has one scale: ${en}`, () => {
    assert.deepEqual(axisLabels([...splits], unit, label, 'ko').map(plain), ko);
    assert.deepEqual(axisLabels([...splits], unit, label, 'en').map(plain), en);
  });

test('ticks of counts are whole, of bytes powers of two, of long times by the clock', () => {
  assert.equal(stepsOf('count', 5)[0], 1);
  assert.ok(stepsOf('count', 0.3)[0]! < 0.01);
  assert.deepEqual(stepsOf('bytes', 5).slice(0, 3), [1, 2, 4]);
  assert.deepEqual(stepsOf('seconds', 600).slice(0, 4), [15, 30, 60, 120]);
  assert.ok(stepsOf('seconds', 2)[0]! < 1e-6);
  for (const unit of ['count', 'bytes', 'seconds', 'percent'])
    for (const top of [0.1, 5, 1e6]) {
      const steps = stepsOf(unit, top);
      assert.ok(steps.every((step, i) => i === 0 || step > steps[i - 1]!), `${unit} ${top}`);
      assert.ok(steps.at(-1)! >= top, `${unit} ${top}`);
    }
});

for (const [seconds, ko, en] of [
  [0, '0초', '0 s'],
  [45, '45초', '45 s'],
  [59.7, '1분', '1 min'],
  [90, '1분 30초', '1 min 30 s'],
  [3600, '1시간', '1 h'],
  [5400, '1시간 30분', '1 h 30 min'],
  [3605, '1시간', '1 h'],
  [90_000, '1일 1시간', '1 d 1 h'],
] as const)
  test(`${seconds} s are ${en}`, () => {
    assert.equal(formatSpan(seconds, 'ko'), ko);
    assert.equal(plain(formatSpan(seconds, 'en')), en);
  });

for (const [text, parts] of [
  ['54.2%', ['54.2', '%']],
  ['1.5GiB', ['1.5', 'GiB']],
  ['1,234 req/s', ['1,234', 'req/s']],
  ['<0.0001', ['<0.0001', '']],
  ['-4.26°C', ['-4.26', '°C']],
  ['no data', ['no data', '']],
] as const)
  test(`${text} is ${parts[0]} and ${parts[1] || 'no unit'}`, () =>
    assert.deepEqual(splitUnit(text), parts));
