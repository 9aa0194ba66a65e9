import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricRange, series } from '../../testing/fixtures.ts';
import type { Breach } from '../api/queries.ts';
import {
  EMPTY, countBreaches, extend, frameOf, losesBreach, lowerBound, summarize, type Frame, type Line,
} from './frame.ts';

const line = (key: string, ...values: (number | null)[]): Line => ({
  key, name: key, labels: {}, exporter: null, values, proportion: null, breaches: [],
});
const frame = (t: number[], ...lines: Line[]): Frame => ({ t, lines });
const up = 'higher_is_worse';

/** 10-25 w 91: from 10 to 25, warning, peak 91; + at the end: still open. */
function breach(text: string): Breach {
  const [, start, end, sign, peak, open] = /^(\d+)-(\d+) ([pwc]) (\d+)(\+?)$/.exec(text)!;
  const severity = ({ p: 'pending', w: 'warning', c: 'critical' } as const)[sign as 'p'];
  return {
    start: Number(start), end: Number(end), severity, open: open === '+',
    peak: Number(peak), peak_t: Number(start),
  };
}

const format = ({ start, end, severity, peak, open }: Breach): string =>
  `${start}-${end} ${severity[0]} ${peak}${open ? '+' : ''}`;

test('the same series of two exporters are two lines, in whatever order its labels come', () => {
  const answer = metricRange([0], [
    series([1], { labels: { a: '1', b: '2' } }),
    series([1], { labels: { b: '2', a: '1' } }),
    series([1], { labels: { a: '1', b: '2' }, exporter: 'other' }),
  ]);
  const [one, same, other] = frameOf(answer).lines.map(({ key }) => key);
  assert.equal(one, same);
  assert.notEqual(one, other);
});

test('a tail replaces the steps that it repeats and drops those that left the window', () => {
  const old = frame([0, 15, 30], line('a', 1, 2, 3));
  const now = extend(old, frame([30, 45], line('a', 9, 4)), 15, up);
  assert.deepEqual(now, frame([15, 30, 45], line('a', 2, 9, 4)));
});

test('a line that begins or ends is absent on the other steps', () => {
  const old = frame([0, 15], line('a', 1, 2), line('b', 5, 6));
  const now = extend(old, frame([30], line('b', 7), line('c', 8)), 0, up);
  assert.deepEqual(now.lines.map((l) => [l.key, l.values]), [
    ['a', [1, 2, null]],
    ['b', [5, 6, 7]],
    ['c', [null, null, 8]],
  ]);
});

const ORDERS: [string, string, string, string][] = [
  ['the same', 'ab', 'ab', 'ab'],
  ['one that begins stands where the server puts it', 'b', 'ab', 'ab'],
  ['in the middle, too', 'ac', 'abc', 'abc'],
  ['one that ended stays behind its neighbour', 'abc', 'ac', 'abc'],
  ['the first that ended stays first', 'abc', 'bc', 'abc'],
  ['all that ended stay in their order', 'abcd', 'd', 'abcd'],
  ['ends and begins at once', 'abd', 'bcd', 'abcd'],
];
for (const [name, before, after, expected] of ORDERS) {
  test(`lines keep the server's order: ${name}`, () => {
    const lines = (keys: string) => [...keys].map((key) => line(key, 1));
    const now = extend(frame([0], ...lines(before)), frame([15], ...lines(after)), 0, up);
    assert.equal(now.lines.map((l) => l.key).join(''), expected);
  });
}

test('a line without any value in the window goes', () => {
  const old = frame([0, 15], line('a', 1, null), line('b', 5, 6));
  const now = extend(old, frame([30], line('b', 7)), 15, up);
  assert.deepEqual(now.lines.map((l) => l.key), ['b']);
});

test('the number of cases goes with its values', () => {
  const counted = (values: (number | null)[], n: (number | null)[]): Line => ({
    ...line('a', ...values), proportion: { n, low: n, high: n },
  });
  const old = frame([0, 15], counted([1, 2], [10, null]));
  const [now] = extend(old, frame([15, 30], counted([3, 4], [20, 30])), 0, up).lines;
  assert.deepEqual(now?.proportion, { n: [10, 20, 30], low: [10, 20, 30], high: [10, 20, 30] });
});

test('an empty tail changes nothing', () => {
  const old = frame([0, 15], line('a', 1, 2));
  assert.equal(extend(old, EMPTY, 0, up), old);
});

