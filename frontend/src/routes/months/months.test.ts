import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { overview } from '../../../testing/fixtures.ts';
import type { MonthPage, MonthRow, ReportBuild, Reports } from '../../api/queries.ts';
import Checks from './Checks.svelte';
import OutageCalendar from './OutageCalendar.svelte';
import ReportsTab from './Reports.svelte';
import SheetTable from './SheetTable.svelte';
import SignOffSteps from './SignOffSteps.svelte';

const row = (change: Partial<MonthRow>): MonthRow => ({
  id: 'availability', name: 'Availability', weight_text: '30', target_text: '99.9%',
  value_text: '99.928%', result: 'met', grade_text: 'met', score_text: '30',
  evidence_text: '3 outages, 26 min', reasons: [], incidents: [7], queries: ['up'], is_typed: false,
  unit_text: '%', decimals: 3, entries: [], ...change,
});
const TYPED = row({
  id: 'satisfaction', name: 'Satisfaction', value_text: '', result: 'not_entered', grade_text: 'to fill in',
  score_text: '', evidence_text: 'to fill in', incidents: [], queries: [], is_typed: true,
});
const PAGE: MonthPage = {
  t: 1, month: '2027-01', title: 'January 2027', system: 'portal', systems: [{ id: 'portal', name: 'Portal' }],
  start: 0, end: 1, is_provisional: true, state: 'unknown', verdict: 'Score 88', details: [],
  until_text: 'provisional', rows: [row({}), TYPED],
  total: { weight_text: '40', score_text: '30', text: 'weight of 10 to fill in' }, days: [],
  outages: { left_text: '', allowed_text: '', used_share: 0, is_overspent: false, projection: '', list: [] },
  report: null,
  sign_off: [
    { step: 'drafted', text: 'Drafted', state: 'done', who: 'Kim', t: 1, when_text: '1 Feb' },
    { step: 'reviewed', text: 'Reviewed', state: 'next', who: 'Lee', t: null, when_text: '' },
    { step: 'approved', text: 'Approved', state: 'later', who: '', t: null, when_text: '' },
  ],
  verification: null,
  checks: [
    { kind: 'entry', state: 'open', text: 'Satisfaction: to fill in', indicator: 'satisfaction', incident: null },
    { kind: 'incident', state: 'open', text: 'Incident #7: no cause', indicator: '', incident: 7 },
    { kind: 'verification', state: 'bad', text: '2 of 9 figures differ', indicator: '', incident: null },
  ],
};
const ignore = () => Promise.resolve();

async function open(answers: Record<string, unknown> = {}) {
  const { app } = openApp({ overview: overview([]), ...answers }, '/months/2027-01?lang=en');
  await app.live.poll();
  return app;
}

test('a line leads to its incident, and what nobody has entered can be filled in', async () => {
  const app = await open();
  const { body } = render(SheetTable, { props: { app, page: PAGE, onenter: () => undefined } });
  assert.match(body, /href="\/incidents\/7\?lang=en"/);
  assert.equal([...body.matchAll(/data-testid="enter"/g)].length, 1);
  assert.match(body, /99\.928%/);
});

test('a ratio leads to its query over the time of the sheet', async () => {
  const app = await open();
  const page = { ...PAGE, rows: [row({ incidents: [], queries: ['a / b'] })] };
  const { body } = render(SheetTable, { props: { app, page, onenter: () => undefined } });
  assert.match(body, /href="\/explore\?[^"]*q=a\+%2F\+b/);
});

test('only the next step of the sign-off is a button', async () => {
  const app = await open();
  const { body } = render(SignOffSteps, { props: { app, page: PAGE, reload: ignore } });
  assert.equal([...body.matchAll(/data-testid="sign"/g)].length, 1);
  assert.match(body, /data-step="reviewed"[^>]*aria-current="step"|aria-current="step"[^>]*data-step="reviewed"/);
});

test('what is missing leads to where it is mended, and its state is a word', async () => {
  const app = await open();
  const { body } = render(Checks, { props: { app, page: PAGE, reload: ignore, onenter: () => undefined } });
  assert.match(body, /href="\/incidents\/7\?lang=en"/);
  assert.match(body, /Problem:/);
  assert.match(body, /data-testid="verify"/);
});

test('a day says in words what its colour means', async () => {
  const app = await open();
  const days = [{ day: '2027-01-01', number: 1, state: 'long' as const, text: '18 min', label: '1 Jan: outage of 18 min' }];
  const { body } = render(OutageCalendar, { props: { app, days } });
  assert.match(body, /class="hidden">1 Jan: outage of 18 min/);
});

test('the reports of a month are listed with schedules, builds and what cannot be read', async () => {
  const reports: Reports = {
    t: 10_000,
    reports: [{
      id: 'IT-2027-01', number: 'IT-2027/01', kind: 'monthly', title: 'Monthly report January 2027',
      period: '2027-01', start: 0, end: 1, issue: 2, made: 9000, state: 'warning', step: 'approved',
      step_text: 'approved',
    }],
    schedules: [{ name: 'month', kind: 'monthly', next: 20_000, last: null, problem: 'No disk.' }],
    problems: ['issue.json is damaged'],
  };
  const build: ReportBuild = {
    id: 1, kind: 'daily', period: '2027-01-01', requested: 5, state: 'working', done: 3, total: 12,
    report: '', issue: 0, error: '',
  };
  const app = await open({ reports, 'reports/builds': { builds: [build] } });
  await app.loadReports('2027-01');
  const { body } = render(ReportsTab, { props: { app, month: '2027-01' } });
  for (const words of ['Monthly report January 2027', 'issue 2', 'approved', 'No disk.', 'being made', 'issue.json is damaged'])
    assert.ok(body.includes(words), words);
  assert.match(body, /href="\/reports\/IT-2027-01\?lang=en"/);
  assert.match(body, /<progress value="0.25"/);
});
