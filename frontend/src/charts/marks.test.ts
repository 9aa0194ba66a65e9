import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incidentRow } from '../../testing/fixtures.ts';
import type { Events } from '../api/queries.ts';
import { marksOf, marksWithin } from './marks.ts';

const event = (t: number, text: string): Events['events'][number] => ({
  id: 1, t, kind: 'deployment', title: 'Deployment', text, labels: {}, who: 'ci',
});

test('events and incidents are marks in the order of time', () => {
  const incidents = [incidentRow({ began: 50, number: 2, severity: 'warning', subject: 'a' })];
  const marks = marksOf({ events: [event(60, 'v2'), event(40, 'v1')] }, { incidents });
  assert.deepEqual(marks, [
    { t: 40, text: 'Deployment v1', kind: 'event' },
    { t: 50, text: '#2 vllm a:8000 does not answer · a', kind: 'warning' },
    { t: 60, text: 'Deployment v2', kind: 'event' },
  ]);
});

test('what happened at one second is one mark of the gravest kind', () => {
  const incidents = [incidentRow({ began: 40.7, severity: 'critical' })];
  const marks = marksOf({ events: [event(40.2, 'v1'), event(40.9, 'v2')] }, { incidents });
  assert.deepEqual(marks.map(({ kind }) => kind), ['critical']);
  assert.match(marks[0]!.text, /v1, #7 .*, Deployment v2/);
});

test('marks outside of the period are not shown', () => {
  const marks = marksOf({ events: [event(1, 'a'), event(5, 'b'), event(9, 'c')] }, { incidents: [] });
  assert.deepEqual(marksWithin(marks, 2, 9).map(({ t }) => t), [5, 9]);
});
