import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../testing/app.ts';
import { metricNow, overview } from '../../testing/fixtures.ts';
import { SHAPES } from '../routes/overview/groups.ts';
import { TEXTS } from '../text/index.ts';
import Banners from './Banners.svelte';
import Remedy from './Remedy.svelte';
import Shortcuts from './Shortcuts.svelte';
import StateIcon from './StateIcon.svelte';
import TopBar from './TopBar.svelte';
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
    for (const text of Object.values(texts.keys)) assert.ok(body.includes(text), text);
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

test('the bar names the groups in trouble, the page that is open, and keeps the view', async () => {
  const { app } = openApp(
    {
      overview: overview([
        metricNow(),
        metricNow({ id: 'app.errors', state: 'critical' }),
      ]),
    },
    '/p/?range=6h&group=app&lang=en',
    '/p/',
  );
  await app.live.poll();
  const { body } = render(TopBar, { props: { app, onhelp: () => undefined } });
  assert.match(body, /href="\/p\/\?range=6h&amp;group=system.cpu&amp;lang=en"/);
  assert.match(body, /data-group="app" aria-current="page"[\s\S]*Critical/);
  assert.match(body, /data-range="6h" aria-pressed="true"/);
  assert.match(body, /Updated 11:46:40/); // in the zone of the server
});

test('a lost connection, a refusal and a full disk show banners', async () => {
  const down: { answer: unknown } = { answer: overview([metricNow()]) };
  const { app, clock } = openApp({ overview: () => down.answer });
  const show = () => render(Banners, { props: { app } }).body;
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
  const body = render(Banners, { props: { app } }).body;
  assert.match(body, /role="status"[\s\S]*jipyo\.yaml:3: &lt;b>listen/);
  assert.doesNotMatch(body, /role="alert"/);
});

test('made-up data are named as such, and nothing else is', async () => {
  for (const demonstration of [true, false]) {
    const { app } = openApp({ overview: overview([metricNow()], { demonstration }) });
    await app.live.poll();
    const body = render(Banners, { props: { app } }).body;
    assert.equal(/data-testid="demonstration"/.test(body), demonstration);
  }
});

test('a source that could not be read is named with its reason and since when', async () => {
  const part = { source: 'prod', text: 'Source prod cannot be read.\nCheck it.', since: 1_600_000_000 };
  const counts = overview([]).verdict.counts;
  const verdict = { state: 'unknown' as const, text: 'Unknown', counts, missing: [part] };
  const { app } = openApp({ overview: overview([metricNow()], { verdict }) });
  await app.live.poll();
  const body = render(Banners, { props: { app } }).body;
  assert.match(body, /data-testid="missing-source"[\s\S]*Incomplete[\s\S]*since[\s\S]*prod/);
});

test('before the first answer there are no values to speak of', async () => {
  const { app } = openApp({ overview: new TypeError('fetch failed') }, '/?lang=ko');
  await app.live.poll();
  assert.match(render(Banners, { props: { app } }).body, /아직 한 번도 연결되지 않았습니다/);
});
