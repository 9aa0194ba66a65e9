/** What the page's address says, so that a link shows another person the same view. */

import { isLang, type Lang } from './i18n.ts';

export const RANGES = { '15m': 900, '1h': 3600, '6h': 21600, '24h': 86400, '7d': 604800 } as const;
export type RangeKey = keyof typeof RANGES;
export type Theme = 'system' | 'light' | 'dark';
export type Zoom = readonly [from: number, to: number];

export const THEMES: Theme[] = ['system', 'light', 'dark'];
const DEFAULT_RANGE: RangeKey = '1h';
const SHORTEST_ZOOM = 60;

export interface View {
  lang: Lang | null;
  theme: Theme | null;
  range: RangeKey;
  family: string | null;
  /** The metric shown for a family, where it is not the family's first. */
  metrics: string[];
  zoom: Zoom | null;
}

const isRange = (text: string | null): text is RangeKey => text !== null && text in RANGES;

const isTheme = (text: string | null): text is Theme => THEMES.includes(text as Theme);

export function readAddress(search: string): View {
  const said = new URLSearchParams(search);
  const lang = said.get('lang');
  const theme = said.get('theme');
  const range = said.get('range');
  return {
    lang: isLang(lang) ? lang : null,
    theme: isTheme(theme) ? theme : null,
    range: isRange(range) ? range : DEFAULT_RANGE,
    family: said.get('family'),
    metrics: said.get('metrics')?.split(',').filter(Boolean) ?? [],
    zoom: readZoom(said.get('zoom')),
  };
}

function readZoom(text: string | null): Zoom | null {
  const [from, to] = (text ?? '').split('-').map(Number);
  if (from === undefined || to === undefined) return null;
  return from > 0 && to - from >= SHORTEST_ZOOM ? [from, to] : null;
}

export function writeAddress(view: View): string {
  const said = new URLSearchParams();
  if (view.range !== DEFAULT_RANGE) said.set('range', view.range);
  if (view.family !== null) said.set('family', view.family);
  if (view.metrics.length > 0) said.set('metrics', view.metrics.join(','));
  if (view.zoom !== null) said.set('zoom', view.zoom.map(Math.round).join('-'));
  if (view.lang !== null) said.set('lang', view.lang);
  if (view.theme !== null) said.set('theme', view.theme);
  const text = said.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** A period that is neither shorter than a minute nor in the future. */
export function clampZoom(from: number, to: number, now: number): Zoom {
  const span = Math.max(SHORTEST_ZOOM, to - from);
  const end = Math.min(now, (from + to) / 2 + span / 2);
  return [end - span, end];
}
