import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricRange, series } from '../../testing/fixtures.ts';
import type { MetricRange, RangeSteps, Steps } from '../api/queries.ts';
import { Feed, fineSteps } from './feed.svelte.ts';

/** Answers each step with its own time as the value. */
function server() {
  const asked: RangeSteps[] = [];
  const fetchRange = async (steps: RangeSteps): Promise<MetricRange> => {
    asked.push(steps);
    const t: number[] = [];
    for (let at = steps.start; at <= steps.end; at += steps.step) t.push(at);
    return metricRange(t, [series(t)]);
  };
  return { asked, fetchRange };
}

const window = (start: number, end: number, step = 15): Steps => ({ start, end, step });
const valuesOf = (feed: Feed) => feed.frame.lines.map(({ values }) => values);

test('a metric is loaded whole once, then from its last step on', async () => {
  const { asked, fetchRange } = server();
  const feed = new Feed('x');
  await feed.pull(window(0, 60), 'en', fetchRange);
  await feed.pull(window(15, 90), 'en', fetchRange);
  assert.deepEqual(asked, [window(0, 60), window(60, 90)].map(fineSteps));
  assert.deepEqual(feed.frame.t, [15, 30, 45, 60, 75, 90]);
  assert.deepEqual(valuesOf(feed), [feed.frame.t]);
});

test('nothing is asked while there is no new step', async () => {
  const { asked, fetchRange } = server();
  const feed = new Feed('x');
  await feed.pull(window(0, 60), 'en', fetchRange);
  await feed.pull(window(0, 60), 'en', fetchRange);
  assert.equal(asked.length, 1);
});

// From the window 0-60 in steps of 15 in English.
for (const [name, next, lang] of [
  ['another step', window(0, 60, 30), 'en'],
  ['another language', window(0, 60), 'ko'],
  ['an earlier period', window(-30, 30), 'en'],
  ['a later period with a gap between', window(300, 360), 'en'],
] as const)
  test(`${name} is loaded whole`, async () => {
    const { asked, fetchRange } = server();
    const feed = new Feed('x');
    await feed.pull(window(0, 60), 'en', fetchRange);
    await feed.pull(next, lang, fetchRange);
    assert.deepEqual(asked[1], fineSteps(next));
    assert.equal(feed.frame.t[0], next.start);
    assert.equal(feed.step, next.step);
  });

test('an answer that a newer call has overtaken is void', async () => {
  const { fetchRange } = server();
  const feed = new Feed('x');
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const older = feed.pull(window(0, 60), 'en', async (steps) => (await held, fetchRange(steps)));
  await feed.pull(window(600, 660), 'en', fetchRange);
  release();
  await older;
  assert.equal(feed.frame.t[0], 600);
});

test('the end of a breach is judged over the whole window, not by its tail', async () => {
  const { asked, fetchRange } = server();
  const breach = { severity: 'warning', peak: 80, peak_t: 30 } as const;
  const withBreach = (open: boolean) => async (steps: RangeSteps) => {
    const range = await fetchRange(steps);
    // Only who sees its beginning knows of it: since then the value is above the recovery alone.
    const breaches = steps.start <= 30 ? [{ ...breach, start: 30, end: steps.end, open }] : [];
    return { ...range, series: range.series.map((line) => ({ ...line, breaches })) };
  };
  const feed = new Feed('x');
  await feed.pull(window(0, 60), 'en', withBreach(true));
  await feed.pull(window(15, 75), 'en', withBreach(true));
  assert.deepEqual(asked, [window(0, 60), window(60, 75), window(15, 75)].map(fineSteps));
  assert.deepEqual(feed.frame.lines[0]?.breaches.map(({ start, end, open }) => [start, end, open]), [[30, 75, true]]);
  await feed.pull(window(15, 90), 'en', withBreach(false));
  assert.equal(feed.frame.lines[0]?.breaches[0]?.open, false);
  await feed.pull(window(15, 105), 'en', withBreach(false));
  assert.deepEqual(asked.at(-1), fineSteps(window(90, 105)));
});

test('a failure leaves the values, and the next call asks again for the same', async () => {
  const { asked, fetchRange } = server();
  const feed = new Feed('x');
  await feed.pull(window(0, 60), 'en', fetchRange);
  const fail = () => Promise.reject(new Error('gone'));
  await assert.rejects(feed.pull(window(15, 75), 'en', fail), /gone/);
  assert.deepEqual([feed.answer.status, feed.frame.t.length], ['stale', 5]);
  await feed.pull(window(0, 60), 'en', fetchRange);
  assert.deepEqual([feed.answer.status, asked.length], ['ready', 2]);
});

test('of each pixel column several steps are evaluated, and months hour by hour', () => {
  assert.deepEqual(fineSteps(window(0, 60)), { start: 0, end: 60, step: 15, limit: 100 });
  assert.deepEqual(fineSteps(window(0, 9e4, 120)), { start: 0, end: 9e4, step: 15, column: 120, limit: 100 });
  // A day that is over is loaded with half a day on either side: more than is evaluated at once.
  assert.equal(fineSteps(window(0, 172_800, 120)).step, 30);
  assert.equal(fineSteps(window(0, 720 * 900, 900)).step, 75);
  assert.equal(fineSteps(window(0, 720 * 3600, 3600)).step, 300);
  assert.deepEqual(fineSteps(window(0, 9e7, 86_400)), { start: 0, end: 9e7, step: 3600, column: 86_400, limit: 100 });
});

test('of series that were left out nobody knows the tail, so all is loaded again', async () => {
  const { asked, fetchRange } = server();
  const feed = new Feed('x');
  const some = async (steps: RangeSteps) => ({ ...(await fetchRange(steps)), series_total: 500 });
  await feed.pull(window(0, 60), 'en', some);
  await feed.pull(window(15, 75), 'en', some);
  assert.deepEqual(asked.map(({ start }) => start), [0, 15]);
  assert.equal(feed.total, 500);
});

test('a feed asks for its series alone', async () => {
  const { asked, fetchRange } = server();
  await new Feed('x', { by: 'host' }).pull(window(0, 60), 'en', fetchRange);
  assert.equal(asked[0]?.by, 'host');
});
