/** The English texts of charts. */

import type { charts as ko } from '../ko/charts.ts';
import type { Wording } from '../wording.ts';
import { WORDS } from '../words.ts';

const { 'health.state': state } = WORDS.en;

export const charts: Wording<typeof ko> = {
  charts: 'Over time',
  warningAt: (value) => `${state.warning} ${value}`,
  criticalAt: (value) => `${state.critical} ${value}`,
  origin: {
    specification: 'specification thresholds',
    default: 'default thresholds',
    site: 'site thresholds',
  },
  pendingFor: (elapsed, span) => `${elapsed} of ${span}`,
  pendingLeft: (severity, span) => `${severity} if it lasts ${span} more`,
  latest: 'Latest',
  at: (time) => `At ${time}`,
  mean: 'Mean',
  highest: 'Max',
  current: 'Now',
  series: 'Series',
  cases: (n, low, high) => `n\u00a0=\u00a0${n}, 95% CI ${low}–${high}`,
  casesUnknown: 'n unknown',
  withCases: (value, cases) => (cases ? `${value} (${cases})` : value),
  isolate: (name) => `Show only ${name}`,
  showAll: 'Show all',
  more: (n) => `Show ${n} more`,
  less: 'Show fewer',
  noPoints: 'No data in this period.',
  chartLabel: (name, last, low, high) =>
    `${name}. Latest ${last}, lowest ${low}, highest ${high}. Left and right arrow keys read values.`,
  breachCount: (n, span) => `Over a threshold ${n === 1 ? 'once' : `${n} times`}, ${span}`,
  estimated: 'Counts are estimated: the source extrapolates them.',
  earlierMarks: (n) => `${n} earlier`,
  crossesOn: (date: string, value: string) => `${value} expected ${date}`,
  beyondLane: 'Beyond',
  anomalyLane: 'Unusual',
  spans: (n: number) => `${n}`,
  noneInPeriod: 'none in this period',
  forecast: 'Forecast (80% interval)',
  lastWeek: 'Last week',
  fromZero: 'From 0',
  fitOnly: 'Fit values',
  heatNote: (shown: number, total: number) =>
    total > shown
      ? `The worst ${shown} of ${total} series; the stronger the colour, the higher`
      : `${total} series; the stronger the colour, the higher`,
  logsThen: 'Logs of this moment →',
  incidentThen: 'Incident →',
  release: 'Release',
  clickHolds: 'click to hold a moment',
  hourMeans: 'Values are means of an hour.',
  hourExtremes: 'Values are the least and the greatest of each hour.',
};
