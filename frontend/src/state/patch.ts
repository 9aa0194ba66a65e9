/** Applies what changed in a document, as `/api/jipyo/live` sends it. */

export type Patch = { set: unknown } | { rows: string[]; in: Patches } | { in: Patches };
type Patches = Record<string, Patch>;
type Row = { id: string };

/** The new document; members that did not change are the same objects as before. */
export function applyPatch(old: unknown, patch: Patch | undefined): unknown {
  if (patch === undefined) return old;
  if ('set' in patch) return patch.set;
  if (!('rows' in patch)) {
    const entries = Object.entries(patch.in).map(([key, inner]) => [
      key, applyPatch((old as Record<string, unknown>)[key], inner),
    ]);
    return { ...(old as object), ...(Object.fromEntries(entries) as object) };
  }
  const before = new Map((old as Row[]).map((row) => [row.id, row]));
  return patch.rows.map((id) => applyPatch(before.get(id), patch.in[id]));
}
