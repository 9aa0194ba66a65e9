/** The documents the dashboard reads and the requests for them. Times are seconds UTC. */

import type { Client } from './client.ts';
import type { components } from './schema.d.ts';

type Schemas = components['schemas'];

export type Overview = Schemas['Overview'];
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
export type Doctor = Schemas['Doctor'];
export type Targets = Schemas['Targets'];
export type TargetInfo = Schemas['TargetInfo'];

/** The steps of a range query, in seconds. */
export interface Steps {
  start: number;
  end: number;
  step: number;
}

export class Queries {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  overview(lang: string, signal?: AbortSignal): Promise<Overview> {
    return this.#client.get('overview', { lang }, signal);
  }

  /** Every catalogue metric, with instructions for those without data. */
  doctor(lang: string, signal?: AbortSignal): Promise<Doctor> {
    return this.#client.get('doctor', { lang }, signal);
  }

  /** Everything that is collected, with what came of the last attempt. */
  targets(lang: string, signal?: AbortSignal): Promise<Targets> {
    return this.#client.get('targets', { lang }, signal);
  }

  /** What is expected of a metric, and when its thresholds are reached. */
  outlook(id: string, lang: string, signal?: AbortSignal): Promise<MetricOutlook> {
    return this.#client.get(`metric/${encodeURIComponent(id)}/outlook`, { lang }, signal);
  }

  metric(id: string, steps: Steps, lang: string, signal?: AbortSignal): Promise<MetricRange> {
    return this.#client.get(`metric/${encodeURIComponent(id)}`, { ...steps, lang }, signal);
  }
}
