import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { metricNow, overview, targetInfo, targets as targetsOf } from '../../../testing/fixtures.ts';
import { Refused } from '../../api/client.ts';
import type { TargetInfo } from '../../api/queries.ts';
import { TEXTS } from '../../text/index.ts';
import Rail from '../../ui/Rail.svelte';
import Page from './Page.svelte';
import { SHAPE_OF, TARGET_STATES, cellOf, filterTargets, sortTargets } from './rows.ts';

const textOf = (html: string): string =>
  html.replace(/<!--.*?-->/g, '').replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ');

const ignore = () => undefined;

/** The page once it has loaded what the server answers. */
async function targetsPage(answer: unknown, lang = 'en') {
  const document = overview([metricNow()]);
  const given = Array.isArray(answer) ? targetsOf(answer) : answer;
  const { app } = openApp({ overview: document, targets: given }, `/targets?lang=${lang}`);
  await app.live.poll();
  await app.loadTargets().catch(ignore);
  return { app, body: render(Page, { props: { app } }).body };
}

const DOWN = targetInfo({
  job: 'redis', instance: 'db:6379', url: '', state: 'down', since: 9520, samples: 0,
  error: 'the connection was refused', hint: 'Check that it is running.', duration_s: 0.85,
});

test('the failing come first, then by job and instance', () => {
  const targets: [TargetInfo['state'], string, string][] = [
    ['absent', 'a', 'a'], ['up', 'b', 'h10'], ['up', 'b', 'h9'], ['up', 'a', 'z'],
    ['unknown', 'z', 'z'], ['down', 'z', 'z'], ['down', 'b', 'b'],
  ];
  const sorted = sortTargets(targets.map(([state, job, instance]) => targetInfo({ state, job, instance })));
  assert.deepEqual(
    sorted.map(({ state, job, instance }) => `${state} ${job} ${instance}`),
    ['down b b', 'down z z', 'unknown z z', 'up a z', 'up b h9', 'up b h10', 'absent a a'],
  );
});

for (const [lang, words] of [
  ['en', ['1 down', '1 up', 'redis db:6379 Down since 11:38:40, 8 min', 'the connection was refused', 'What to do: Check that it is running.', '850 ms']],
  ['ko', ['수집 실패 1개', '정상 1개', 'redis db:6379 수집 실패 11:38:40부터 8분', '조치: Check that it is running.', '850ms']],
] as const)
  test(`a dead target has its cause, its remedy and its time in ${lang}`, async () => {
    const text = textOf((await targetsPage([targetInfo(), DOWN], lang)).body);
    for (const word of words) assert.ok(text.includes(word), `${word}: ${text}`);
  });

test('the figures of the last scrape are shown', async () => {
  const target = targetInfo({ rejected: 7, notes: ['no permission for /proc/1'] });
  const text = textOf((await targetsPage([target])).body);
  for (const word of ['Up', 'http://a:9100/metrics', 'no permission for /proc/1', '12 ms', '1,234', '15 s', '10 s ago'])
    assert.ok(text.includes(word), `${word}: ${text}`);
  assert.match(text, / 1,234 7 rejected /);
});

test('a target without a scrape has no figures that look like some', async () => {
  const waiting = targetInfo({ state: 'unknown', since: null, last: null });
  const absent = targetInfo({ state: 'absent', instance: 'gpu' });
  const text = textOf((await targetsPage([waiting, absent])).body);
  assert.match(text, /node a http:\/\/a:9100\/metrics Not scraped yet Scrape – never 15 s – –/);
  assert.match(text, /Not present .*There is no data to collect/);
});

