/** Groups the configuration by its top-level keys. */

import type { SettingInfo } from '../../api/queries.ts';

export interface SettingGroup {
  name: string;
  settings: SettingInfo[];
  /** Whether anything in it is not a default. */
  isChanged: boolean;
}

/** The settings whose key, value or place has a text, by top-level key, in their order. */
export function groupSettings(settings: readonly SettingInfo[], wanted: string): SettingGroup[] {
  const text = wanted.trim().toLowerCase();
  const groups = new Map<string, SettingInfo[]>();
  for (const one of settings) {
    if (!`${one.key} ${one.value} ${one.place}`.toLowerCase().includes(text)) continue;
    const name = /^[^.[]+/.exec(one.key)?.[0] ?? one.key;
    groups.set(name, [...(groups.get(name) ?? []), one]);
  }
  return [...groups].map(([name, members]) => ({
    name,
    settings: members,
    isChanged: members.some(({ origin }) => origin !== 'default'),
  }));
}
