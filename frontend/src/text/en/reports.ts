/** The English texts of the pages of reports. */

import type { reports as ko } from '../ko/reports.ts';
import type { Wording } from '../wording.ts';
import { WORDS } from '../words.ts';

const { 'summary.step': steps } = WORDS.en;

export const reports: Wording<typeof ko> = {
  reports: {
    title: 'Reports',
    archive: 'Archive',
    empty: 'There are no reports yet.',
    issue: (n) => `issue ${n}`,
    make: 'Make a report',
    kind: 'Kind',
    kinds: { daily: 'Daily', weekly: 'Weekly', monthly: 'Monthly', quarterly: 'Quarterly', yearly: 'Yearly' },
    period: 'Period',
    periodHelp: 'Empty: the last period that is over.',
    formats: 'Formats',
    builds: 'Being made',
    buildState: { waiting: 'waiting', working: 'being made', made: 'made', failed: 'failed' },
    open: 'Open',
    schedules: 'Schedules',
    never: 'never made yet',
    lastMade: (time) => `last ${time}`,
    nextMade: (time) => `next ${time}`,
    preview: 'Preview',
    noPreview: 'There is no HTML file to preview.',
    files: 'Files',
    changes: (n) => `${n} ${n === 1 ? 'change' : 'changes'}`,
    signOff: 'Sign-off',
    step: 'Step',
    steps,
    note: 'Note',
    sign: 'Sign',
  },
};
