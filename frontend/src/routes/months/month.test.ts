import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MonthDay, ReportDetail } from '../../api/queries.ts';
import { downloadsOf, monthOf, parseNumber, shapeOfCheck, shapeOfResult, weeksOf } from './month.ts';

const dayOf = (number: number): MonthDay => ({
  day: `2026-11-${String(number).padStart(2, '0')}`, number, state: 'clear', text: '', label: '',
});

test('weeks begin on Monday, and days outside the month are empty', () => {
  const weeks = weeksOf(Array.from({ length: 30 }, (_, i) => dayOf(i + 1)));
  assert.equal(weeks.length, 6); // 1 November 2026 is a Sunday
  assert.deepEqual(weeks[0]?.map((day) => day?.number ?? 0), [0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(weeks[5]?.map((day) => day?.number ?? 0), [30, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(weeksOf([]), []);
});

test('a month is that of the zone', () => {
  const t = Date.UTC(2026, 10, 30, 16) / 1000;
  assert.equal(monthOf(t, 'UTC'), '2026-11');
  assert.equal(monthOf(t, 'Asia/Seoul'), '2026-12');
});

for (const [text, value] of [
  ['92.5', 92.5], [' 1,204 ', 1204], ['-3', -3], ['0', 0], ['', null], ['92.5점', null], ['1e9', null], ['.', null],
] as const)
  test(`"${text}" is ${value}`, () => assert.equal(parseNumber(text), value));

test('what nobody has entered has a hollow mark, never that of a good result', () => {
  assert.equal(shapeOfResult('not_entered'), 'noData');
  assert.equal(shapeOfResult('met'), 'ok');
  assert.equal(shapeOfCheck('open'), 'noData');
  assert.equal(shapeOfCheck('bad'), 'critical');
});

test('downloads are those of the last issue, in the language of the reader', () => {
  const file = (format: string, lang: string) => ({
    name: `x.${lang}.${format}`, format, lang, size: 1, size_text: '1 B', sha256: '',
  });
  const issue = { issue: 2, made: 1, state: 'ok', changes: 0 };
  const files = [file('html', 'ko'), file('pdf', 'ko'), file('pdf', 'en'), file('', '')];
  const detail = { issues: [{ ...issue, files }, { ...issue, files: [file('hwpx', 'ko')] }] };
  const names = downloadsOf(detail as unknown as ReportDetail, 'en').map(({ name }) => name);
  assert.deepEqual(names, ['x.en.pdf', 'x.ko.html']);
});
