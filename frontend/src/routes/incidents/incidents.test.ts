import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import {
  incidentDetail, incidentFacts, incidentMember, rankedEvidence, incidentRow, maintenanceInfo, metricNow,
  overview, silenceInfo,
} from '../../../testing/fixtures.ts';
import type { IncidentDetail, IncidentFactSheet, IncidentRow, Incidents } from '../../api/queries.ts';
import { Resource } from '../../state/resource.svelte.ts';
import Rail from '../../ui/Rail.svelte';
import SilencesPage from '../silences/Page.svelte';
import Acknowledge from './Acknowledge.svelte';
import Detail from './Detail.svelte';
import { IncidentEditor } from '../../state/incidentEditor.svelte.ts';
import { chooseCharts } from './evidence.ts';
import { filterOf, paramsOf } from './filter.ts';
import Page from './Page.svelte';
import { periodOf, shownOf, stretchOf } from './period.ts';
import Report from './Report.svelte';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

const answerOf = (incidents: IncidentRow[]): Incidents => {
  const of = (wanted: IncidentRow['state']) => incidents.filter(({ state }) => state === wanted).length;
  return {
    t: 10_000, open: of('open'), text: 'One incident is open.',
    counts: { open: of('open'), recovered: of('recovered'), closed: of('closed') }, incidents,
  };
};

async function open(answers: Record<string, unknown>, lang = 'en', more = '') {
  const opened = openApp({ overview: overview([metricNow()]), ...answers }, `/incidents?lang=${lang}${more}`);
  await opened.app.live.poll();
  return opened;
}

async function listPage(incidents: IncidentRow[], lang = 'en', more = '') {
  const { app } = await open({ incidents: answerOf(incidents) }, lang, more);
  await app.loadIncidents();
  return textOf(render(Page, { props: { app, number: null } }).body);
}

const PAST = incidentRow({
  number: 6, state: 'closed', title: 'CPU', subject: 'a', acknowledged: 5000, acknowledged_by: 'kim',
  recovered: 6000, closed: 7000, cause: 'change', cause_text: 'change or deployment',
});

for (const [lang, words] of [
  ['en', ['One incident is open.', 'All 2', 'Open 1', 'Closed 1', 'vllm a:8000 does not answer Incident 7 · 11:36:40 · 10 min Open · not acknowledged', 'CPU a', 'Closed · change or deployment']],
  ['ko', ['전체 2', '진행 중 1', '진행 중 · 접수 대기', '장애 6번']],
] as const)
  test(`incidents are listed with what they wait for and counted by state, in ${lang}`, async () => {
    const text = await listPage([incidentRow(), PAST], lang);
    for (const word of words) assert.ok(text.includes(word), `${word}: ${text}`);
  });

test('who acknowledged an open incident is shown', async () => {
  const text = await listPage([incidentRow({ acknowledged: 9500, acknowledged_by: 'kim' })]);
  assert.match(text, /Open · acknowledged by kim/);
});

test('no incidents, none that match, and a list that cannot be loaded, say so', async () => {
  assert.match(await listPage([]), /No incident in the last 30 days\./);
  assert.match(await listPage([], 'ko'), /최근 30일간 기록된 장애가 없습니다/);
  assert.match(await listPage([], 'en', '&q=disk'), /No incident matches\./);
  const refused = Response.json({ error: 'disk on fire' }, { status: 503 });
  const { app } = await open({ incidents: refused });
  await app.loadIncidents().catch(() => undefined);
  const { body } = render(Page, { props: { app, number: null } });
  assert.match(textOf(body), /disk on fire Try again/);
});

test('the filter of the list is that of the address', async () => {
  assert.deepEqual(paramsOf({}, 2_592_100), { from: 60, limit: 200 });
  assert.deepEqual(
    paramsOf({ state: 'open', severity: 'critical', days: '90', q: ' disk ' }, 7_776_000),
    { from: 0, limit: 200, state: 'open', severity: 'critical', search: 'disk' },
  );
  assert.deepEqual(filterOf({ state: 'gone', severity: 'x', days: '7' }), {
    state: '', severity: '', days: '30', words: '',
  });
  const { app, calls } = await open({ incidents: answerOf([]) }, 'en', '&state=closed');
  await app.loadIncidents();
  const { body } = render(Page, { props: { app, number: null } });
  assert.match(body, /aria-pressed="true" data-state="closed"/);
  assert.ok(calls.some(({ path }) => path === 'incidents'));
});

test('the period of an incident has a margin, and ends now at the latest', () => {
  assert.deepEqual(periodOf(incidentRow({ began: 4000, recovered: 4400 }), 10_000), [3100, 5300]);
  assert.deepEqual(periodOf(incidentRow({ began: 4000 }), 12_000), [2000, 12_000]);
});

