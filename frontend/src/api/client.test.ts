import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeFetch } from '../../testing/world.ts';
import { Client, Refused, Unreachable } from './client.ts';
import { Queries } from './queries.ts';

const problem = (status: number, body: unknown) => () =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });

const clientOf = (answers: Parameters<typeof fakeFetch>[0], timeoutMs?: number) => {
  const { fetch, calls } = fakeFetch(answers);
  return { client: new Client('http://host/prefix/', fetch, timeoutMs), calls };
};

test('requests go below the base of the document, with their parameters', async () => {
  const urls: string[] = [];
  const fetcher = async (url: string | URL | Request) => (urls.push(String(url)), Response.json(1));
  for (const base of ['http://host/', 'http://host/prefix/', 'https://host/a/b/'])
    await new Client(base, fetcher as typeof fetch).get('overview', { lang: 'ko', n: 1 });
  assert.deepEqual(urls, [
    'http://host/api/jipyo/overview?lang=ko&n=1',
    'http://host/prefix/api/jipyo/overview?lang=ko&n=1',
    'https://host/a/b/api/jipyo/overview?lang=ko&n=1',
  ]);
});

test('an id keeps its odd characters to itself', async () => {
  const urls: URL[] = [];
  const fetcher = async (url: string | URL | Request) => (urls.push(new URL(String(url))), Response.json(1));
  const queries = new Queries(new Client('http://host/', fetcher as typeof fetch));
  await queries.metric('../a b?c', { start: 1, end: 2, step: 15 }, 'en');
  assert.equal(urls[0]?.pathname, '/api/jipyo/metric/..%2Fa%20b%3Fc');
  assert.equal(urls[0]?.search, '?start=1&end=2&step=15&lang=en');
});

test('a refusal carries the words, the status and the hint of the server', async () => {
  const { client } = clientOf({ doctor: problem(503, { error: 'disk full', hint: 'free some' }) });
  await assert.rejects(client.get('doctor', {}), (error: unknown) => {
    assert.ok(error instanceof Refused);
    assert.deepEqual([error.message, error.status, error.hint], ['disk full', 503, 'free some']);
    return true;
  });
});

// What the server or a proxy before it may send in place of a document.
for (const [name, status, body, kind, message] of [
  ['a plain 404', 404, 'Not Found', Refused, 'HTTP 404'],
  ['a 500 of ours', 500, { error: 'internal' }, Refused, 'internal'],
  ['a bad gateway of a proxy', 502, '<html>Bad Gateway</html>', Unreachable, 'HTTP 502'],
  ['a 503 of a proxy', 503, '', Unreachable, 'HTTP 503'],
] as const)
  test(`${name} is ${kind.name}`, async () => {
    const { client } = clientOf({ x: problem(status, body) });
    await assert.rejects(client.get('x', {}), (error: unknown) => {
      assert.ok(error instanceof kind);
      assert.equal((error as Error).message, message);
      return true;
    });
  });

test('no connection and no JSON are unreachable, with their cause', async () => {
  const cause = new TypeError('fetch failed');
  const { client } = clientOf({ down: cause, html: () => new Response('<html>') });
  await assert.rejects(client.get('html', {}), Unreachable);
  await assert.rejects(client.get('down', {}), (error: unknown) => {
    assert.ok(error instanceof Unreachable);
    assert.equal(error.cause, cause);
    return true;
  });
});

for (const [asked, waits] of [['30', 30], ['Wed, 21 Oct 2026 07:28:00 GMT', 0], [undefined, 0]] as const)
  test(`a server that says Retry-After: ${asked} is left alone for ${waits} s`, async () => {
    const headers = asked === undefined ? {} : { 'Retry-After': asked };
    const { client } = clientOf({ x: () => Response.json({ error: 'busy' }, { status: 503, headers }) });
    await assert.rejects(client.get('x', {}), { message: 'busy', retryAfterS: waits });
  });

// What a network that wants a login, or a broken connection, makes of a stream.
for (const [name, response] of [
  ['a page of another', () => new Response('<html>\n\nsign in', { headers: { 'content-type': 'text/html' } })],
  ['an event that is no JSON', () => new Response('data: {"t"\n\n', { headers: { 'content-type': 'text/event-stream' } })],
] as const)
  test(`${name} in the place of events is unreachable`, async () => {
    const { client } = clientOf({ live: response });
    const events = client.events('live', [], '', new AbortController().signal);
    const read = async () => {
      for await (const event of events) assert.equal(event, null);
    };
    await assert.rejects(read, Unreachable);
  });

const hang = ({ signal }: { signal: AbortSignal | null | undefined }) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

test('an answer that takes too long is unreachable', async () => {
  const { client } = clientOf({ slow: hang }, 20);
  await assert.rejects(client.get('slow', {}), Unreachable);
});

test('a request that is over leaves nothing behind: no timer, no listener', async () => {
  const abort = new AbortController();
  let listeners = 0;
  const { signal } = abort;
  const add = signal.addEventListener.bind(signal), remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  const countTimers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const before = countTimers();
  const { client } = clientOf({ good: () => Response.json(1), bad: problem(500, { error: 'no' }) });
  await client.get('good', {}, signal);
  await assert.rejects(client.get('bad', {}, signal), Refused);
  assert.equal(countTimers(), before);
  assert.equal(listeners, 0);
});

test('a request that its caller aborts rejects with the reason of the caller', async () => {
  const { client } = clientOf({ slow: hang });
  const abort = new AbortController();
  const asked = client.get('slow', {}, abort.signal);
  abort.abort(new Error('no longer wanted'));
  await assert.rejects(asked, /no longer wanted/);
});
