import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from 'svelte/server';
import { openApp } from '../../../testing/app.ts';
import { metricNow, overview } from '../../../testing/fixtures.ts';
import type { LogLine, LogLines } from '../../api/queries.ts';
import type { Params } from '../../api/client.ts';
import {
  addCondition, frameOf, oneLine, parseLevels, splitPattern, toggleLevel,
} from './display.ts';
import { showHidden } from '../../text/hidden.ts';
import { LineList } from './lines.svelte.ts';
import Page from './Page.svelte';

const line = (t: number, change: Partial<LogLine> = {}): LogLine => ({
  id: `${t}`, t, time: '2026-11-26T21:13:58.214000000+09:00', level: 'info', service: 'api',
  message: `line ${t}`, length: 6, ...change,
});

const answer = (lines: LogLine[], next: string | null = null): LogLines => ({
  lines, next, missing: [], notes: [],
});

/** A server with these lines, which also keeps what it was asked. */
function serve(lines: LogLine[]) {
  const calls: Params[] = [];
  const fetch = (asked: Params): Promise<LogLines> => {
    calls.push(asked);
    const after = Number(asked['after'] ?? Infinity);
    const from = Number(asked['start'] ?? 0);
    const found = lines.toSorted((a, b) => b.t - a.t).filter(({ t }) => t < after && t >= from);
    const shown = found.slice(0, Math.min(Number(asked['limit']), 3));
    return Promise.resolve(answer(shown, found.length > 3 ? `${shown.at(-1)!.t}` : null));
  };
  return { calls, list: new LineList(fetch) };
}

for (const [text, shown] of [
  ['plain 로그', 'plain 로그'],
  ['\x1b[31mred\x07', '\\x1b[31mred\\x07'],
  ['a\u202eexe.png', 'a\\u202eexe.png'],
  ['zero\u200bwidth', 'zero\\u200bwidth'],
  ['two\nlines\tand a tab', 'two\nlines\tand a tab'],
] as const)
  test(`hidden characters of ${JSON.stringify(text)} are written out`, () => {
    assert.equal(showHidden(text), shown);
  });

test('a line of a list is short and one line', () => {
  assert.equal(oneLine('a\n\tb', 10), 'a b');
  assert.equal(oneLine('x'.repeat(100_000), 400).length, 400);
});

test('the places of a template are apart from its fixed text', () => {
  assert.deepEqual(splitPattern('retry <*> of <*>'), ['retry ', ' of ', '']);
});

test('levels are chosen one by one, and all of them are none', () => {
  assert.deepEqual(toggleLevel([], 'error'), ['error']);
  assert.deepEqual(toggleLevel(['warn'], 'error'), ['error', 'warn']);
  assert.deepEqual(toggleLevel(['error', 'warn'], 'error'), ['warn']);
  assert.deepEqual(toggleLevel(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'unknown'), []);
  assert.deepEqual(parseLevels('loud,error,,info'), ['error', 'info']);
});

for (const [name, zoom, at, frame] of [
  ['the live range', null, null, [0, 3600]],
  ['the live range around a selection in it', [600, 1200], null, [0, 3600]],
  ['a selection elsewhere', [-7200, -3600], null, [-7200, -3600]],
  ['the live range around a moment in it', null, 1800, [0, 3600]],
  ['the time around a moment elsewhere', null, -9000, [-10_800, -7200]],
] as const)
  test(`the histogram shows ${name}`, () => {
    assert.deepEqual(frameOf([0, 3600], zoom, at), frame);
  });

test('a condition is added to a query once, and to all of it', () => {
  assert.equal(addCondition('', 'user:kim'), 'user:kim');
  assert.equal(addCondition('a OR b', 'user:kim'), '(a OR b) user:kim');
  assert.equal(addCondition('(a OR b) user:kim', 'user:kim'), '(a OR b) user:kim');
});

test('older lines follow page by page, each once', async () => {
  const { list } = serve([1, 2, 3, 4, 5, 6, 7].map((t) => line(t)));
  await list.load({ q: '' });
  assert.deepEqual(list.lines.map(({ t }) => t), [7, 6, 5]);
  await list.loadOlder();
  await list.loadOlder();
  await list.loadOlder();
  assert.deepEqual(list.lines.map(({ t }) => t), [7, 6, 5, 4, 3, 2, 1]);
  assert.equal(list.next, null);
});

test('new lines stand at the head at once, and wait while somebody reads', async () => {
  const lines = [line(100), line(101)];
  const { list, calls } = serve(lines);
  await list.load({ q: '', start: 0 });
  lines.push(line(102));
  await list.follow(200, false);
  assert.deepEqual(list.lines.map(({ t }) => t), [102, 101, 100]);
  assert.equal(calls.at(-1)!['start'], 41); // only the tail is asked for
  lines.push(line(103));
  await list.follow(200, true);
  assert.deepEqual([list.lines.length, list.waiting.map(({ t }) => t)], [3, [103]]);
  await list.follow(200, true);
  assert.equal(list.waiting.length, 1);
  list.showWaiting();
  assert.deepEqual([list.lines[0]!.t, list.waiting.length], [103, 0]);
});

test('an answer that comes after another query is dropped', async () => {
  let release: (value: LogLines) => void = () => undefined;
  const late = new Promise<LogLines>((resolve) => (release = resolve));
  const list = new LineList((asked) => (asked['q'] === 'old' ? late : Promise.resolve(answer([line(2)]))));
  const first = list.load({ q: 'old' });
  await list.load({ q: 'new' });
  release(answer([line(1)]));
  await first;
  assert.deepEqual(list.lines.map(({ t }) => t), [2]);
});

for (const lang of ['ko', 'en'])
  test(`the page has its query from the address in ${lang}`, async () => {
    const { app } = openApp(
      { overview: overview([metricNow()]) }, `/logs?q=${encodeURIComponent('<b>"x"')}&lang=${lang}`,
    );
    await app.live.poll();
    const { body } = render(Page, { props: { app } });
    assert.match(body, /value="&lt;b>&quot;x&quot;"/);
    assert.doesNotMatch(body, /<b>"x"/);
  });