// The window is 0-60; the tail begins at 40.
for (const [name, old, tail, joined] of [
  ['none', [], [], []],
  ['a past breach stays', ['10-20 w 80'], [], ['10-20 w 80']],
  ['a new one is added', ['10-20 w 80'], ['50-50 p 75+'], ['10-20 w 80', '50-50 p 75+']],
  ['an open one goes on', ['30-40 w 80+'], ['40-50 w 70+'], ['30-50 w 80+']],
  ['its peak may come later', ['30-40 w 80+'], ['40-50 w 90+'], ['30-50 w 90+']],
  ['it ends within the tail', ['30-40 w 80+'], ['40-45 w 70'], ['30-45 w 80']],
  ['it ended at once', ['30-40 w 80+'], [], ['30-40 w 80']],
  ['another begins after it', ['30-40 w 80+'], ['50-55 p 70'], ['30-40 w 80', '50-55 p 70']],
  ['pending turns critical', ['30-40 p 80+'], ['40-50 c 90+'], ['30-50 c 90+']],
  ['what was critical stays so', ['30-40 c 95+'], ['40-50 p 90+'], ['30-50 c 95+']],
  ['the tail may know the start', ['30-40 p 80+'], ['25-50 c 90+'], ['25-50 c 90+']],
  ['what the tail does not repeat is void', ['40-40 p 80+'], [], []],
] as const)
  test(`breaches across a seam: ${name}`, () => {
    const before = { ...line('a', 1, 1, 1, 1, 1), breaches: old.map(breach) };
    const after = { ...line('a', 1, 1, 1), breaches: tail.map(breach) };
    const [now] = extend(
      frame([0, 10, 20, 30, 40], before), frame([40, 50, 60], after), 0, up,
    ).lines;
    assert.deepEqual(now?.breaches.map(format), joined);
  });

test('a breach that is bad when low peaks at its lowest, and leaves with the window', () => {
  const before = { ...line('a', 1, 1, 1), breaches: ['0-5 w 9', '8-20 w 30+'].map(breach) };
  const after = { ...line('a', 1, 1), breaches: [breach('20-30 w 20')] };
  const old = frame([0, 10, 20], before);
  const [now] = extend(old, frame([20, 30], after), 10, 'lower_is_worse').lines;
  assert.deepEqual(now?.breaches.map(format), ['8-30 w 20']);
});

for (const [name, old, tail, lost] of [
  ['none', [], [], false],
  ['a past one', ['10-20 w 80'], [], false],
  ['an open one that goes on', ['30-40 w 80+'], ['40-50 w 70+'], false],
  ['an open one that began earlier still', ['30-40 w 80+'], ['10-50 w 70'], false],
  ['an open one that is gone', ['30-40 w 80+'], [], true],
  ['an open one with another after it', ['30-40 w 80+'], ['50-50 p 70+'], true],
  ['one of the repeated step alone', ['40-40 p 80+'], [], false],
] as const)
  test(`a tail from 40 on loses a breach: ${name}`, () => {
    const before = frame([0, 40], { ...line('a', 1, 1), breaches: old.map(breach) });
    const after = frame([40, 50], { ...line('a', 1, 1), breaches: tail.map(breach) });
    assert.equal(losesBreach(before, after), lost);
  });

test('an infinite peak, which JSON cannot carry, gives way to a number', () => {
  const joined = (...peaks: (number | null)[]) => {
    const [a, b] = peaks.map((peak, i) => ({ ...breach(`${i * 20}-${i * 20 + 10} w 1+`), peak }));
    const before = { ...line('a', 1, 1, 1), breaches: [a!] };
    const after = { ...line('a', 1, 1), breaches: [{ ...b!, start: 20 }] };
    return extend(frame([0, 10, 20], before), frame([20, 30], after), 0, up).lines[0]?.breaches[0]?.peak;
  };
  assert.deepEqual([joined(null, 5), joined(5, null), joined(null, null), joined(5, 7)], [5, 5, null, 7]);
});

test('the first index not before a time', () => {
  assert.deepEqual([-1, 0, 1, 15, 31].map((t) => lowerBound([0, 15, 30], t)), [0, 0, 1, 1, 3]);
  assert.equal(lowerBound([], 5), 0);
});

test('a summary skips gaps and knows when there is nothing', () => {
  assert.deepEqual(summarize([1, null, 3]), { last: 3, max: 3, min: 1, mean: 2 });
  assert.deepEqual(summarize([9, 1, 2, 9], 1, 3), { last: 2, max: 2, min: 1, mean: 1.5 });
  assert.deepEqual(summarize([null]), { last: null, max: null, min: null, mean: null });
});

for (const [name, breaches, counted] of [
  ['none', [], { times: 0, seconds: 0 }],
  ['one', ['10-20 w 80'], { times: 1, seconds: 10 }],
  ['two at the same time are one', ['10-20 w 80', '15-30 c 90'], { times: 1, seconds: 20 }],
  ['one within another', ['10-40 w 80', '15-30 c 90'], { times: 1, seconds: 30 }],
  ['two apart', ['10-20 w 80', '30-40 c 90'], { times: 2, seconds: 20 }],
  ['pending is none', ['10-20 p 80'], { times: 0, seconds: 0 }],
  ['only what is in sight', ['0-10 w 80', '90-120 c 90+', '130-140 w 80'], { times: 2, seconds: 15 }],
  ['in any order', ['30-40 c 90', '10-20 w 80'], { times: 2, seconds: 20 }],
] as const)
  test(`breaches counted from 5 to 100: ${name}`, () => {
    const lines = breaches.map((text) => ({ ...line('a'), breaches: [breach(text)] }));
    assert.deepEqual(countBreaches(lines, [5, 100]), counted);
  });
