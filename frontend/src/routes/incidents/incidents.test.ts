import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import {
  incidentDetail, incidentMember, incidentRow, maintenanceInfo, metricNow, overview, silenceInfo,
} from '../../../testing/fixtures.ts';
import type { IncidentDetail, IncidentRow } from '../../api/queries.ts';
import { Resource } from '../../state/resource.svelte.ts';
import Rail from '../../ui/Rail.svelte';
import SilencesPage from '../silences/Page.svelte';
import Actions from './Actions.svelte';
import Page from './Page.svelte';
import { periodOf, stepsOf } from './steps.ts';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

const answerOf = (incidents: IncidentRow[]) => ({
  t: 10_000, open: incidents.filter(({ state }) => state === 'open').length, incidents,
});

async function open(answers: Record<string, unknown>, lang = 'en') {
  const opened = openApp({ overview: overview([metricNow()]), ...answers }, `/incidents?lang=${lang}`);
  await opened.app.live.poll();
  return opened;
}

async function listPage(incidents: IncidentRow[], lang = 'en') {
  const { app } = await open({ incidents: answerOf(incidents) }, lang);
  await app.loadIncidents();
  return textOf(render(Page, { props: { app, number: null } }).body);
}

const PAST = incidentRow({
  number: 6, state: 'closed', title: 'CPU', subject: 'a', acknowledged: 5000, acknowledged_by: 'kim',
  recovered: 6000, closed: 7000, cause: 'change', cause_text: 'change or deployment',
});

for (const [lang, words] of [
  ['en', ['Open incidents 1 vllm a:8000 does not answer #7 · 11:36:40 · 10 min Open · not acknowledged', 'Past incidents 1 CPU a', 'Closed · change or deployment']],
  ['ko', ['진행 중인 장애 1', '진행 중 · 접수 대기', '지난 장애 1']],
] as const)
  test(`open incidents come first, with what they wait for, in ${lang}`, async () => {
    const text = await listPage([incidentRow(), PAST], lang);
    for (const word of words) assert.ok(text.includes(word), `${word}: ${text}`);
  });

test('who acknowledged an open incident is shown', async () => {
  const text = await listPage([incidentRow({ acknowledged: 9500, acknowledged_by: 'kim' })]);
  assert.match(text, /Open · acknowledged by kim/);
});

test('no incidents, and a list that cannot be loaded, say so', async () => {
  assert.match(await listPage([]), /No incident has been recorded/);
  const refused = Response.json({ error: 'disk on fire' }, { status: 503 });
  const { app } = await open({ incidents: refused });
  await app.loadIncidents().catch(() => undefined);
  const body = render(Page, { props: { app, number: null } }).body;
  assert.match(textOf(body), /The incidents could not be updated\. disk on fire/);
});

for (const [name, detail, states] of [
  ['new', incidentDetail(), 'done done waiting open open'],
  ['acknowledged', incidentDetail({ incident: incidentRow({ acknowledged: 9500 }) }), 'done done done waiting open'],
  ['recovered alone', incidentDetail({ incident: incidentRow({ state: 'recovered', recovered: 9600 }) }), 'done done open open done'],
  ['closed', incidentDetail({
    incident: incidentRow({ state: 'closed', acknowledged: 9500, recovered: 9600, closed: 9700 }),
    lines: [{ t: 9550, kind: 'note', who: 'kim', text: 'restarted' }],
  }), 'done done done done done'],
] as const)
  test(`the steps of an incident that is ${name}`, () =>
    assert.equal(stepsOf(detail as IncidentDetail).map(({ state }) => state).join(' '), states));

test('the period of an incident has a margin, and ends now at the latest', () => {
  assert.deepEqual(periodOf(incidentRow({ began: 4000, recovered: 4400 }), 10_000), [3100, 5300]);
  assert.deepEqual(periodOf(incidentRow({ began: 4000 }), 12_000), [2000, 12_000]);
});

test('the likely origin stands alone, with its cause, remedy and place; the rest below', async () => {
  const cpu = incidentMember({ rule: 'system.cpu.utilization', name: 'CPU', subject: 'a', severity: 'warning', cause: '', remedy: '', peak_text: '98%', threshold_text: '85%', position: '30 s later' });
  const file = incidentMember({ rule: 'f/g/Slow', is_metric: false, name: 'Slow', runbook: 'http://wiki/slow' });
  const shown = incidentDetail({
    members: [incidentMember(), cpu, file, incidentMember()],
    event: 'It began 3 min after: Deployment v2',
    findings: [{ kind: 'log_template', title: 'Log', t: 9400, text: 'CUDA error <*>', count: 4 }],
  });
  const { app } = await open({ incidents: answerOf([incidentRow()]), 'incidents/7': shown });
  const detail = new Resource<IncidentDetail>();
  await app.loadIncident(detail, 7);
  assert.deepEqual(detail.value, shown);
  // A page loads in an effect, which a server has not; so its parts are looked at with their values.
  const { default: Detail } = await import('./Detail.svelte');
  const text = textOf(render(Detail, { props: { app, number: 7, detail } }).body);
  for (const word of [
    'Look here first 1 vllm a:8000 does not answer', 'refused the connection', 'Start the service.',
    'Came with it 2 CPU', 'peak 98% (threshold 85%)', 'Runbook', 'It began 3 min after', 'CUDA error', 'Detected 11:37:10 jipyo', 'Acknowledged – waiting',
  ])
    assert.ok(text.includes(word), `${word}: ${text}`);
});

test('a name is asked for once, kept, and sent with what is done', async () => {
  const after = incidentDetail({ incident: incidentRow({ acknowledged: 10_000, acknowledged_by: 'kim' }) });
  const { app, calls } = await open({
    incidents: answerOf([incidentRow()]), 'incidents/7/ack': after,
  });
  const detail = new Resource<IncidentDetail>();
  const props = { app, detail, shown: incidentDetail() };
  assert.match(render(Actions, { props }).body, /data-testid="who"/);
  app.preferences.setWho(' kim ');
  const body = render(Actions, { props }).body;
  assert.match(textOf(body), /Recorded as kim\. Change/);
  assert.doesNotMatch(body, /data-testid="who"/);
  await app.editIncident(detail, 7, 'ack', { who: app.preferences.who, text: '' });
  const sent = calls.find(({ path }) => path === 'incidents/7/ack');
  assert.deepEqual([sent?.method, sent?.body], ['POST', { who: 'kim', text: '' }]);
  assert.equal(detail.value?.incident.acknowledged_by, 'kim');
});

test('only what can be done is offered', () => {
  const { app } = openApp({});
  const offer = (change: Partial<IncidentRow>) => {
    const shown = incidentDetail({ incident: incidentRow(change) });
    const { body } = render(Actions, { props: { app, detail: new Resource<IncidentDetail>(), shown } });
    return ['ack', 'close'].filter((name) => body.includes(`data-testid="${name}"`));
  };
  assert.deepEqual(offer({}), ['ack']);
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
