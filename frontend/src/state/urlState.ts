/**
 * The view as a query string, so that a shared link shows the same.
 *
 * Times are written in the server's zone, to the second: `from=2026-11-26T00:00:00`. What is not
 * one of the names below belongs to the page that is open, and is kept as it is.
 */

import { isLang, type Lang } from '../text/index.ts';
import { localText, timeOfLocal } from '../text/time.ts';

export const RANGES = {
  '1h': 3600, '6h': 21600, '24h': 86400, '7d': 604800, '30d': 2_592_000, '13mo': 34_214_400,
} as const;
export type RangeKey = keyof typeof RANGES;
export const RANGE_KEYS = Object.keys(RANGES) as RangeKey[];

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Seconds UTC. */
export type Period = readonly [from: number, to: number];

export interface UrlState {
  lang: Lang | null;
  theme: Theme | null;
  range: RangeKey;
  /** A period of its own instead of the live range. */
  zoom: Period | null;
  /** The moment that is held, seconds UTC. */
  at: number | null;
  /** What the charts are compared with. */
  compare: 'week' | null;
  /** Whether charts fit their values and leave the thresholds out; null: as the values suggest. */
  fit: boolean | null;
  wall: boolean;
  /** The parameters of the page that is open, by name. */
  own: Readonly<Record<string, string>>;
}

const DEFAULT_RANGE: RangeKey = '24h';
const SHORTEST_ZOOM_S = 60;
const SHARED = ['range', 'from', 'to', 'at', 'compare', 'fit', 'lang', 'theme', 'wall'];

export const isRange = (text: string | null): text is RangeKey =>
  text !== null && Object.hasOwn(RANGES, text);

export const isTheme = (text: string | null): text is Theme => THEMES.includes(text as Theme);

/** Parse a query string whose times are in `zone`; invalid values get their defaults. */
export function parseSearch(search: string, zone: string): UrlState {
  const params = new URLSearchParams(search);
  const lang = params.get('lang');
  const theme = params.get('theme');
  const range = params.get('range');
  const [from, to, at] = ['from', 'to', 'at'].map((name) => timeOfLocal(params.get(name) ?? '', zone));
  return {
    lang: isLang(lang) ? lang : null,
    theme: isTheme(theme) ? theme : null,
    range: isRange(range) ? range : DEFAULT_RANGE,
    zoom: from != null && to != null && to - from >= SHORTEST_ZOOM_S ? [from, to] : null,
    at: at ?? null,
    compare: params.get('compare') === 'week' ? 'week' : null,
    fit: parseFlag(params.get('fit')),
    wall: params.get('wall') === '1',
    own: Object.fromEntries([...params].filter(([name, value]) => !SHARED.includes(name) && value)),
  };
}

const parseFlag = (text: string | null): boolean | null =>
  text === '1' ? true : text === '0' ? false : null;

/** Format a query string with its `?`; empty if everything is at its default. */
export function formatSearch(state: UrlState, zone: string): string {
  const time = (t: number) => localText(t, zone, 'second');
  const params = new URLSearchParams();
  if (state.range !== DEFAULT_RANGE) params.set('range', state.range);
  if (state.zoom !== null) {
    params.set('from', time(state.zoom[0]));
    params.set('to', time(state.zoom[1]));
  }
  if (state.at !== null) params.set('at', time(state.at));
  if (state.compare !== null) params.set('compare', state.compare);
  if (state.fit !== null) params.set('fit', state.fit ? '1' : '0');
  for (const [name, value] of Object.entries(state.own)) if (value !== '') params.set(name, value);
  if (state.lang !== null) params.set('lang', state.lang);
  if (state.theme !== null) params.set('theme', state.theme);
  if (state.wall) params.set('wall', '1');
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}

/** Clamp a period to at least a minute (around its middle) and to the past. */
export function clampZoom(from: number, to: number, now: number): Period {
  const span = Math.max(SHORTEST_ZOOM_S, to - from);
  const end = Math.min(now, (from + to) / 2 + span / 2);
  return [Math.round(end - span), Math.round(end)];
}
