/** The documents the dashboard reads and the requests for them. Times are seconds UTC. */

import type { Client, Params } from './client.ts';
import type { ServerEvent } from './events.ts';
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];

export type Overview = Schemas['Overview'];
export type OverviewDay = Schemas['OverviewDay'];
export type CurrentIncident = Schemas['CurrentIncident'];
export type AttentionRow = Schemas['AttentionRow'];
export type ObjectiveCell = Schemas['ObjectiveCell'];
export type GroupLane = Schemas['GroupLane'];
export type LaneSpan = Schemas['LaneSpan'];
export type GpuTable = Schemas['GpuTable'];
export type RowGroup = Schemas['RowGroup'];
export type MetricNow = Schemas['MetricNow'];
export type MetricRange = Schemas['MetricRange'];
export type Series = MetricRange['series'][number];
export type Breach = Series['breaches'][number];
/** The number of cases behind a share and its 95% interval, at each step. */
export type Proportion = NonNullable<Series['proportion']>;
export type Thresholds = NonNullable<MetricNow['thresholds']>;
export type State = MetricNow['state'];
export type Direction = MetricNow['direction'];
export type MetricOutlook = Schemas['MetricOutlook'];
export type SeriesOutlook = Schemas['SeriesOutlook'];
export type ConfigurationInForce = Schemas['ConfigurationInForce'];
export type Doctor = Schemas['Doctor'];
export type SettingInfo = Schemas['SettingInfo'];
export type Targets = Schemas['Targets'];
export type TargetInfo = Schemas['TargetInfo'];
export type LogSourceList = Schemas['LogSourceList'];
export type LogLines = Schemas['LogLines'];
export type LogLine = Schemas['LogLine'];
export type LogContext = Schemas['LogContext'];
export type LogTimeline = Schemas['LogTimeline'];
export type LogPatterns = Schemas['LogPatterns'];
export type LogPattern = Schemas['LogPattern'];
export type LogLevel = LogLine['level'];
export type Incidents = Schemas['Incidents'];
export type IncidentRow = Schemas['IncidentRow'];
export type IncidentDetail = Schemas['IncidentDetail'];
export type IncidentMember = Schemas['IncidentMember'];
export type IncidentStep = Schemas['IncidentStep'];
export type IncidentFactSheet = Schemas['IncidentFactSheet'];
export type RankedEvidence = Schemas['RankedEvidence'];
export type IncidentClosing = Schemas['IncidentClosing'];
export type Cause = NonNullable<IncidentRow['cause']>;
export type Attribution = NonNullable<IncidentDetail['attribution']>;
export type Silences = Schemas['Silences'];
export type SilenceInfo = Schemas['SilenceInfo'];
export type NewSilence = Schemas['NewSilence'];
export type MaintenanceWindows = Schemas['MaintenanceWindows'];
export type MaintenanceInfo = Schemas['MaintenanceInfo'];
export type NewMaintenance = Schemas['NewMaintenance'];
export type Events = Schemas['Events'];
export type Reports = Schemas['Reports'];
export type ReportRow = Schemas['ReportRow'];
export type ReportFile = Schemas['ReportFile'];
export type ReportScheduleInfo = Schemas['ReportScheduleInfo'];
export type ReportDetail = Schemas['ReportDetail'];
export type ReportBuild = Schemas['ReportBuild'];
export type ReportBuilds = Schemas['ReportBuilds'];
export type NewReport = Schemas['NewReport'];
export type NewSignOff = Schemas['NewSignOff'];
export type ReportVerification = Schemas['ReportVerification'];
export type Months = Schemas['Months'];
export type MonthPage = Schemas['MonthPage'];
export type MonthRow = Schemas['MonthRow'];
export type MonthDay = Schemas['MonthDay'];
export type MonthOutages = Schemas['MonthOutages'];
export type MonthStep = Schemas['MonthStep'];
export type MonthCheck = Schemas['MonthCheck'];
export type NewMonthEntry = Schemas['NewMonthEntry'];
export type InspectionMonth = Schemas['InspectionMonth'];
export type Glossary = Schemas['Glossary'];
export type MetricIndex = Schemas['MetricIndex'];
export type DayLines = Schemas['DayLines'];
export type MetricFigures = Schemas['MetricFigures'];
export type SeriesFigures = Schemas['SeriesFigures'];
export type AnomalySpan = Schemas['AnomalySpan'];
export type MetricTrial = Schemas['MetricTrial'];

/** What a person can do about an incident. */
export type IncidentAction = 'ack' | 'notes' | 'cause' | 'close';

/** The steps of a range query, in seconds. */
export interface Steps {
  start: number;
  end: number;
  step: number;
}

type Pair = [t: number, value: string];

