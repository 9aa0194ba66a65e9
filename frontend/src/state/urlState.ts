/** The view as the query string of an address, so that a link shows another person the same. */

import { isLang, type Lang } from '../text/index.ts';

export const RANGES = { '15m': 900, '1h': 3600, '6h': 21600, '24h': 86400, '7d': 604800 } as const;
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
  /** The metrics shown for their groups, where that is not the group's first. */
  metrics: readonly string[];
  zoom: Period | null;
}

const DEFAULT_RANGE: RangeKey = '1h';
const SHORTEST_ZOOM_S = 60;

export const isRange = (text: string | null): text is RangeKey =>
  text !== null && Object.hasOwn(RANGES, text);

export const isTheme = (text: string | null): text is Theme => THEMES.includes(text as Theme);

/** Read a query string; what makes no sense is left out. */
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

/** Write a query string with its `?`; empty where everything is as by default. */
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

/** A period around the same middle that is at least a minute long and not in the future. */
export function clampZoom(from: number, to: number, now: number): Period {
  const span = Math.max(SHORTEST_ZOOM_S, to - from);
  const end = Math.min(now, (from + to) / 2 + span / 2);
  return [end - span, end];
}
