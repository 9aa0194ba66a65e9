/** Documents as the server sends them, checked against its schema. */

import type {
  IncidentDetail, IncidentMember, IncidentRow, MaintenanceInfo, SilenceInfo,
} from '../src/api/queries.ts';
import type { MetricNow, MetricRange, Overview, Series, TargetInfo, Targets } from '../src/api/queries.ts';

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
  demonstration: false,
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
  kind: 'scrape',
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
  readings: [],
  incident: null,
  ...change,
});

export const targets = (rows: TargetInfo[], change: Partial<Targets> = {}): Targets => ({
  state: 'ok',
  text: '1 of 1 target answers.',
  detail: '99.93% of readings succeeded in 24 h, 82 samples a second',
  readings_start: 0,
  readings_step: 1800,
  targets: rows,
  uncollected: [],
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

export const incidentRow = (change: Partial<IncidentRow> = {}): IncidentRow => ({
  number: 7,
  state: 'open',
  severity: 'critical',
  title: 'vllm a:8000 does not answer',
  subject: '',
  began: 9400,
  noticed: 9430,
  acknowledged: null,
  acknowledged_by: '',
  recovered: null,
  closed: null,
  duration_s: 600,
  duration_text: '10 min',
  alerts: 1,
  cause: null,
  cause_text: '',
  ...change,
});

export const incidentMember = (change: Partial<IncidentMember> = {}): IncidentMember => ({
  rule: 'system.collection.failed',
  is_metric: true,
  name: 'vllm a:8000 does not answer',
  subject: '',
  labels: { job: 'vllm', instance: 'a:8000' },
  state: 'firing',
  state_text: 'firing',
  severity: 'critical',
  began: 9400,
  ended: null,
  threshold_text: '1',
  peak: 1,
  peak_text: '1',
  peak_t: 9400,
  cause: 'refused the connection',
  remedy: 'Start the service.',
  position: 'Its target does not answer.',
  runbook: '',
  ...change,
});

export const incidentDetail = (change: Partial<IncidentDetail> = {}): IncidentDetail => ({
  t: 10_000,
  incident: incidentRow(),
  attribution: null,
  attribution_text: '',
  breached_s: 600,
  event: '',
  members: [incidentMember()],
  lines: [{ t: 9430, kind: 'opened', who: '', text: 'Detected: vllm' }],
  findings: [],
  ...change,
});

export const silenceInfo = (change: Partial<SilenceInfo> = {}): SilenceInfo => ({
  id: 3,
  phase: 'active',
  match: 'job="vllm"',
  start: 9000,
  end: 16_200,
  who: 'kim',
  reason: 'new model',
  entered: 9000,
  expired_by: '',
  ...change,
});

export const maintenanceInfo = (change: Partial<MaintenanceInfo> = {}): MaintenanceInfo => ({
  id: '5',
  phase: 'upcoming',
  name: 'driver',
  match: '',
  start: 20_000,
  end: 27_200,
  announced: null,
  approval: '2026-114',
  who: 'kim',
  cancelled: null,
  cancelled_by: '',
  ...change,
});
