import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow, overview } from '../../testing/fixtures.ts';
import { FakeClock, settle } from '../../testing/world.ts';
import { Refused, Unreachable } from '../api/client.ts';
import type { Overview } from '../api/queries.ts';
import { Live } from './live.svelte.ts';
import { Resource } from './resource.svelte.ts';

type Answer = Overview | Error;

/** A polling page whose server answers with the given one after another, the last for ever. */
function start(...answers: [Answer, ...Answer[]]) {
  const clock = new FakeClock();
  let asked = 0;
  const live = new Live(clock, async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)]!;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { clock, live, asked: () => asked };
}

const FULL = overview([metricNow()]);
const EMPTY = overview([metricNow({ absent: true })]);
const LOST = new Unreachable('no connection');

test('the overview is asked for every 10 s, and every 5 s until there are first values', async () => {
  const { clock, live, asked } = start(EMPTY, FULL);
  await live.poll();
  assert.deepEqual([clock.due, live.overview.status], [[5], 'ready']);
  await clock.pass(5);
  assert.deepEqual([asked(), clock.due], [2, [10]]);
  await clock.pass(9);
  assert.equal(asked(), 2);
  await clock.pass(1);
  assert.equal(asked(), 3);
});

test('time is the time of the server', async () => {
  const { live } = start(overview([], { t: 77 }));
  assert.equal(live.now, 10_000);
  await live.poll();
  assert.equal(live.now, 77);
});

test('a lost connection is tried again, less and less often, until it mends', async () => {
  const { clock, live } = start(FULL, LOST, LOST, LOST, LOST, LOST, FULL);
  await live.poll();
  const waits: number[] = [];
  await clock.pass(10);
  for (let i = 0; i < 5; i++) {
    assert.deepEqual([live.trouble?.tries, live.trouble?.refusal], [i + 1, null]);
    assert.deepEqual([live.overview.status, live.overview.value], ['stale', FULL]);
    const wait = clock.due[0]!;
    waits.push(wait);
    assert.equal(live.trouble?.retryAt, clock.now() + wait);
    await clock.pass(wait);
  }
  assert.deepEqual(waits, [2, 5, 10, 15, 15]);
  assert.deepEqual([live.trouble, live.overview.status], [null, 'ready']);
});

test('a refusal keeps the words of the server', async () => {
  const { live } = start(new Refused('the disk is full', 503));
  await live.poll();
  assert.deepEqual([live.trouble?.refusal, live.overview.status], ['the disk is full', 'error']);
});

test('a hidden page asks nothing, and goes on when it is seen again', async () => {
  const { clock, live, asked } = start(FULL);
  await live.poll();
  clock.hidden = true;
  await clock.pass(10);
  assert.deepEqual([asked(), clock.due], [1, []]);
  clock.hidden = false;
  await live.poll();
  assert.deepEqual([asked(), clock.due], [2, [10]]);
});

test('a call during a poll is answered by one more poll after it', async () => {
  const clock = new FakeClock();
  const answers: ((value: Overview) => void)[] = [];
  const live = new Live(clock, () => new Promise((resolve) => answers.push(resolve)));
  const first = live.poll();
  await live.poll();
  await live.poll();
  assert.equal(answers.length, 1);
  answers[0]!(FULL);
  await first;
  assert.deepEqual(clock.due, [0]);
  await clock.pass(0);
  assert.equal(answers.length, 2);
});

test('a poll before its time takes the place of the next one', async () => {
  const { clock, live } = start(FULL);
  await live.poll();
  await clock.pass(3);
  await live.poll();
  assert.deepEqual(clock.due, [10]);
});

test('what is on the screen is refreshed after the overview, four at a time', async () => {
  const { live } = start(FULL);
  let running = 0;
  let most = 0;
  let done = 0;
  for (let i = 0; i < 9; i++)
    live.follow(async () => {
      assert.notEqual(live.overview.value, null);
      most = Math.max(most, ++running);
      await settle();
      running -= 1;
      done += 1;
    });
  await live.poll();
  assert.deepEqual([most, done], [4, 9]);
});

