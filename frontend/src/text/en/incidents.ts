/** The English texts of the pages of incidents. */

import type { incidents as ko } from '../ko/incidents.ts';
import type { Wording } from '../wording.ts';
import { WORDS, capitalize } from '../words.ts';

const {
  'incident.state': state, 'incident_page.step': steps, 'incident.cause': causes,
  'incident.attribution': attributions,
} = WORDS.en;

export const incidents: Wording<typeof ko> = {
  incidents: {
    title: 'Incidents',
    silences: 'Silences and maintenance',
    listLabel: 'Incidents',
    open: 'Open incidents',
    openCount: (n) => `${n} open`,
    past: 'Past incidents',
    empty: 'No incident has been recorded.',
    stale: (reason) => `The incidents could not be updated. ${reason}`,
    state: capitalize(state),
    was: (severity) => `was ${severity.toLowerCase()}`,
    notAcknowledged: 'not acknowledged',
    acknowledgedBy: (who) => `acknowledged by ${who}`,
    steps,
    waiting: {
      began: 'not known', noticed: 'not yet', acknowledged: 'waiting', action: 'nothing noted', recovered: 'ongoing',
    },
    duration: 'Duration',
    ongoing: 'so far',
    breached: 'Beyond thresholds',
    alerts: 'Alerts',
    first: 'Look here first',
    came: 'Came with it',
    peak: (peak, threshold) => (threshold ? `peak ${peak} (threshold ${threshold})` : `peak ${peak}`),
    runbook: 'Runbook',
    findings: 'Seen at the same time',
    history: 'History',
    act: 'Act',
    name: 'Your name',
    as: (name) => `Recorded as ${name}.`,
    changeName: 'Change',
    nameNeeded: 'Enter your name. This browser asks only once.',
    note: 'What was done',
    notePlaceholder: 'such as: restarted vllm-2, saved driver logs',
    acknowledge: 'Acknowledge',
    addNote: 'Add action',
    cause: 'Cause',
    attribution: 'Attribution',
    notSet: 'not set',
    setCause: 'Save cause',
    close: 'Close',
    appendOnly: 'Entries can only be added, and keep who wrote them and when.',
    causes: capitalize(causes),
    attributions: capitalize(attributions),
  },
};
