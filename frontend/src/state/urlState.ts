/** The view as a query string, so that a shared link shows the same. */

import { isLang, type Lang } from '../text/index.ts';

export const RANGES = {
  '15m': 900, '1h': 3600, '6h': 21600, '24h': 86400, '7d': 604800, '30d': 2_592_000,
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
  group: string | null;
  /** Metrics chosen to represent their groups instead of the first. */
  metrics: readonly string[];
  zoom: Period | null;
}

const DEFAULT_RANGE: RangeKey = '1h';
const SHORTEST_ZOOM_S = 60;

export const isRange = (text: string | null): text is RangeKey =>
  text !== null && Object.hasOwn(RANGES, text);

export const isTheme = (text: string | null): text is Theme => THEMES.includes(text as Theme);

/** Parse a query string; invalid values get their defaults. */
export function parseSearch(search: string): UrlState {
  const params = new URLSearchParams(search);
  const lang = params.get('lang');
  const theme = params.get('theme');
  const range = params.get('range');
  return {
    lang: isLang(lang) ? lang : null,
    theme: isTheme(theme) ? theme : null,
    range: isRange(range) ? range : DEFAULT_RANGE,
    group: params.get('group') || null,
    metrics: params.get('metrics')?.split(',').filter(Boolean) ?? [],
    zoom: parseZoom(params.get('zoom')),
  };
}

function parseZoom(text: string | null): Period | null {
  const [from, to] = (text ?? '').split('-').map(Number);
  if (from === undefined || to === undefined) return null;
  return from > 0 && to - from >= SHORTEST_ZOOM_S ? [from, to] : null;
}

/** Format a query string with its `?`; empty if everything is at its default. */
export function formatSearch(state: UrlState): string {
  const params = new URLSearchParams();
  if (state.range !== DEFAULT_RANGE) params.set('range', state.range);
  if (state.group !== null) params.set('group', state.group);
  if (state.metrics.length > 0) params.set('metrics', state.metrics.join(','));
  if (state.zoom !== null) params.set('zoom', state.zoom.map(Math.round).join('-'));
  if (state.lang !== null) params.set('lang', state.lang);
  if (state.theme !== null) params.set('theme', state.theme);
  const text = params.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** Clamp a period to at least a minute (around its middle) and to the past. */
export function clampZoom(from: number, to: number, now: number): Period {
  const span = Math.max(SHORTEST_ZOOM_S, to - from);
  const end = Math.min(now, (from + to) / 2 + span / 2);
  return [end - span, end];
}
