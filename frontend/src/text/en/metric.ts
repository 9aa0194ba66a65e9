/** The English texts of the page of a metric. */

import type { metric as ko } from '../ko/metric.ts';
import type { Wording } from '../wording.ts';

export const metric: Wording<typeof ko> = {
  metric: {
    back: 'All metrics',
    thresholds: 'Thresholds',
    severity: 'Severity',
    threshold: 'Threshold',
    alertDuration: 'Alert duration',
    origin: 'Origin',
    none: 'None',
    required: 'Required by the specification',
    seriesTable: 'Values by series',
    breaches: 'Breaches',
    noBreaches: 'No breach in this period.',
    start: 'Start',
    duration: 'Duration',
    ongoing: 'ongoing',
    peak: 'Peak',
    exporter: 'Exporter',
    unknownTitle: 'No such metric',
    unknownText: (id) => `The catalogue has no metric ${id}.`,
    remedy: 'What this metric needs',
  },
  outlook: {
    title: 'Forecast',
    past: 'Past (hourly means)',
    expected: 'Expected',
    interval: (share) => `${share} interval`,
    label: (metric, series) => `Forecast of ${metric} ${series}, with its intervals`,
    basis: (hours) => `From ${hours} hours of hourly means:`,
    nothing: 'There is no history to forecast from yet.',
  },
};
