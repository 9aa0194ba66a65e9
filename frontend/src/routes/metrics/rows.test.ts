import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow } from '../../../testing/fixtures.ts';
import { buildChapters, leastSpan, matches } from './rows.ts';

const METRICS = [
  metricNow({ id: 'system.cpu.load', topic: 'system.cpu', group: 'system', name: 'Load', absent: false }),
  metricNow({ id: 'db.query.time', topic: 'db.query', group: 'database', name: '쿼리 시간' }),
  metricNow({ id: 'db.query.slow', topic: 'db.query', group: 'database', name: 'Slow', absent: true }),
];
const INDEX = {
  t: 0,
  topics: [
    { id: 'system.cpu', name: 'CPU', metrics: ['system.cpu.load'] },
    { id: 'db.query', name: 'Queries', metrics: ['db.query.time', 'db.query.slow'] },
  ],
  metrics: METRICS,
};

test('metrics with data stand by chapter and topic', () => {
  const chapters = buildChapters(INDEX, '');
  assert.deepEqual(chapters.map(({ id, count }) => [id, count]), [['system', 1], ['database', 1]]);
  assert.deepEqual(chapters[1]?.topics[0]?.metrics.map(({ id }) => id), ['db.query.time']);
});

test('a search finds every word in name, id or topic, whatever its case and form', () => {
  assert.equal(buildChapters(INDEX, 'CPU load').length, 1);
  assert.equal(buildChapters(INDEX, '쿼리'.normalize('NFD')).length, 1);
  assert.equal(buildChapters(INDEX, 'nothing').length, 0);
  assert.equal(matches(METRICS[0]!, '', 'load  cpu'), true);
});

test('a percentage has a least span, other values half of what they are', () => {
  assert.equal(leastSpan(metricNow({ unit: 'percent' })), 40);
  assert.equal(leastSpan(metricNow({ unit: 'count', value: 10 })), 5);
});
