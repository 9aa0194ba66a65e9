/** What the page of a metric asks for besides its chart, and when it asks again. */

import type { MetricFigures, MetricOutlook, MetricTrial } from '../../api/queries.ts';
import type { Narrowing } from '../../charts/feed.svelte.ts';
import type { App } from '../../state/app.svelte.ts';
import { Resource } from '../../state/resource.svelte.ts';

const OUTLOOK_S = 600;
const FIGURES_S = 60;

export class MetricState {
  readonly outlook = new Resource<MetricOutlook>();
  readonly figures = new Resource<MetricFigures>();
  /** The last 30 days by the thresholds in force. */
  readonly history = new Resource<MetricTrial>();
  /** The same with a threshold that the reader tries. */
  readonly trial = new Resource<MetricTrial>();
  isTrying = $state(false);

  readonly #app: App;
  readonly #id: string;
  #outlookAt = 0;
  #figuresAt = 0;

  constructor(app: App, id: string) {
    this.#app = app;
    this.#id = id;
  }

  /** The series that the address chooses. */
  get narrowing(): Narrowing {
    const { view } = this.#app;
    const [by, match] = [view.param('by'), view.param('match')];
    return { ...(by && { by }), ...(match && { match }) };
  }

  async loadOutlook(): Promise<void> {
    this.#outlookAt = this.#app.live.now;
    await this.#app.load(this.outlook, (queries, lang, signal) =>
      queries.outlook(this.#id, lang, signal),
    );
  }

  async loadFigures(): Promise<void> {
    this.#figuresAt = this.#app.live.now;
    const [start, end] = this.#app.view.shown;
    await this.#app.load(this.figures, (queries, lang, signal) =>
      queries.figures(this.#id, { start, end, ...this.narrowing }, lang, signal),
    );
  }

  async loadHistory(): Promise<void> {
    await this.#app.load(this.history, (queries, lang, signal) =>
      queries.trial(this.#id, {}, lang, signal),
    );
  }

  /** Judge the last 30 days by another threshold, in the metric's unit. */
  async tryThreshold(threshold: number, forSeconds: number): Promise<void> {
    this.isTrying = true;
    try {
      await this.#app.load(this.trial, (queries, lang, signal) =>
        queries.trial(this.#id, { threshold, for: forSeconds }, lang, signal),
      );
    } finally {
      this.isTrying = false;
    }
  }

  /** On every poll: what is old by now. */
  async refresh(): Promise<void> {
    const { now } = this.#app.live;
    if (now - this.#outlookAt >= OUTLOOK_S) await this.loadOutlook();
    // Of data younger than a minute there are no figures yet.
    const patience = this.figures.value?.series.length === 0 ? 0 : FIGURES_S;
    if (now - this.#figuresAt >= patience && this.#app.view.isLive) await this.loadFigures();
  }
}
