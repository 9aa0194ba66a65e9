/** The English texts of the overview. */

import type { overview as ko } from '../ko/overview.ts';
import type { Wording } from '../wording.ts';

export const overview: Wording<typeof ko> = {
  groups: { app: 'API', ai: 'AI', db: 'Database' },
  verdict: 'Verdict',
  tiles: 'Current state by metric',
  judged: 'Metrics with thresholds',
  unjudged: 'Other metrics',
  missingTitle: (n) => `${n} ${n === 1 ? 'metric' : 'metrics'} without data`,
  missingHelp: 'These metrics are not collected yet. Each needs the following.',
  missingFailed: 'The instructions could not be loaded.',
  waitingTitle: 'Waiting for the first data',
  waitingSoon: (seconds) => `First values in about ${seconds} s.`,
  waitingLong: 'This is taking longer than expected. Run jipyo doctor in a terminal to see why.',
};
