/** The pages of the rail, in the order of the questions at night. */

import type { Page, Route } from '../routes/router.svelte.ts';
import type { App } from '../state/app.svelte.ts';
import type { Texts } from '../text/index.ts';

export type Section = keyof Texts['nav'];

interface Entry {
  section: Section;
  route: Route;
  /** An SVG path on a grid of 24. */
  icon: string;
  /** The code of the key that opens the page after `g`. */
  key: string;
}

export const ENTRIES: readonly Entry[] = [
  { section: 'overview', route: { page: 'overview' }, icon: 'M3 12h4l2-6 4 12 2-6h6', key: 'KeyO' },
  { section: 'incidents', route: { page: 'incidents', number: null }, icon: 'M12 4 3 20h18zM12 10v4M12 17v.1', key: 'KeyI' },
  { section: 'metrics', route: { page: 'metrics' }, icon: 'M4 20V4M4 20h16M8 16l3-5 3 2 5-7', key: 'KeyM' },
  { section: 'logs', route: { page: 'logs' }, icon: 'M5 6h14M5 10h10M5 14h14M5 18h7', key: 'KeyL' },
  { section: 'targets', route: { page: 'targets' }, icon: 'M12 3v4M12 17v4M3 12h5M16 12h5M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7', key: 'KeyT' },
  { section: 'months', route: { page: 'months', month: null, tab: 'sla' }, icon: 'M7 3h8l4 4v14H7zM14 3v5h5M10 13h6M10 17h6', key: 'KeyS' },
];

const SECTIONS: Record<Page, Section | null> = {
  overview: 'overview', incidents: 'incidents', silences: 'incidents', metrics: 'metrics',
  metric: 'metrics', explore: 'metrics', logs: 'logs', targets: 'targets', months: 'months',
  report: 'months', settings: 'settings', unknown: null,
};

/** The section of the rail to which a page belongs. */
export const sectionOf = (page: Page): Section | null => SECTIONS[page];

/** How much stands beside a section's name: open incidents, targets that do not answer. */
export function countOf(app: App, section: Section): { count: number; text: string } {
  const t = app.texts;
  const open = app.openIncidents.value?.open ?? 0;
  const down = app.overview?.targets.down ?? 0;
  if (section === 'incidents') return { count: open, text: t.incidents.openCount(open) };
  if (section === 'targets')
    return { count: down, text: t.targets.count(t.targets.state.down, String(down)) };
  return { count: 0, text: '' };
}
