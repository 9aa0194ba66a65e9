/** The views that a reader saves: queries by name, in this browser only. */

import type { Store } from '../../state/preferences.svelte.ts';

const KEY = 'jipyo.views';
const MOST = 50;

export interface SavedView {
  name: string;
  query: string;
}

const isView = (value: unknown): value is SavedView =>
  typeof value === 'object' && value !== null &&
  typeof (value as SavedView).name === 'string' && typeof (value as SavedView).query === 'string';

/** The saved views; none where the browser has none or something else is stored. */
export function readViews(store: Store): SavedView[] {
  try {
    const saved: unknown = JSON.parse(store.getItem(KEY) ?? '[]');
    return Array.isArray(saved) ? saved.filter(isView) : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Keep a view, instead of another of its name; the oldest make room. Returns what is kept. */
export function saveView(store: Store, view: SavedView): SavedView[] {
  const others = readViews(store).filter(({ name }) => name !== view.name);
  return write(store, [...others, view].slice(-MOST));
}

export const removeView = (store: Store, name: string): SavedView[] =>
  write(store, readViews(store).filter((view) => view.name !== name));

function write(store: Store, views: SavedView[]): SavedView[] {
  store.setItem(KEY, JSON.stringify(views));
  return views;
}
