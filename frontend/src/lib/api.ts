/** What the server's own API (`/api/jipyo/*`) says, and how it is asked. Times are seconds UTC. */

export type State = 'ok' | 'warning' | 'critical' | 'unknown';
export type Direction = 'higher_is_worse' | 'lower_is_worse' | 'neutral';

export interface Thresholds {
  warning: number | null;
  critical: number | null;
  for_s: number;
  origin: string;
}

/** Of how many cases a share is one, and its 95 % interval; null where nobody counted. */
export interface Certainty {
  n: number | null;
  low: number | null;
  high: number | null;
}

export interface MetricNow {
  id: string;
  topic: string;
  group: string;
  name: string;
  description: string;
  unit: string;
  unit_label: string;
  direction: Direction;
  judged: boolean;
  state: State;
  since: number | null;
  since_text: string;
  value: number | null;
  text: string;
  worst: Record<string, string> | null;
  worst_text: string;
  reason: string;
  exporter: string | null;
  required: boolean;
  thresholds: Thresholds | null;
  /** There never was any data. */
  absent: boolean;
  /** Null for what is not a share of counted cases. */
  certainty: (Certainty & { text: string; unsure: boolean }) | null;
}

export interface Overview {
  t: number;
  lang: string;
  timezone: string;
  instance: string;
  version: string;
  verdict: { state: State; text: string; counts: Record<State | 'absent', number> };
  storage: { writable: boolean; text: string };
  topics: { id: string; name: string; metrics: string[] }[];
  metrics: MetricNow[];
}

export interface MetricRange {
  id: string;
  name: string;
  unit: string;
  unit_label: string;
  t: number[];
  series: {
    name: string;
    labels: Record<string, string>;
    exporter: string | null;
    values: (number | null)[];
    /** The same at each time. */
    certainty: { [part in keyof Certainty]: (number | null)[] } | null;
  }[];
  thresholds: Thresholds | null;
  direction: Direction;
  warnings: string[];
  coverage: number | null;
  /** By exporter, the PromQL that was asked. */
  expressions: Record<string, string>;
}

export interface Doctor {
  metrics: { id: string; name: string; state: 'found' | 'missing'; remedy: string | null }[];
}

/** The server answered, and said no. */
export class Refused extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}

const TIMEOUT_MS = 20_000;

async function ask<T>(path: string, params: Record<string, string | number>): Promise<T> {
  const query = new URLSearchParams(Object.entries(params).map(([k, v]) => [k, String(v)]));
  const answer = await fetch(`api/jipyo/${path}?${query}`, {
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body as T;
  const said = (body ?? {}) as { error?: string; hint?: string };
  throw new Refused(said.error ?? `HTTP ${answer.status}`, said.hint ?? '');
}

export const overview = (lang: string) => ask<Overview>('overview', { lang });

export const doctor = (lang: string) => ask<Doctor>('doctor', { lang });

export const range = (id: string, start: number, end: number, step: number, lang: string) =>
  ask<MetricRange>(`metric/${encodeURIComponent(id)}`, { start, end, step, lang });