test('charts of an incident follow a zoom only where it shows something of it', () => {
  const incident = incidentRow({ began: 4000, recovered: 4400 });
  assert.deepEqual(shownOf(incident, [4100, 4200], 10_000), [4100, 4200]);
  assert.deepEqual(shownOf(incident, [9000, 9500], 10_000), [3100, 5300]);
  assert.deepEqual(shownOf(incident, null, 10_000), [3100, 5300]);
  const { start, end, open } = stretchOf(incidentRow({ began: 4000 }), 9000);
  assert.deepEqual([start, end, open], [4000, 9000, true]);
});

test('the first alert of each metric is drawn, four at most, and only what is known', () => {
  const rows = ['', 'a', 'a', 'b', 'gone', 'c', 'd', 'e'].map((metric) => rankedEvidence({ metric }));
  assert.deepEqual(chooseCharts(rows, (id) => id !== 'gone'), [1, 3, 5, 6]);
});

async function detailPage(
  shown: IncidentDetail, facts: IncidentFactSheet | null = incidentFacts(), lang = 'en',
) {
  const { app } = await open({ incidents: answerOf([shown.incident]), 'incidents/7': shown, 'incidents/7/facts': facts ?? {} }, lang);
  const detail = new Resource<IncidentDetail>();
  const sheet = new Resource<IncidentFactSheet>();
  await app.loadIncident(detail, 7);
  if (facts !== null) await app.loadIncidentFacts(sheet, 7);
  // A page loads in an effect, which a server has not; so its parts are looked at with their values.
  const { body } = render(Detail, { props: { app, number: 7, detail, facts: sheet } });
  return { app, body, text: textOf(body) };
}

