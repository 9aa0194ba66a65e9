import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Resource } from './resource.svelte.ts';

const never = new Promise<never>(() => undefined);

test('a resource is loading until its first answer, and then ready', async () => {
  const resource = new Resource<string>();
  assert.equal(resource.status, 'loading');
  await resource.load(async () => 'here');
  assert.deepEqual([resource.status, resource.value], ['ready', 'here']);
});

test('a failure without a value is an error, with one it leaves a stale value', async () => {
  const resource = new Resource<string>();
  const fail = () => resource.load(() => Promise.reject(new Error('gone')));
  await assert.rejects(fail, /gone/);
  assert.deepEqual([resource.status, resource.value], ['error', null]);
  await resource.load(async () => 'here');
  assert.deepEqual([resource.status, resource.error], ['ready', null]);
  await assert.rejects(fail, /gone/);
  assert.deepEqual([resource.status, resource.value], ['stale', 'here']);
});

test('a newer request aborts the older one, whose answer is dropped', async () => {
  const resource = new Resource<string>();
  let aborted = false;
  let answer: (value: string) => void = () => undefined;
  const older = resource.load((signal) => {
    signal.addEventListener('abort', () => (aborted = true));
    return new Promise((resolve) => (answer = resolve));
  });
  await resource.load(async () => 'new');
  answer('old');
  await older;
  assert.deepEqual([aborted, resource.value], [true, 'new']);
});

test('an older request that fails after a newer one changes nothing', async () => {
  const resource = new Resource<string>();
  const older = resource.load(
    (signal) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  );
  await resource.load(async () => 'new');
  await older;
  assert.deepEqual([resource.status, resource.value], ['ready', 'new']);
});

test('a cancelled request leaves everything as it was', () => {
  const resource = new Resource<string>();
  let signal: AbortSignal | undefined;
  void resource.load((given) => ((signal = given), never));
  resource.cancel();
  assert.deepEqual([signal?.aborted, resource.status], [true, 'loading']);
});
