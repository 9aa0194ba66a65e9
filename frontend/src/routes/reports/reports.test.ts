import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportBuild, ReportFile } from '../../api/queries.ts';
import { isWorking, previewOf, progressOf, shapeOfState, sortFiles } from './rows.ts';

const file = (name: string, format: string, lang: string): ReportFile => ({
  name, format, lang, size: 1, size_text: '1 B', sha256: '',
});
const FILES = [file('report.json', '', ''), file('a.en.html', 'html', 'en'), file('a.ko.pdf', 'pdf', 'ko')];
const BUILD: ReportBuild = {
  id: 1, kind: 'daily', period: '2027-01-01', requested: 5, state: 'working', done: 3, total: 12,
  report: '', issue: 0, error: '',
};

test('a page in the language of the reader is shown, else the other one', () => {
  const korean = file('a.ko.html', 'html', 'ko');
  assert.equal(previewOf([...FILES, korean], 'ko'), korean);
  assert.equal(previewOf(FILES, 'ko')?.name, 'a.en.html');
  assert.equal(previewOf([FILES[0]!], 'ko'), undefined);
});

test('what people read comes before what figures are checked with', () => {
  assert.deepEqual(sortFiles(FILES).map((one) => one.name), ['a.en.html', 'a.ko.pdf', 'report.json']);
});

test('the progress of a report is known once it is known how much there is', () => {
  assert.equal(progressOf(BUILD), 0.25);
  assert.equal(progressOf({ ...BUILD, total: null }), null);
  assert.deepEqual([isWorking([BUILD]), isWorking([{ ...BUILD, state: 'failed' }])], [true, false]);
});

test('a state that the page does not know is unknown', () => {
  assert.deepEqual(['ok', 'critical', 'new'].map(shapeOfState), ['ok', 'critical', 'unknown']);
});