test('while loading, without targets and after a failure the page says so', async () => {
  const { app } = openApp({ overview: overview([]) }, '/targets?lang=en');
  assert.match(render(Page, { props: { app } }).body, /role="status" aria-label="Loading/);
  assert.match(textOf((await targetsPage([])).body), /There are no targets/);
  const refusal = () => Response.json({ error: 'the store is closed' }, { status: 503 });
  const { body } = await targetsPage(refusal);
  assert.match(textOf(body), /the store is closed/);
  assert.doesNotMatch(body, /<table|There are no targets/);
});

test('after a failure the old values stay, marked as stale', async () => {
  let isDown = false;
  const { app } = await targetsPage(() => (isDown ? new Error('cut') : targetsOf([DOWN])));
  isDown = true;
  await app.loadTargets().catch(ignore);
  const { body } = render(Page, { props: { app } });
  assert.match(body, /role="alert"[\s\S]*class="stale[\s\S]*db:6379/);
});

test('texts of targets are text', async () => {
  const evil = '<img src=x onerror=alert(1)>\u202egnp.exe';
  const { body } = await targetsPage(
    [targetInfo({ job: evil, instance: evil, url: `javascript:${evil}`, error: evil, hint: evil, notes: [evil] })],
  );
  assert.doesNotMatch(body, /<img|href="javascript/);
  assert.match(body, /<bdi[^>]*>&lt;img/);
});

test('of thousands the first are shown, with a button for the rest', async () => {
  const targets = Array.from({ length: 3400 }, (_, i) => targetInfo({ instance: `h${i}` }));
  const { body } = await targetsPage([...targets, DOWN]);
  assert.equal([...body.matchAll(/data-target/g)].length, 200);
  assert.match(body, /db:6379[\s\S]*Show 3201 more/);
});

for (const [down, badge] of [[0, /Targets<\/span>\s*<\/a>/], [2, /Targets 2 \(2 down\)/]] as const)
  test(`with ${down} dead targets the bar shows ${down || 'nothing'}`, async () => {
    const document = overview([metricNow()], { targets: { up: 1, down, unknown: 0, absent: 0 } });
    const { app } = openApp({ overview: document }, '/p/?lang=en&range=6h', '/p/');
    await app.live.poll();
    const bar = render(Rail, { props: { app, onhelp: ignore } }).body;
    assert.match(bar, /href="\/p\/targets\?range=6h&amp;lang=en"/);
    assert.match(down ? textOf(bar) : bar.replace(/<!--.*?-->/g, ''), badge);
  });

test('each state of a target has a word in both languages, and a shape of its own', () => {
  assert.equal(new Set(Object.values(SHAPE_OF)).size, TARGET_STATES.length);
  for (const { targets } of [TEXTS.ko, TEXTS.en]) {
    const words = TARGET_STATES.map((state) => targets.state[state]);
    assert.equal(new Set(words).size, TARGET_STATES.length);
  }
});

test('a failure of the page of targets does not stop the charts', async () => {
  const { app } = await targetsPage([DOWN]);
  let drawn = 0;
  app.live.follow(() => Promise.reject(new Refused('no', 503)));
  app.live.follow(async () => void (drawn += 1));
  await app.live.poll();
  assert.equal(drawn, 1);
  assert.equal(app.live.trouble, null);
});

test('a long list is filtered by words and by state', () => {
  const rows = [targetInfo({ job: 'redis', instance: 'db:6379', url: '' }), DOWN, targetInfo()];
  assert.deepEqual(filterTargets(rows, 'REDIS 6379', null).length, 2);
  assert.deepEqual(filterTargets(rows, 'redis', 'down'), [DOWN]);
  assert.deepEqual(filterTargets(rows, '/metrics', null).map(({ job }) => job), ['node']);
  assert.deepEqual(filterTargets(rows, '', null).length, 3);
});

test('half hours are drawn by what share of their readings succeeded', () => {
  assert.deepEqual([null, 0, 1, 99, 100].map(cellOf), ['none', 'failed', 'some', 'some', 'read']);
});

for (const [readings, words] of [
  [[null, null], 'no reading in 24 h'], [[100, 100], 'every reading of 24 h succeeded'],
  [[100, 0, 50, 100], 'readings failed in 2 half hours, the last at 10:00'],
] as const)
  test(`the cells ${readings.join()} are described as "${words}"`, async () => {
    assert.ok((await targetsPage([targetInfo({ readings: [...readings] })])).body.includes(words));
  });

test('a failing target leads to its incident', async () => {
  const { body } = await targetsPage([{ ...DOWN, incident: 31 }]);
  assert.match(body, /href="\/incidents\/31\?lang=en"/);
});
