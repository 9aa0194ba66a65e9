import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageLoader } from './loader.svelte.ts';

const OVERVIEW = { page: 'overview' } as const;
const METRICS = { page: 'metrics' } as const;
const LOGS = { page: 'logs' } as const;

test('a page is loaded once, and the last one stays until it is there', async () => {
  let loads = 0;
  const pages = new PageLoader({ metrics: async () => ++loads });
  await pages.open(OVERVIEW);
  const opened = pages.open(METRICS);
  assert.equal(pages.shown, OVERVIEW);
  await opened;
  assert.equal(pages.shown, METRICS);
  await pages.open(OVERVIEW);
  void pages.open(METRICS);
  assert.equal(pages.shown, METRICS, 'at once');
  assert.deepEqual([loads, pages.components], [1, { metrics: 1 }]);
});

test('the first page is there at once if it needs no loading', () => {
  const pages = new PageLoader({});
  void pages.open(OVERVIEW);
  assert.equal(pages.shown, OVERVIEW);
});

test('a page that comes after another one was opened is not shown', async () => {
  let resolve = (_component: string) => {};
  const promise = new Promise<string>((done) => (resolve = done));
  const pages = new PageLoader({ metrics: () => promise, logs: async () => 'logs' });
  const slow = pages.open(METRICS);
  await pages.open(LOGS);
  resolve('metrics');
  await slow;
  assert.deepEqual([pages.shown, pages.components.metrics], [LOGS, 'metrics']);
});

test('a page that does not come leaves the last one, and may come later', async () => {
  let isDown = true;
  const load = async () => {
    if (isDown) throw new TypeError('Failed to fetch');
    return 'metrics';
  };
  const pages = new PageLoader({ metrics: load });
  await pages.open(OVERVIEW);
  await pages.open(METRICS);
  assert.ok(pages.error instanceof TypeError);
  assert.equal(pages.shown, OVERVIEW);
  isDown = false;
  await pages.open(METRICS);
  assert.deepEqual([pages.shown, pages.error], [METRICS, null]);
});

test('the failure of a page that nobody waits for is none', async () => {
  let reject = (_error: unknown) => {};
  const promise = new Promise<string>((_, fail) => (reject = fail));
  const pages = new PageLoader({ metrics: () => promise });
  const slow = pages.open(METRICS);
  await pages.open(OVERVIEW);
  reject(new TypeError('Failed to fetch'));
  await slow;
  assert.deepEqual([pages.shown, pages.error], [OVERVIEW, null]);
});