test('an open incident shows who is notified next, what it cost, and what to look at first', async () => {
  const member = incidentMember({ runbook: 'http://wiki/vllm' });
  const cpu = incidentMember({ rule: 'system.cpu.utilization', name: 'CPU', subject: 'a', severity: 'warning', cause: '', remedy: '', peak_text: '98%', threshold_text: '85%' });
  const { text, body } = await detailPage(incidentDetail({
    members: [member, cpu], event: 'It began 3 min after: Deployment v2', withheld: '',
  }));
  for (const word of [
    'Critical', 'vllm a:8000 does not answer', 'Waiting for 9 min 30 s · escalates to phone at 11:49',
    'Began 11:36:40', 'Detected 11:37:10', 'Acknowledged –', 'Look here first. Start the service.',
    'Runbook', 'It began 3 min after', 'Failed requests 147 of 6,390, 2.3%', 'CPU a Warning',
    '98% (threshold 85%)', 'It began first.', 'The order names no cause.', 'Cause to fill in',
  ])
    assert.ok(text.includes(word), `${word}: ${text}`);
  assert.match(body, /href="\/incidents\/?[^"]*"|href="\/explore\?from=[^"]*&amp;q=up/);
  assert.match(body, /aria-current="step"/);
});

test('the page shows no counts before the facts are there', async () => {
  const { text } = await detailPage(incidentDetail(), null);
  assert.ok(text.includes('Failed requests –'), text);
  assert.ok(!text.includes('to fill in'), text);
});

test('where no request failed or none is counted, a sentence says which', async () => {
  const facts = incidentFacts({ requests: [], requests_text: 'No metric counts requests.' });
  assert.match((await detailPage(incidentDetail(), facts)).text, /Failed requests No metric counts requests\./);
});

test('forty hosts fold into a few rows, with how many there are', async () => {
  const members = Array.from({ length: 40 }, (_, i) => incidentMember({ subject: `host-${i}` }));
  const evidence = members.map(({ subject }) => rankedEvidence({ subject, metric: '' }));
  const { text } = await detailPage(
    incidentDetail({ members, incident: incidentRow({ alerts: 40 }) }), incidentFacts({ evidence }),
  );
  for (const word of ['40 alerts', '32 more', '34 more']) assert.ok(text.includes(word), `${word}: ${text}`);
  assert.ok(!text.includes('host-39'));
});

test('a pattern of the evidence leads to its lines at that time, a query to Explore', async () => {
  const { body } = await detailPage(incidentDetail(), incidentFacts({
    evidence: [
      rankedEvidence({ kind: 'log_template', metric: '', is_promql: false, pattern: 'p1', name: 'CUDA <*>' }),
      rankedEvidence({ kind: 'requests', metric: '', query: 'errors' }),
    ],
  }));
  assert.match(body, /href="\/logs\?from=1970[^"]*&amp;to=[^"]*pattern=p1/);
  assert.match(body, /href="\/explore\?from=[^"]*q=errors/);
});

const editorOf = async (answers: Record<string, unknown>) => {
  const { app, calls } = await open({ incidents: answerOf([incidentRow()]), ...answers });
  const detail = new Resource<IncidentDetail>();
  return { app, calls, detail, editor: new IncidentEditor(app, detail, 7) };
};

test('a name is asked for once, kept, and sent with what is done', async () => {
  const after = incidentDetail({ incident: incidentRow({ acknowledged: 10_000, acknowledged_by: 'kim' }) });
  const { app, calls, detail, editor } = await editorOf({ 'incidents/7/ack': after });
  assert.equal(await editor.act('ack'), false);
  assert.equal(editor.asks, 'ack');
  const props = { app, editor, shown: incidentDetail(), onquiet: () => undefined };
  assert.match(render(Acknowledge, { props }).body, /data-testid="who"/);
  editor.who = ' kim ';
  assert.equal(await editor.act('ack'), true);
  const sent = calls.find(({ path }) => path === 'incidents/7/ack');
  assert.deepEqual([sent?.method, sent?.body], ['POST', { who: 'kim', text: '' }]);
  assert.equal(detail.value?.incident.acknowledged_by, 'kim');
  assert.equal(app.preferences.who, 'kim');
  assert.doesNotMatch(render(Acknowledge, { props }).body, /data-testid="who"/);
});

test('why something could not be done stands at its button', async () => {
  const { app, editor } = await editorOf({
    'incidents/7/close': Response.json({ error: 'It is open.' }, { status: 400 }),
  });
  editor.who = 'kim';
  assert.equal(await editor.act('close', { cause: 'network' }), false);
  assert.deepEqual(editor.problem, { action: 'close', text: 'Not saved. It is open.' });
  const shown = incidentDetail({ incident: incidentRow({ state: 'recovered' }) });
  const props = { app, editor, shown, facts: incidentFacts() };
  assert.match(textOf(render(Report, { props }).body), /It is open\./);
});

test('only what can be done is offered', async () => {
  const { app, editor } = await editorOf({});
  const offer = (change: Partial<IncidentRow>) => {
    const shown = incidentDetail({ incident: incidentRow(change) });
    const bodies = render(Acknowledge, { props: { app, editor, shown, onquiet: () => undefined } }).body
      + render(Report, { props: { app, editor, shown, facts: null } }).body;
    return ['ack', 'quiet', 'close'].filter((name) => bodies.includes(`data-testid="${name}"`));
  };
  assert.deepEqual(offer({}), ['ack', 'quiet']);
  assert.deepEqual(offer({ state: 'recovered' }), ['ack', 'close']);
  assert.deepEqual(offer({ state: 'recovered', acknowledged: 1 }), ['close']);
  assert.deepEqual(offer({ state: 'closed' }), []);
});

test('open incidents are counted in the bar', async () => {
  const { app } = await open({ incidents: answerOf([incidentRow(), incidentRow({ number: 8 })]) });
  await app.loadOpenIncidents();
  const bar = textOf(render(Rail, { props: { app, onhelp: () => undefined } }).body);
  assert.match(bar, /Incidents 2 \(2 open\)/);
});

test('silences and maintenance windows are listed, those of the file without a button', async () => {
  const windows = [
    maintenanceInfo(), maintenanceInfo({ id: 'backup 2027-01-03 02:00', name: 'backup', who: '', announced: 9000, match: 'job="db"' }),
  ];
  const { app } = await open({ silences: { t: 10_000, silences: [silenceInfo()] }, maintenance: { t: 10_000, windows } });
  await app.loadSilences();
  const { body } = render(SilencesPage, { props: { app } });
  const text = textOf(body);
  for (const word of ['job="vllm"', 'in force', 'new model', 'kim · approval 2026-114 · not announced', 'everything', 'configuration file', 'announced 11:30:00'])
    assert.ok(text.replaceAll('&quot;', '"').includes(word), `${word}: ${text}`);
  assert.equal(body.match(/>Cancel</g)?.length, 1);
});

test('a silence is added, ended, and the list is loaded again', async () => {
  const { app, calls } = await open({
    silences: ({ method }: { method: string }) =>
      method === 'POST' ? silenceInfo() : { t: 10_000, silences: [] },
    'silences/3/expire': silenceInfo({ phase: 'over' }),
    'maintenance/5/cancel': maintenanceInfo({ phase: 'cancelled' }),
    maintenance: ({ method }: { method: string }) =>
      method === 'POST' ? maintenanceInfo() : { t: 10_000, windows: [] },
  });
  app.preferences.setWho('kim');
  await app.addSilence({ match: 'job="a"', who: 'kim', reason: 'r', duration: '2h' });
  await app.expireSilence(3);
  await app.addMaintenance({ name: 'n', start: '1', end: '2', who: 'kim' });
  await app.cancelMaintenance('5');
  const sent = calls.filter(({ method }) => method === 'POST').map(({ path, body }) => [path, body]);
  assert.deepEqual(sent.map(([path]) => path), ['silences', 'silences/3/expire', 'maintenance', 'maintenance/5/cancel']);
  assert.deepEqual(sent[1]?.[1], { who: 'kim' });
  assert.equal(calls.filter(({ path, method }) => path === 'silences' && method === 'GET').length, 4);
});
