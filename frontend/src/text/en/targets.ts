/** The English texts of the page of targets. */

import type { targets as ko } from '../ko/targets.ts';
import type { Wording } from '../wording.ts';
import { WORDS } from '../words.ts';

const { 'collect.state': state } = WORDS.en;

export const targets: Wording<typeof ko> = {
  targets: {
    title: 'Targets',
    state,
    count: (word, n) => `${n} ${word.toLowerCase()}`,
    since: (time, span) => `since ${time}, ${span}`,
    status: 'State',
    target: 'Target',
    remedy: (text) => `What to do: ${text}`,
    nothingHere: 'There is no data to collect.',
    last: 'Last scrape',
    never: 'never',
    duration: 'Duration',
    samples: 'Samples',
    interval: 'Interval',
    kind: 'Kind',
    kinds: { host: 'Built-in', scrape: 'Scrape', database: 'Database', probe: 'Probe' },
    day: '24 h',
    ago: (span) => `${span} ago`,
    allRead: 'every reading of 24 h succeeded',
    noReadings: 'no reading in 24 h',
    someFailed: (n, time) => `readings failed in ${n} half hours, the last at ${time}`,
    rejectedOf: (n) => `${n} rejected`,
    filter: 'Search by name or address',
    noneFound: 'No target matches.',
    uncollected: 'Found, but not collected',
    incident: (n) => `Incident ${n}`,
    configuration: 'Show the settings',
    empty: 'There are no targets.',
    down: (n) => `${n} ${n === '1' ? 'target' : 'targets'} cannot be scraped`,
  },
};
