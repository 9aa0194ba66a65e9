/** The English texts of the pages of incidents. */

import type { incidents as ko } from '../ko/incidents.ts';
import type { Wording } from '../wording.ts';

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
    state: { open: 'Open', recovered: 'Recovered', closed: 'Closed' },
    was: (severity) => `was ${severity.toLowerCase()}`,
    notAcknowledged: 'not acknowledged',
    acknowledgedBy: (who) => `acknowledged by ${who}`,
    steps: {
      began: 'Began', noticed: 'Detected', acknowledged: 'Acknowledged', action: 'Action',
      recovered: 'Recovered',
    },
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
    causes: {
      hardware: 'Hardware', software: 'Software', network: 'Network', change: 'Change or deployment',
      capacity: 'Capacity', operation: 'Operating error', security: 'Security',
      facility: 'Power and facilities', external: 'External service', unknown: 'Unknown',
    },
    attributions: {
      ours: 'Provider', customer: 'Customer', third_party: 'Third party', force_majeure: 'Force majeure',
    },
  },
};
