import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEvents, type ServerEvent } from './events.ts';

async function read(...parts: (string | Uint8Array)[]): Promise<(ServerEvent | null)[]> {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const part of parts) controller.enqueue(typeof part === 'string' ? encoder.encode(part) : part);
      controller.close();
    },
  });
  const events: (ServerEvent | null)[] = [];
  for await (const event of readEvents(body)) events.push(event);
  return events;
}

test('events come with id, kind and data; comments are null', async () => {
  assert.deepEqual(await read(': \n\nid: 1a\nevent: change\ndata: {"set":"a: b"}\n\nevent: tail\ndata: 1\n\n'), [
    null, { id: '1a', kind: 'change', data: { set: 'a: b' } }, { id: '', kind: 'tail', data: 1 },
  ]);
});

test('an event may come in pieces, even within a syllable; half an event is none', async () => {
  const bytes = new TextEncoder().encode('event: x\ndata: "정상"\n\nevent: y\nda');
  for (let cut = 1; cut < bytes.length; cut++)
    assert.deepEqual(await read(bytes.slice(0, cut), bytes.slice(cut)), [{ id: '', kind: 'x', data: '정상' }]);
});
