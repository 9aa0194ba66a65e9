import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import { SHAPES } from '../routes/overview/groups.ts';
import { TEXTS } from '../text/index.ts';
import Bands from './Bands.svelte';
import Remedy from './Remedy.svelte';
import Shortcuts from './Shortcuts.svelte';
import StateIcon from './StateIcon.svelte';
import Rail from './Rail.svelte';
import TabBar from './TabBar.svelte';
import TimeBar from './TimeBar.svelte';
import { splitRemedy } from './remedy.ts';

test('each state has a shape of its own', () => {
  const drawings = SHAPES.map(
    (shape) => render(StateIcon, { props: { shape } }).body.replace(/class="[^"]*"/g, ''),
  );
  assert.equal(new Set(drawings).size, SHAPES.length);
  assert.ok(drawings.every((drawing) => drawing.includes('aria-hidden="true"')));
});

for (const [share, dashes] of [[0, '0 100'], [0.4, '40 100'], [1.7, '100 100'], [-1, '0 100']] as const)
  test(`the ring of a pending state at ${share} is filled ${dashes}`, () => {
    const { body } = render(StateIcon, { props: { shape: 'pending', share } });
    assert.match(body, new RegExp(`stroke-dasharray="${dashes}"`));
  });

for (const lang of ['ko', 'en'] as const)
  test(`the shortcuts are explained in ${lang}`, () => {
    const texts = TEXTS[lang];
    const { body } = render(Shortcuts, { props: { texts, open: false, onclose: () => undefined } });
    for (const text of [...Object.values(texts.keys), texts.nav.logs])
      assert.ok(body.replaceAll('&amp;', '&').includes(text), text);
  });

test('the words of a remedy are apart from the lines to copy', () => {
  const yaml = 'collect:\n  scrape:\n  - {job: vllm}\n';
  assert.deepEqual(splitRemedy(`Add this.\n\n${yaml}`), { words: 'Add this.', yaml });
  assert.deepEqual(splitRemedy('Install it.'), { words: 'Install it.', yaml: '' });
});

test('a remedy of a metric is shown once it is known, as text', async () => {
  const { app } = openApp({
    doctor: { t: 1, metrics: [{ id: 'x', remedy: '<b>Add</b>\ncollect:\n  gpu: true\n' }] },
  });
  const show = () => render(Remedy, { props: { app, id: 'x' } }).body;
  assert.doesNotMatch(show(), /Add/);
  await app.loadDoctor();
  assert.match(show(), /&lt;b>Add&lt;\/b>[\s\S]*<pre[^>]*>collect:/);
});

async function openShell(address: string, base = '/') {
  const { app } = openApp({ overview: overview([metricNow()], { targets: { up: 1, down: 2, unknown: 0, absent: 0 } }) }, address, base);
  await app.live.poll();
  return app;
}

for (const [path, section] of [
  ['', 'overview'], ['incidents/3', 'incidents'], ['silences', 'incidents'], ['metrics/x', 'metrics'],
  ['explore', 'metrics'], ['logs', 'logs'], ['targets', 'targets'], ['months/2026-11', 'months'],
  ['reports/x', 'months'], ['settings', 'settings'], ['nowhere', null],
] as const)
  test(`the rail marks ${section ?? 'nothing'} on /${path}, and its links keep the time`, async () => {
    const app = await openShell(`/p/${path}?range=6h&q=x&lang=en`, '/p/');
    const { body } = render(Rail, { props: { app, onhelp: () => undefined } });
    const marked = [...body.matchAll(/<a[^>]*aria-current="page"[^>]*>/g)].map(([tag]) => /data-nav="(\w+)"/.exec(tag)?.[1]);
    assert.deepEqual(marked, section === null ? [] : [section]);
    assert.match(body, /href="\/p\/targets\?range=6h&amp;lang=en"/);
    assert.match(body, /Receiving · 11:46:40[\s\S]*Asia\/Seoul \(UTC\+9\)/);
  });

