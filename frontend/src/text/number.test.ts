import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lang } from './index.ts';
import { WORDS } from './words.ts';
import { axisLabels, formatSpan, formatValue, splitUnit, stepsOf } from './number.ts';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

/** Value, unit, Korean and English text, as the server writes them too. */
type Case = [value: number, unit: string, ko: string, en: string];

const root = join(import.meta.dirname, '../../..');
const CASES = JSON.parse(readFileSync(join(root, 'tests/i18n/number_cases.json'), 'utf8')) as Case[];

/** The label of a unit on an axis, as the server's texts have it: in the plural. */
function labelOf(unit: string, lang: Lang): string {
  const label = new Map(Object.entries(WORDS[lang]['i18n.unit'])).get(unit);
  assert.notEqual(label, undefined, unit);
  return label!.replace(/\{n:[^/]*\/(\w+)\}/, '$1');
}

for (const [value, unit, ko, en] of CASES)
  test(`${value} ${unit} is ${ko} in Korean and ${en} in English`, () => {
    assert.equal(plain(formatValue(value, unit, labelOf(unit, 'ko'), 'ko')), ko);
    assert.equal(plain(formatValue(value, unit, labelOf(unit, 'en'), 'en')), en);
  });

test('no value is a dash', () => assert.equal(formatValue(null, 'percent', '%', 'en'), '–'));

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

test('labels of durations have two decimals at most and differ', () => {
  for (let top = 1e-6; top < 1e8; top *= 1.13)
    for (const step of stepsOf('seconds', top).filter((s) => top / s >= 1 && top / s < 12)) {
      const splits = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
      const labels = axisLabels(splits, 'seconds', '초', 'ko');
      assert.equal(new Set(labels).size, labels.length, `${top} ${step}: ${labels}`);
      assert.ok(labels.every((label) => !/\.\d{3}/.test(label)), `${top} ${step}: ${labels}`);
    }
});
