/** Documents as the server sends them, checked against its schema. */

import type {
  IncidentDetail, IncidentFactSheet, IncidentMember, RankedEvidence, IncidentRow, MaintenanceInfo,
  SilenceInfo,
} from '../src/api/queries.ts';
import type {
  AttentionRow, MetricNow, MetricRange, Overview, OverviewDay, Series, TargetInfo, Targets,
} from '../src/api/queries.ts';

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
  headline: { title: 'All is well', detail: 'No metric is over its threshold.', is_empty: false },
  incident: null,
  attention: [],
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

export const attentionRow = (change: Partial<AttentionRow> = {}): AttentionRow => ({
  role: 'other',
  state: 'critical',
  name: 'CPU utilisation',
  subject: 'a',
  value: '97%',
  beyond: 'at or above critical 85%',
  since: 'for 8 min',
  pending_share: null,
  next: '',
  link: 'metric',
  metric: 'system.cpu.utilization',
  labels: {},
  ...change,
});

const gauge = (value: number | null) => ({
  value, text: value === null ? '' : `${value}%`, state: value === null ? ('unknown' as const) : ('ok' as const),
});

const gpuRow = (name: string, reason: string): NonNullable<OverviewDay['gpus']>['rows'][number] => ({
  name,
  host: '',
  process: 'bge-m3',
  state: reason ? 'unknown' : 'ok',
  reason,
  utilisation: gauge(reason ? null : 40),
  memory: gauge(reason ? null : 70),
  memory_values: [70, 71, null, 70],
  temperature_text: '66°C',
  power_text: '92 W',
  labels: {},
});

const hostGroup = (name: string, folded: boolean): OverviewDay['hosts'][number] => ({
  kind: 'server',
  name,
  state: 'ok',
  folded,
  rows: [
    {
      metric: 'system.cpu.utilization', name: 'CPU', subject: '', state: 'ok', value: 34.9, text: '34.9%',
      levels_text: '70% / 85%', warning: 70, unit: 'percent', change_text: '+3%', values: [34, 35], labels: {},
    },
  ],
});

const objective = (change: Partial<OverviewDay['objectives'][number]>): OverviewDay['objectives'][number] => ({
  metric: 'app.response_time', name: 'API response time', state: 'ok', value: 0.715, text: '715 ms', note: '',
  objective: 2, objective_text: 'Objective: within 2 s', change_text: 'last week +4%', values: [0.7, 0.8, null],
  ...change,
});

export const overviewDay = (change: Partial<OverviewDay> = {}): OverviewDay => ({
  t: 100_000,
  start: 13_600,
  end: 100_000,
  step: 300,
  objectives: [
    objective({}),
    objective({
      metric: 'app.error_rate', name: 'API error rate', state: 'noData', value: null, text: 'no data', values: [],
    }),
  ],
  lanes: [
    {
      id: 'api',
      name: 'API',
      spans: [
        { state: 'unknown', start: 50_000, end: 50_600, text: 'x', incident: null, metric: 'app.error_rate' },
        { state: 'critical', start: 99_000, end: 100_000, text: 'y', incident: 9, metric: 'app.error_rate' },
      ],
    },
  ],
  gpus: {
    model: 'H100 × 2', levels_text: '80% / 90%', warning: 80, critical: 90, utilisation_warning: 80,
    utilisation_critical: 90, rows: [gpuRow('GPU 0', ''), gpuRow('GPU 1', 'no data since 21:06')], more: 0,
  },
  hosts: [hostGroup('gpu-server-1', false), hostGroup('web-1', true)],
  forecasts: [
    {
      metric: 'system.disk.utilization', name: 'Disk /data', level_text: 'warning 85%', day_text: '9 December',
      interval_text: '7–13 December', share: 0.4, low: 0.3, high: 0.6, t: 900_000,
    },
  ],
  budgets: [
    {
      system: 'ai', name: 'AI', month: '2026-11', month_text: 'SLA, November', left_s: 1032, left_text: '17.2',
      left_unit: ' min', allowed_text: 'left of 43.2 min', used_share: 0.6, open_share: 0.1, text: 'Availability',
    },
  ],
  collection: { up: 11, total: 12, complete_text: '99.98%' },
  documents: [
    { id: 'd1', kind: 'daily', period: '2026-11', name: 'Daily report 25 November', state_text: 'issued' },
  ],
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
  column: null,
  series_total: lines.length,
  value_kind: 'step',
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
  steps: [
    { id: 'began', state: 'done', t: 9400, who: '', text: 'refused the connection' },
    { id: 'noticed', state: 'done', t: 9430, who: '', text: 'An alert fired, 30 s later' },
    {
      id: 'acknowledged', state: 'waiting', t: null, who: '',
      text: 'Waiting for 9 min 30 s · escalates to phone at 11:49',
    },
    { id: 'action', state: 'open', t: null, who: '', text: '' },
    { id: 'recovered', state: 'open', t: null, who: '', text: '' },
  ],
  withheld: '',
  match: 'instance="a:8000", job="vllm"',
  breached_s: 600,
  event: '',
  members: [incidentMember()],
  lines: [{ t: 9430, kind: 'opened', who: '', text: 'Detected: vllm' }],
  findings: [],
  ...change,
});

export const rankedEvidence = (change: Partial<RankedEvidence> = {}): RankedEvidence => ({
  kind: 'alert',
  name: 'vllm a:8000 does not answer',
  subject: '',
  severity: 'critical',
  seen: 'refused the connection',
  reason: 'It began first.',
  t: 9400,
  query: 'up == 0',
  is_promql: true,
  metric: 'system.collection.failed',
  match: 'job="vllm"',
  labels: { job: 'vllm' },
  words: ['answers', 'none'],
  pattern: '',
  ...change,
});

export const incidentFacts = (change: Partial<IncidentFactSheet> = {}): IncidentFactSheet => ({
  number: 7,
  start: 9400,
  end: 10_000,
  requests: [
    {
      name: 'API error rate · chat', failed: 147, failed_text: '147', total: 6390, total_text: '6,390',
      share_text: '2.3%', query: 'increase(errors[600s])',
    },
  ],
  requests_text: '',
  evidence: [rankedEvidence()],
  note: 'The order names no cause.',
  events: [],
  report: [
    { name: 'Basic facts', is_filled: true, text: 'written' },
    { name: 'Cause', is_filled: false, text: 'to fill in' },
  ],
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
