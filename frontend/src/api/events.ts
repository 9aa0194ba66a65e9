/** Reads server-sent events from the body of a response. */

export interface ServerEvent {
  /** The version that the event leads to; empty for events that lead to none. */
  id: string;
  kind: string;
  data: unknown;
}

/** The events of a stream in order; `null` for a comment. Rejects when the connection breaks. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent | null> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const blocks = (rest + decoder.decode(part.value, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) yield parseBlock(block);
    }
  } finally {
    await reader.cancel().catch(() => undefined); // the connection may be gone already
  }
}

function parseBlock(block: string): ServerEvent | null {
  const fields = new Map(
    block.split('\n').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trimStart()] as const;
    }),
  );
  const data = fields.get('data');
  if (data === undefined) return null;
  return { id: fields.get('id') ?? '', kind: fields.get('event') ?? 'message', data: JSON.parse(data) };
}