test('what has left the screen is no longer refreshed', async () => {
  const { live } = start(FULL);
  const refreshed: string[] = [];
  live.follow(async () => void refreshed.push('stays'));
  const leave = live.follow(async () => void refreshed.push('leaves'));
  await live.poll();
  leave();
  await live.poll();
  assert.deepEqual(refreshed, ['stays', 'leaves', 'stays']);
});

test('a metric that is refused does not stop the others, a lost connection does', async () => {
  const { live } = start(FULL);
  let refreshed = 0;
  const leave = live.follow(() => Promise.reject(new Refused('bad query', 400)));
  live.follow(async () => void (refreshed += 1));
  await live.poll();
  assert.deepEqual([live.trouble, refreshed], [null, 1]);
  leave();
  live.follow(() => Promise.reject(LOST));
  await live.poll();
  assert.equal(live.trouble?.tries, 1);
});

test('a part that the server fails to answer is marked as old, and is asked for again', async () => {
  const { clock, live } = start(FULL);
  let isBroken = true;
  let refreshed = 0;
  live.follow(async () => {
    if (isBroken) throw new Refused('HTTP 500', 500);
  });
  live.follow(async () => void (refreshed += 1));
  await live.poll();
  assert.deepEqual([live.trouble, live.partial, refreshed], [null, 'HTTP 500', 1]);
  isBroken = false;
  await clock.pass(10);
  assert.deepEqual([live.partial, refreshed], [null, 2]);
});

test('what could not be loaded is loaded by the next poll, unless the request is at fault', async () => {
  const { clock, live } = start(FULL);
  const asked = new Resource<number>();
  const answers: (number | Error)[] = [new Refused('no such metric', 404), 1];
  const load = () =>
    asked.load(async () => {
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    });
  live.mend(asked, load);
  await load().catch(() => undefined);
  await live.poll();
  assert.equal(asked.status, 'error');
  answers.unshift(LOST);
  await load().catch(() => undefined);
  await clock.pass(10);
  assert.deepEqual([asked.status, asked.value, answers], ['ready', 1, []]);
});

test('a poll that takes long is reported as slow until one is quick', async () => {
  const clock = new FakeClock();
  const answers: ((value: Overview) => void)[] = [];
  const live = new Live(clock, () => new Promise((resolve) => answers.push(resolve)));
  const first = live.poll();
  await clock.pass(3.9);
  assert.equal(live.isSlow, false);
  await clock.pass(0.1);
  assert.equal(live.isSlow, true);
  answers[0]!(FULL);
  await first;
  assert.equal(live.isSlow, true);
  const second = live.poll();
  answers[1]!(FULL);
  await second;
  assert.deepEqual([live.isSlow, clock.due], [false, [10]]);
});

test('a server that asks for more patience gets it, within reason', async () => {
  for (const [asked, wait] of [[1, 2], [30, 30], [9999, 60]] as const) {
    const busy = new Refused('busy', 503);
    busy.retryAfterS = asked;
    const { clock, live } = start(busy);
    await live.poll();
    assert.deepEqual(clock.due, [wait]);
  }
});

test('a mistake of ours is not taken for a lost connection', async () => {
  const { live } = start(FULL);
  live.follow(() => Promise.reject(new TypeError('undefined is not a function')));
  await assert.rejects(live.poll(), TypeError);
  assert.equal(live.trouble, null);
});

test('who begins to follow during a poll has just loaded, and is refreshed by the next one', async () => {
  const clock = new FakeClock();
  let asked = 0;
  const refresh = async () => void asked++;
  const live = new Live(clock, async () => {
    live.follow(refresh); // as a page that is built once there is an overview
    return FULL;
  });
  await live.poll();
  assert.equal(asked, 0);
  await clock.pass(10);
  assert.equal(asked, 1);
});