/** A native histogram has neither values nor a value. */
export interface PromSeries {
  metric: Record<string, string>;
  /** Of a matrix. */
  values?: Pair[];
  /** Of a vector. */
  value?: Pair;
}

/** What the Prometheus API answers to PromQL. */
export interface PromAnswer {
  data:
    | { resultType: 'matrix' | 'vector'; result: PromSeries[] }
    | { resultType: 'scalar' | 'string'; result: Pair };
  warnings?: string[];
  infos?: string[];
}

/** What is asked of a metric besides: pixel columns, and which series. */
export interface RangeSteps extends Steps {
  column?: number;
  limit?: number;
  by?: string;
  match?: string;
}

export class Queries {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  overview(lang: string, signal?: AbortSignal): Promise<Overview> {
    return this.#client.get('overview', { lang }, signal);
  }

  /** What the overview shows below its verdict. */
  overviewDay(lang: string, signal?: AbortSignal): Promise<OverviewDay> {
    return this.#client.get('overview/day', { lang }, signal);
  }

  /** The version of an overview, by which a stream knows what its reader has. */
  versionOf(overview: Overview): string {
    return this.#client.tagOf(overview);
  }

  /** What is new from now on: changes of the overview, and new values of metrics. */
  live(
    metrics: string[], have: string, lang: string, signal: AbortSignal,
  ): AsyncGenerator<ServerEvent | null> {
    const wanted = metrics.map((text): [string, string] => ['metric', text]);
    return this.#client.events('live', [['lang', lang], ...wanted], have, signal);
  }

  /** Every catalogue metric, with instructions for those without data. */
  configuration(lang: string, signal?: AbortSignal): Promise<ConfigurationInForce> {
    return this.#client.get('configuration', { lang }, signal);
  }

  doctor(lang: string, signal?: AbortSignal): Promise<Doctor> {
    return this.#client.get('doctor', { lang }, signal);
  }

  /** Everything that is collected, with what came of the last attempt. */
  targets(lang: string, signal?: AbortSignal): Promise<Targets> {
    return this.#client.get('targets', { lang }, signal);
  }

  logSources(lang: string, signal?: AbortSignal): Promise<LogSourceList> {
    return this.#client.get('logs/sources', { lang }, signal);
  }

  /** Log lines, the newest first; `asked` are the parameters of the query. */
  logLines(asked: Params, lang: string, signal?: AbortSignal): Promise<LogLines> {
    return this.#client.get('logs', { ...asked, lang }, signal);
  }

  /** A log line with its fields and the lines around it. */
  logContext(line: string, source: string, lang: string, signal?: AbortSignal): Promise<LogContext> {
    return this.#client.get('logs/context', { line, source, lang }, signal);
  }

  /** How many log lines there are over time, by level. */
  logTimeline(asked: Params, lang: string, signal?: AbortSignal): Promise<LogTimeline> {
    return this.#client.get('logs/histogram', { ...asked, lang }, signal);
  }

  logPatterns(asked: Params, lang: string, signal?: AbortSignal): Promise<LogPatterns> {
    return this.#client.get('logs/patterns', { ...asked, lang }, signal);
  }

  /** What is expected of a metric, and when its thresholds are reached. */
  outlook(id: string, lang: string, signal?: AbortSignal): Promise<MetricOutlook> {
    return this.#client.get(`metric/${encodeURIComponent(id)}/outlook`, { lang }, signal);
  }

  openIncidents(lang: string, signal?: AbortSignal): Promise<Incidents> {
    return this.#client.get('incidents', { state: 'open', lang }, signal);
  }

  /** The incidents that went on between two times. */
  incidentsBetween(from: number, to: number, lang: string, signal?: AbortSignal): Promise<Incidents> {
    return this.#client.get('incidents', { from, to, lang }, signal);
  }

  /** The incidents of a time, state or severity, or with some words. */
  findIncidents(asked: Params, lang: string, signal?: AbortSignal): Promise<Incidents> {
    return this.#client.get('incidents', { ...asked, lang }, signal);
  }

  /** What an incident cost, and what was seen of it. */
  incidentFacts(number: number, lang: string, signal?: AbortSignal): Promise<IncidentFactSheet> {
    return this.#client.get(`incidents/${number}/facts`, { lang }, signal);
  }

  incident(number: number, lang: string, signal?: AbortSignal): Promise<IncidentDetail> {
    return this.#client.get(`incidents/${number}`, { lang }, signal);
  }

  /** Add what a person did to an incident. */
  editIncident(
    number: number, action: IncidentAction, body: IncidentClosing, lang: string,
  ): Promise<IncidentDetail> {
    return this.#client.post(`incidents/${number}/${action}`, { lang }, body);
  }

  events(from: number, to: number, lang: string, signal?: AbortSignal): Promise<Events> {
    return this.#client.get('events', { from, to, lang }, signal);
  }

