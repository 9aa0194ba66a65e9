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
    cause: 'Cause and notes',
    remedy: (text) => `What to do: ${text}`,
    nothingHere: 'There is no data to collect.',
    last: 'Last scrape',
    never: 'never',
    duration: 'Duration',
    samples: 'Samples',
    rejected: 'Rejected samples',
    interval: 'Interval',
    empty: 'There are no targets.',
    stale: (reason) => `The targets could not be updated. ${reason}`,
    down: (n) => `${n} ${n === '1' ? 'target' : 'targets'} cannot be scraped`,
  },
};
