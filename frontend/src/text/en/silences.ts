/** The English texts of the page of silences and maintenance windows. */

import type { silences as ko } from '../ko/silences.ts';
import type { Wording } from '../wording.ts';
import { WORDS } from '../words.ts';

const { 'silence.state': silence, 'maintenance.state': maintenance } = WORDS.en;

export const silences: Wording<typeof ko> = {
  silences: {
    title: 'Silences and maintenance',
    silences: 'Silences',
    silencesHelp: 'Matching alerts are recorded, but nobody is notified.',
    noSilences: 'There are no silences.',
    addSilence: 'Add a silence',
    match: 'Matchers of the alerts',
    matchOrAll: 'Matchers (empty: everything)',
    reason: 'Reason',
    duration: 'Duration',
    durations: {
      '30m': '30 min', '1h': '1 h', '2h': '2 h', '4h': '4 h', '8h': '8 h', '1d': '1 day', '1w': '1 week',
    },
    until: (from, to) => `${from} – ${to}`,
    phase: {
      active: silence.on, upcoming: maintenance.ahead, over: silence.over,
      cancelled: maintenance.cancelled,
    },
    expire: 'End now',
    maintenance: 'Maintenance windows',
    maintenanceHelp:
      'Nobody is notified of alerts in a window. A contract leaves out only work that was announced before it began.',
    noMaintenance: 'There is no window within 7 days.',
    addMaintenance: 'Add a maintenance window',
    work: 'What is done',
    approvalNumber: 'Approval number',
    approval: (number) => `approval ${number}`,
    isAnnounced: 'Users have been informed',
    announced: (time) => `announced ${time}`,
    notAnnounced: 'not announced',
    everything: 'everything',
    fromFile: 'configuration file',
    cancel: 'Cancel',
    add: 'Add',
  },
};