  silences(lang: string, signal?: AbortSignal): Promise<Silences> {
    return this.#client.get('silences', { lang }, signal);
  }

  addSilence(silence: NewSilence, lang: string): Promise<SilenceInfo> {
    return this.#client.post('silences', { lang }, silence);
  }

  expireSilence(id: number, who: string, lang: string): Promise<SilenceInfo> {
    return this.#client.post(`silences/${id}/expire`, { lang }, { who });
  }

  maintenance(lang: string, signal?: AbortSignal): Promise<MaintenanceWindows> {
    return this.#client.get('maintenance', { lang }, signal);
  }

  addMaintenance(window: NewMaintenance, lang: string): Promise<MaintenanceInfo> {
    return this.#client.post('maintenance', { lang }, window);
  }

  cancelMaintenance(id: string, who: string, lang: string): Promise<MaintenanceInfo> {
    return this.#client.post(`maintenance/${encodeURIComponent(id)}/cancel`, { lang }, { who });
  }

  /** The reports that touch a month, and the schedules. */
  reports(month: string, lang: string, signal?: AbortSignal): Promise<Reports> {
    return this.#client.get('reports', { month, lang }, signal);
  }

  /** Thirteen months of a system; of the first one for an empty name. */
  months(system: string, lang: string, signal?: AbortSignal): Promise<Months> {
    return this.#client.get('months', { ...(system && { system }), lang }, signal);
  }

  month(month: string, system: string, lang: string, signal?: AbortSignal): Promise<MonthPage> {
    return this.#client.get(`months/${month}`, { ...(system && { system }), lang }, signal);
  }

  /** Enter the value of an indicator by hand. */
  enterValue(month: string, body: NewMonthEntry, lang: string): Promise<MonthPage> {
    return this.#client.post(`months/${month}/entries`, { lang }, body);
  }

  inspection(month: string, system: string, lang: string, signal?: AbortSignal): Promise<InspectionMonth> {
    return this.#client.get('inspection', { month, ...(system && { system }), lang }, signal);
  }

  /** Compute an issue of a report again. */
  verifyReport(id: string, issue: number, lang: string): Promise<ReportVerification> {
    return this.#client.post(`reports/${encodeURIComponent(id)}/verification`, { lang }, { issue });
  }

  /** What was asked for, with progress. */
  reportBuilds(lang: string, signal?: AbortSignal): Promise<ReportBuilds> {
    return this.#client.get('reports/builds', { lang }, signal);
  }

  buildReport(report: NewReport, lang: string): Promise<ReportBuild> {
    return this.#client.post('reports/builds', { lang }, report);
  }

  report(id: string, lang: string, signal?: AbortSignal): Promise<ReportDetail> {
    return this.#client.get(`reports/${encodeURIComponent(id)}`, { lang }, signal);
  }

  signReport(id: string, body: NewSignOff, lang: string): Promise<ReportDetail> {
    return this.#client.post(`reports/${encodeURIComponent(id)}/sign-off`, { lang }, body);
  }

  /** What the words of the dashboard mean. */
  glossary(lang: string, signal?: AbortSignal): Promise<Glossary> {
    return this.#client.get('glossary', { lang }, signal);
  }

  metric(id: string, steps: RangeSteps, lang: string, signal?: AbortSignal): Promise<MetricRange> {
    return this.#client.get(`metric/${encodeURIComponent(id)}`, { ...steps, lang }, signal);
  }

  /** What each series of a metric came to over a period. */
  figures(id: string, period: Params, lang: string, signal?: AbortSignal): Promise<MetricFigures> {
    return this.#client.get(`metric/${encodeURIComponent(id)}/figures`, { ...period, lang }, signal);
  }

  /** The last 30 days by the thresholds in force, and by another one if it is given. */
  trial(id: string, tried: Params, lang: string, signal?: AbortSignal): Promise<MetricTrial> {
    return this.#client.get(`metric/${encodeURIComponent(id)}/trial`, { ...tried, lang }, signal);
  }

  /** Every metric as it is now. */
  metrics(lang: string, signal?: AbortSignal): Promise<MetricIndex> {
    return this.#client.get('metrics', { lang }, signal);
  }

  /** The last 24 hours of every metric. */
  metricsDay(signal?: AbortSignal): Promise<DayLines> {
    return this.#client.get('metrics/day', {}, signal);
  }

  /** An answer to PromQL that the reader wrote: of a range, or of its end alone. */
  promql(query: string, steps: Steps | null, at: number, signal?: AbortSignal): Promise<PromAnswer> {
    return steps === null
      ? this.#client.get('../v1/query', { query, time: at }, signal)
      : this.#client.get('../v1/query_range', { query, ...steps }, signal);
  }
}
