/** Documents as the server sends them, checked against its schema. */

import type { MetricNow, MetricRange, Overview, Series, TargetInfo } from '../src/api/queries.ts';

export const metricNow = (change: Partial<MetricNow> = {}): MetricNow => ({
  id: 'system.cpu.utilization',
  topic: 'system.cpu',
  group: 'system',
  name: 'CPU utilisation',
  description: 'Share of time not idle',
  unit: 'percent',
  unit_label: '%',
  direction: 'higher_is_worse',
  judged: true,
  state: 'ok',
  pending: null,
  since: 1000,
  since_text: 'for 2 min',
  value: 42,
  text: '42%',
  worst: { instance: 'a' },
  worst_text: 'a',
  reason: '42%, below warning 70%',
  exporter: 'node_exporter',
  required: true,
  thresholds: { warning: 70, critical: 85, for_s: 300, origin: 'specification' },
  absent: false,
  proportion: null,
  incomplete: false,
  ...change,
});

export const overview = (metrics: MetricNow[], change: Partial<Overview> = {}): Overview => ({
  t: 10_000,
  lang: 'en',
  timezone: 'Asia/Seoul',
  instance: 'host-1',
  version: '0.1.0',
  verdict: {
    state: 'ok',
    text: 'OK: all well',
    counts: { ok: 1, pending: 0, warning: 0, critical: 0, unknown: 0, absent: 0 },
    missing: [],
  },
  storage: { writable: true, text: '' },
  configuration: { current: true, text: '' },
  targets: { up: 1, down: 0, unknown: 0, absent: 0 },
  topics: [
    { id: 'system.cpu', name: 'CPU', metrics: [] },
    { id: 'system.memory', name: 'Memory', metrics: [] },
  ],
  metrics,
  ...change,
});

export const targetInfo = (change: Partial<TargetInfo> = {}): TargetInfo => ({
  job: 'node',
  instance: 'a',
  url: 'http://a:9100/metrics',
  state: 'up',
  since: 9400,
  error: '',
  hint: '',
  notes: [],
  last: 9990,
  duration_s: 0.012,
  samples: 1234,
  rejected: 0,
  interval_s: 15,
  ...change,
});

export const series = (values: (number | null)[], change: Partial<Series> = {}): Series => ({
  name: 'a',
  labels: { instance: 'a' },
  exporter: 'node_exporter',
  values,
  breaches: [],
  proportion: null,
  ...change,
});

export const metricRange = (
  t: number[],
  lines: Series[],
  change: Partial<MetricRange> = {},
): MetricRange => ({
  id: 'system.cpu.utilization',
  name: 'CPU utilisation',
  unit: 'percent',
  unit_label: '%',
  direction: 'higher_is_worse',
  t,
  series: lines,
  thresholds: { warning: 70, critical: 85, for_s: 300, origin: 'specification' },
  warnings: [],
  missing: [],
  estimated: false,
  coverage: 1,
  expressions: [{ exporter: 'node_exporter', expression: 'cpu' }],
  ...change,
});
