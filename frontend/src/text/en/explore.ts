/** The English texts of Explore. */

import type { explore as ko } from '../ko/explore.ts';
import type { Wording } from '../wording.ts';

export const explore: Wording<typeof ko> = {
  explore: {
    title: 'Explore',
    query: 'PromQL',
    run: 'Run',
    hint: 'Write PromQL and run it, for example rate(node_cpu_seconds_total[5m])',
    running: 'Running',
    empty: 'No series matches this expression.',
    table: 'Values',
    chart: 'Chart',
    save: 'Save as metric',
    saveHelp: 'Put it into a file that catalogue.files names, set id, names, unit and thresholds as they should be, and reload.',
    name: 'Name',
    keep: 'Save view',
    keepHelp: 'Kept in this browser only.',
    saved: 'Saved views',
    forget: (name: string) => `Delete ${name}`,
    copyQuery: 'Copy query',
    more: (shown: number, total: number) => `${shown} of ${total.toLocaleString('en')} series are shown.`,
    value: 'Value',
    noWord: 'down',
    upWord: 'up',
    at: (place: string) => `Error at ${place}`,
  },
};
