import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { overview } from '../../../testing/fixtures.ts';
import type { ReportBuild, ReportFile, ReportRow, Reports } from '../../api/queries.ts';
import Page from './Page.svelte';
import { isWorking, previewOf, progressOf, shapeOfState, sortFiles } from './rows.ts';

const file = (name: string, format: string, lang: string): ReportFile => ({
  name, format, lang, size: 1, size_text: '1 B', sha256: '',
});
const FILES = [file('report.json', '', ''), file('a.en.html', 'html', 'en'), file('a.ko.pdf', 'pdf', 'ko')];
const BUILD: ReportBuild = {
  id: 1, kind: 'daily', period: '2027-01-01', requested: 5, state: 'working', done: 3, total: 12,
  report: '', issue: 0, error: '',
};
const ROW: ReportRow = {
  id: 'IT-2027-01', number: 'IT-2027/01', kind: 'monthly', title: 'Monthly report January 2027',
  period: '2027-01', start: 0, end: 1, issue: 2, made: 9000, state: 'warning', step: 'approved',
  step_text: 'approved',
};
const REPORTS: Reports = {
  t: 10_000,
  reports: [ROW],
  schedules: [{ name: 'month', kind: 'monthly', next: 20_000, last: null, problem: 'No disk.' }],
  problems: ['issue.json is damaged'],
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

test('the page lists reports, schedules with their problems, and what cannot be read', async () => {
  const answers = { overview: overview([]), reports: REPORTS, 'reports/builds': { builds: [BUILD] } };
  const { app } = openApp(answers, '/reports?lang=en');
  await app.live.poll();
  await app.loadReports();
  const { body } = render(Page, { props: { app, id: null } });
  for (const words of ['Monthly report January 2027', 'issue 2', 'approved', 'No disk.', 'being made', 'issue.json is damaged'])
    assert.ok(body.includes(words), words);
  assert.match(body, /href="\/reports\/IT-2027-01\?lang=en"/);
  assert.match(body, /<progress value="0.25"/);
});
