import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metricNow, metricRange, overview, series } from '../../testing/fixtures.ts';
import { FakeClock, settle } from '../../testing/world.ts';
import { Unreachable } from '../api/client.ts';
import type { ServerEvent } from '../api/events.ts';
import { Live } from './live.svelte.ts';

/** A stream that a test feeds. */
class Line {
  readonly have: string;
  readonly metrics: string[];
  readonly signal: AbortSignal;
  #waiting: (() => void)[] = [];
  #events: (ServerEvent | null | Error | 'end')[] = [];

  constructor(have: string, metrics: string[], signal: AbortSignal) {
    [this.have, this.metrics, this.signal] = [have, metrics, signal];
  }

  async send(event: ServerEvent | null | Error | 'end'): Promise<void> {
    this.#events.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
    await settle();
  }

  async *events(): AsyncGenerator<ServerEvent | null> {
    for (;;) {
      const event = this.#events.shift();
      if (event === 'end') return;
      if (event instanceof Error) throw event;
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

async function open() {
  const clock = new FakeClock();
  const lines: Line[] = [];
  let polls = 0;
  let answer: () => ReturnType<typeof overview> = () => overview([metricNow()], { t: clock.now() });
  const live = new Live(
    clock,
    async () => (polls++, answer()),
    (have, metrics, signal) => {
      const line = new Line(have, metrics, signal);
      lines.push(line);
      return line.events();
    },
    () => 'v1',
  );
  await live.poll();
  return { clock, live, lines, polls: () => polls, fail: (error: Error | null) => {
    answer = () => { if (error) throw error; return overview([metricNow()], { t: clock.now() }); };
  } };
}

const snapshot = (t: number, id = 'v2') => ({ id, kind: 'snapshot', data: overview([metricNow()], { t }) });

test('after the first poll a stream brings what changes, from that version on', async () => {
  const { live, lines, clock, polls } = await open();
  assert.equal(lines[0]!.have, 'v1');
  await lines[0]!.send(snapshot(10_005));
  await lines[0]!.send({ id: 'v3', kind: 'change', data: { in: { t: { set: 10_010 } } } });
  assert.equal(live.now, 10_010);
  assert.equal(live.overview.value?.version, '0.1.0');
  await clock.pass(10);
  assert.equal(polls(), 1, 'it is not polled while events come');
});

test('a stream that brings nothing is given up, and polling goes on', async () => {
  const { lines, clock, polls } = await open();
  await clock.pass(10);
  assert.equal(polls(), 2);
  assert.equal(lines[0]!.signal.aborted, true);
  for (let i = 0; i < 5; i++) await clock.pass(10);
  assert.equal(polls(), 7);
  assert.equal(lines.length, 1);
  for (let i = 0; i < 30; i++) await clock.pass(10);
  assert.equal(lines.length, 2, 'it is tried again after a while');
});

test('heartbeats alone keep a stream; silence ends it', async () => {
  const { lines, clock, polls } = await open();
  for (let i = 0; i < 6; i++) {
    await lines[0]!.send(null);
    await clock.pass(10);
  }
  assert.equal(polls(), 1);
  await clock.pass(10);
  await clock.pass(10);
  assert.equal(polls(), 2);
  assert.equal(lines.length, 2, 'another one is opened');
});

test('a broken stream is followed by a poll, which says what is wrong', async () => {
  const { lines, live, clock, fail } = await open();
  await lines[0]!.send(snapshot(10_005));
  fail(new Unreachable('refused'));
  await lines[0]!.send(new TypeError('network error'));
  const tries = () => live.trouble?.tries ?? 0;
  assert.equal(tries(), 0);
  await clock.pass(2);
  assert.equal(tries(), 1);
  fail(null);
  await clock.pass(2);
  assert.equal(tries(), 0);
  assert.equal(lines.length, 2);
});

test('a stream that ends with its server, before it brought anything, is tried again', async () => {
  const { live, lines, clock, polls, fail } = await open();
  fail(new Unreachable('refused'));
  await lines[0]!.send(new Unreachable('reset'));
  await clock.pass(2);
  assert.equal(polls(), 2);
  assert.notEqual(live.trouble, null);
  fail(null);
  await clock.pass(2);
  assert.equal(live.trouble, null);
  assert.equal(lines.length, 2);
});

test('a stream that breaks while its server is there is not tried again at once', async () => {
  const { lines, clock, polls } = await open();
  await lines[0]!.send(new Unreachable('reset'));
  await clock.pass(2);
  assert.deepEqual([polls(), lines.length], [2, 1]);
  await clock.pass(60);
  assert.equal(lines.length, 1);
});

test('a hidden page ends its stream and opens another when it is seen', async () => {
  const { lines, live, clock } = await open();
  await lines[0]!.send(null);
  clock.hidden = true;
  await live.poll();
  assert.equal(lines[0]!.signal.aborted, true);
  clock.hidden = false;
  await live.poll();
  assert.equal(lines.length, 2);
});

test('new values of a metric that is asked for come by the stream', async () => {
  const { lines, live, clock } = await open();
  await lines[0]!.send(null);
  assert.equal(live.tails.find('cpu', { start: 0, end: 60, step: 60 }), null);
  await clock.pass(10);
  assert.deepEqual(lines[1]!.metrics, ['cpu?step=60']);
  const range = metricRange([0, 60, 120], [series([1, 2, 3])]);
  await lines[1]!.send({ id: '', kind: 'tail', data: { metric: 'cpu?step=60', range } });
  assert.equal(live.tails.find('cpu', { start: 60, end: 120, step: 60 }), range);
  assert.equal(live.tails.find('cpu', { start: 60, end: 180, step: 60 }), null);
  assert.equal(live.tails.find('cpu', { start: -60, end: 120, step: 60 }), null);
  assert.equal(live.tails.find('cpu', { start: 60, end: 120, step: 30 }), null);
});

test('what left the screen is not subscribed to any more', async () => {
  const { lines, live, clock } = await open();
  live.tails.find('cpu', { start: 0, end: 60, step: 60 });
  await lines[0]!.send(null);
  for (let i = 0; i < 4; i++) {
    await clock.pass(10);
    await lines.at(-1)!.send(null);
  }
  assert.deepEqual(lines.at(-1)!.metrics, []);
});
