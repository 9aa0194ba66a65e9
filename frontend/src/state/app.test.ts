import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApp } from '../../testing/app.ts';
import { metricNow, metricRange, overview, overviewDay, series } from '../../testing/fixtures.ts';
import { settle } from '../../testing/world.ts';
import { Refused, Unreachable } from '../api/client.ts';
import { Feed } from '../charts/feed.svelte.ts';

const METRICS = [
  metricNow({ id: 'system.cpu.utilization' }),
  metricNow({ id: 'app.errors' }),
  metricNow({ id: 'ai.tokens', absent: true }),
];
const ANSWERS = {
  overview: overview(METRICS),
  'metric/app.errors': metricRange([9000], [series([1])]),
  doctor: { t: 1, metrics: [] },
};

async function open(address?: string, base?: string) {
  const opened = openApp(ANSWERS, address, base);
  await opened.app.live.poll();
  return opened;
}

test('everything is asked for in the language of the reader', async () => {
  const { app, calls } = await open('/?lang=ko');
  await app.loadDoctor();
  await app.pull(new Feed('app.errors'));
  assert.deepEqual(calls.map(({ path, params }) => [path, params['lang']]), [
    ['overview', 'ko'], ['live', 'ko'], ['doctor', 'ko'], ['metric/app.errors', 'ko'],
  ]);
});

test('a chart is asked for the period of the view, by the time of the server', async () => {
  const { app, calls } = await open('/?range=1h&lang=en');
  await app.pull(new Feed('app.errors'));
  assert.deepEqual(calls.at(-1)?.params, { start: '6390', end: '9990', step: '15', limit: '100', lang: 'en' });
});

test('links keep the view and lead below the prefix', async () => {
  const { app } = await open('/p/?range=6h&group=app', '/p/');
  assert.equal(app.metricHref('app.errors'), '/p/metrics/app.errors?range=6h');
  assert.equal(app.href({ page: 'overview' }), '/p/?range=6h');
});

test('leaving releases the moment, then the zoom', async () => {
  const zoom = 'from=1970-01-01T11:30:00&to=1970-01-01T11:40:00';
  const { app, place } = await open(`/metrics/app.errors?${zoom}&at=1970-01-01T11:35:00`);
  const steps: string[] = [];
  for (let i = 0; i < 3; i++) {
    app.leave();
    steps.push(place.entries.at(-1)!);
  }
  assert.deepEqual(steps, [`/metrics/app.errors?${zoom}`, '/metrics/app.errors', '/metrics/app.errors']);
});

test('the zone is the one of the server, UTC until it is known', async () => {
  const { app } = openApp(ANSWERS);
  assert.equal(app.zone, 'UTC');
  await app.live.poll();
  assert.equal(app.zone, 'Asia/Seoul');
});

test('a metric is found by its id', async () => {
  const { app } = await open();
  assert.equal(app.findMetric('app.errors')?.id, 'app.errors');
  assert.equal(app.findMetric('nothing'), undefined);
});

test('failures are explained in the words of the server, else in ours', async () => {
  const { app } = await open('/?lang=ko');
  assert.equal(app.explain(new Refused('the disk is full', 503)), 'the disk is full');
  assert.equal(app.explain(new Unreachable('x')), 'jipyo 서버와 연결이 끊겼습니다.');
});

test('a change that failed is reported as not saved, or as not confirmed', async () => {
  const { app } = await open('/?lang=en');
  assert.equal(app.explainUnsaved(new Refused('the disk is full.', 503)), 'Not saved. the disk is full.');
  assert.match(app.explainUnsaved(new Unreachable('x')), /^Not confirmed as saved/);
});

test('overview and day are asked for at once, and each only once while it is on its way', async () => {
  const { app, calls } = openApp({ overview: overview([metricNow()]), 'overview/day': overviewDay() });
  app.begin();
  await Promise.all([app.loadDay(), settle()]);
  assert.deepEqual(calls.map(({ path }) => path).toSorted(), ['live', 'overview', 'overview/day']);
  assert.equal(app.day.status, 'ready');
  await app.loadDay();
  assert.equal(calls.filter(({ path }) => path === 'overview/day').length, 2);
});

test('a day that is on its way in another language is asked for again', async () => {
  const { app, calls } = openApp({ 'overview/day': overviewDay() });
  const first = app.loadDay();
  app.preferences.setLang('ko');
  await Promise.all([first, app.loadDay()]);
  assert.deepEqual(calls.map(({ params }) => params['lang']), ['en', 'ko']);
});

test('another page than the overview begins without a day', async () => {
  const { app, calls } = openApp({ overview: overview([metricNow()]) }, '/targets?lang=en');
  app.begin();
  await settle();
  assert.ok(calls.every(({ path }) => path !== 'overview/day'));
});
