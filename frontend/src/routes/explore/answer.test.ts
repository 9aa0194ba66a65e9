import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PromAnswer } from '../../api/queries.ts';
import { frameOfAnswer, isTwoValued, nameSeries, placeOfError, pointAt, rowsOf, writeMetric } from './answer.ts';

const matrix = (...series: [Record<string, string>, [number, string][]][]): PromAnswer => ({
  data: { resultType: 'matrix', result: series.map(([metric, values]) => ({ metric, values })) },
});

test('a series is named as PromQL writes it', () => {
  assert.equal(nameSeries({ __name__: 'up', job: 'a"b' }), 'up{job="a\\"b"}');
  assert.equal(nameSeries({ __name__: 'up' }), 'up');
  assert.equal(nameSeries({}), '{}');
});

test('series get common steps, with gaps where one has no value', () => {
  const answer = matrix([{ a: '1' }, [[0, '1'], [30, '3']]], [{ a: '2' }, [[15, 'NaN'], [30, '4']]]);
  const { frame, total } = frameOfAnswer(answer, 100);
  assert.deepEqual(frame.t, [0, 15, 30]);
  assert.deepEqual(frame.lines.map(({ values }) => values), [[1, null, 3], [null, null, 4]]);
  assert.equal(total, 2);
});

test('of many series the highest are kept', () => {
  const many = Array.from({ length: 50 }, (_, i) => [{ n: String(i) }, [[0, String(i)]]] as never);
  const { frame, total } = frameOfAnswer(matrix(...(many as never[])), 3);
  assert.deepEqual(frame.lines.map(({ labels }) => labels['n']), ['49', '48', '47']);
  assert.equal(total, 50);
});

test('values of 0 and 1 alone are words', () => {
  assert.equal(isTwoValued(frameOfAnswer(matrix([{}, [[0, '1'], [1, '0']]]), 9).frame), true);
  assert.equal(isTwoValued(frameOfAnswer(matrix([{}, [[0, '2']]]), 9).frame), false);
  assert.equal(isTwoValued({ t: [], lines: [] }), false);
});

test('rows are those of a vector or a scalar', () => {
  const vector: PromAnswer = { data: { resultType: 'vector', result: [{ metric: { a: 'x' }, value: [0, '5'] }] } };
  assert.deepEqual(rowsOf(vector, 9), { rows: [{ name: '{a="x"}', value: '5' }], total: 1 });
  const scalar: PromAnswer = { data: { resultType: 'scalar', result: [0, '2'] } };
  assert.deepEqual(rowsOf(scalar, 9).rows, [{ name: 'scalar', value: '2' }]);
});

test('an error of the parser is shown at its place', () => {
  assert.deepEqual(placeOfError('invalid parameter "query": 2:5: parse error: x'), { line: 2, column: 5 });
  assert.equal(placeOfError('query timed out'), null);
  assert.equal(pointAt('sum(\n  a b)', { line: 2, column: 5 }), 'sum(\n  a b)\n    ^');
  assert.equal(pointAt('sum(', { line: 9, column: 1 }), 'sum(\n^');
});

test('a metric is written with the labels that all series have, quoted for YAML', () => {
  const { frame } = frameOfAnswer(matrix([{ __name__: 'x', job: 'a', n: '1' }, [[0, '1']]], [{ job: 'b' }, [[0, '1']]]), 9);
  const text = writeMetric("x{a='1'}\n  > 0", "Bob's load", frame);
  assert.match(text, /- id: site\.bob_s_load\n/);
  assert.match(text, /labels: \[job\]\n/);
  assert.match(text, /name: \{ko: 'Bob''s load', en: 'Bob''s load'\}/);
  assert.match(text, /promql: 'x\{a=''1''\} > 0'\}/);
});