test('six sections stand at the bottom of a phone, with their badges', async () => {
  const { body } = render(TabBar, { props: { app: await openShell('/?lang=ko') } });
  assert.deepEqual([...body.matchAll(/data-nav="(\w+)"/g)].map(([, name]) => name), [
    'overview', 'incidents', 'metrics', 'logs', 'targets', 'months',
  ]);
  assert.match(body, /수집 대상<\/span>[\s\S]*>2<\/b>[\s\S]*수집 실패 2개/);
});

for (const [search, chip, span, state] of [
  ['?lang=en', '24h', 'Dates', 'live'],
  ['?lang=en&range=1h', '1h', 'Dates', 'live'],
  ['?lang=en&range=30d', null, 'Last 30 days', 'live'],
  ['?lang=en&from=1970-01-01T10:00:00&to=1970-01-01T11:00:00', null, '1 Jan 10:00 – 11:00', 'paused'],
] as const)
  test(`the time of ${search}: ${chip ?? 'no chip'}, ${span}, ${state}`, async () => {
    const { body } = render(TimeBar, { props: { app: await openShell(`/${search}`) } });
    const chips = [...body.matchAll(/data-range="(\w+)" aria-current="true"/g)].map(([, range]) => range);
    assert.equal(chips.find((range) => ['1h', '6h', '24h', '7d'].includes(range!)) ?? null, chip);
    assert.match(body, new RegExp(`data-testid="span"[^>]*>${span}<`));
    assert.match(body, new RegExp(`class="button live ${state}`));
  });

test('a lost connection, a refusal and a full disk show banners', async () => {
  const down: { answer: unknown } = { answer: overview([metricNow()]) };
  const { app, clock } = openApp({ overview: () => down.answer });
  const show = () => render(Bands, { props: { app } }).body;
  await app.live.poll();
  assert.doesNotMatch(show(), /role="alert"/);
  down.answer = new TypeError('fetch failed');
  await clock.pass(10);
  assert.match(show(), /data-testid="lost"[\s\S]*No connection[\s\S]*values of 11:46:40/);
  down.answer = Response.json({ error: 'too many' }, { status: 429 });
  await clock.pass(2);
  assert.match(show(), /could not handle the request[\s\S]*too many/);
  down.answer = overview([metricNow()], { storage: { writable: false, text: 'disk full' } });
  await clock.pass(5);
  assert.doesNotMatch(show(), /data-testid="lost"/);
  assert.match(show(), /data-testid="readonly"[\s\S]*disk full/);
});

test('a configuration file that is not in effect is named with its mistakes', async () => {
  const answer = overview([metricNow()], {
    configuration: { current: false, text: 'jipyo.yaml:3: <b>listen</b>' },
  });
  const { app } = openApp({ overview: answer });
  await app.live.poll();
  const body = render(Bands, { props: { app } }).body;
  assert.match(body, /role="status"[\s\S]*jipyo\.yaml:3: &lt;b>listen/);
  assert.doesNotMatch(body, /role="alert"/);
});

test('made-up data are named as such, and nothing else is', async () => {
  for (const demonstration of [true, false]) {
    const { app } = openApp({ overview: overview([metricNow()], { demonstration }) });
    await app.live.poll();
    const body = render(Bands, { props: { app } }).body;
    assert.equal(/data-testid="demonstration"/.test(body), demonstration);
  }
});

test('a source that could not be read is named with its reason and since when', async () => {
  const part = { source: 'prod', text: 'Source prod cannot be read.\nCheck it.', since: 1_600_000_000 };
  const counts = overview([]).verdict.counts;
  const verdict = { state: 'unknown' as const, text: 'Unknown', counts, missing: [part] };
  const { app } = openApp({ overview: overview([metricNow()], { verdict }) });
  await app.live.poll();
  const body = render(Bands, { props: { app } }).body;
  assert.match(body, /data-testid="missing-source"[\s\S]*Incomplete[\s\S]*since[\s\S]*prod/);
});

test('before the first answer there are no values to speak of', async () => {
  const { app } = openApp({ overview: new TypeError('fetch failed') }, '/?lang=ko');
  await app.live.poll();
  assert.match(render(Bands, { props: { app } }).body, /아직 한 번도 연결되지 않았습니다/);
});
