/** What the page of logs shows: the address says which lines, the server answers. */

import { Refused, type Params } from '../../api/client.ts';
import type {
  IncidentRow, LogContext, LogLevel, LogPatterns, LogSourceList, LogTimeline,
} from '../../api/queries.ts';
import type { App } from '../../state/app.svelte.ts';
import { Resource } from '../../state/resource.svelte.ts';
import { RANGES, type Period } from '../../state/urlState.ts';
import { frameOf, parseLevels } from './display.ts';
import { LineList } from './lines.svelte.ts';

const ignore = () => undefined;

export class LogsPage {
  readonly sources = new Resource<LogSourceList>();
  readonly timeline = new Resource<LogTimeline>();
  readonly patterns = new Resource<LogPatterns>();
  readonly context = new Resource<LogContext>();
  /** Incidents that went on at the time of the line that is open. */
  readonly incidents = new Resource<readonly IncidentRow[]>();
  readonly list: LineList;
  /** The id of the line that is open. */
  open = $state<string | null>(null);
  isFollowing = $state(true);

  readonly #app: App;
  query = $derived.by(() => this.#app.view.param('q'));
  pattern = $derived.by(() => this.#app.view.param('pattern'));
  source = $derived.by(() => this.#app.view.param('source'));
  levels: LogLevel[] = $derived.by(() => parseLevels(this.#app.view.param('level')));
  /** The period of the histogram. */
  frame: Period = $derived.by(() => {
    const { view } = this.#app;
    return frameOf([view.end - RANGES[view.range], view.end], view.zoom, view.at);
  });
  /** The period of patterns and lines. */
  selection: Period = $derived.by(() => this.#app.view.zoom ?? this.frame);

  constructor(app: App) {
    this.#app = app;
    this.list = new LineList((asked, signal) =>
      app.queries.logLines(asked, app.preferences.lang, signal),
    );
  }

  /** Load everything; what the server refuses is kept by each part. */
  async load(): Promise<void> {
    await this.loadSources().catch(ignore);
    // Without sources there is nothing to ask; a newer call goes on in the place of this one.
    const { value, error } = this.sources;
    if (value === null ? error === null : value.sources.length === 0) return;
    const [from, to] = this.selection;
    const end = this.#app.view.at === null ? to : Math.min(to, this.#app.view.at + 1);
    const lines = this.list.load({ ...this.#asked(), pattern: this.pattern, start: from, end });
    await Promise.all([lines, this.#loadCounts()]);
  }

  async loadSources(): Promise<void> {
    if ((this.sources.value?.sources.length ?? 0) > 0) return;
    const { lang } = this.#app.preferences;
    await this.sources.load((signal) => this.#app.queries.logSources(lang, signal));
  }

  /** What has come since, while the present is shown. */
  async refresh(isReading: boolean): Promise<void> {
    if (!this.#app.view.isLive || this.#app.view.at !== null) return;
    if (this.sources.value === null || this.sources.value.sources.length === 0) return this.load();
    const { status, error } = this.list.first;
    if (error instanceof Refused && error.at !== null) return; // the same query stays wrong
    if (status !== 'ready') return this.load();
    const work = [this.#loadCounts()];
    if (this.isFollowing) work.push(this.list.follow(this.selection[1], isReading));
    await Promise.all(work);
  }

  /** Open a line: its fields, the lines around it, incidents of that time. */
  async show(id: string, t: number): Promise<void> {
    this.open = id;
    const { queries, preferences } = this.#app;
    const context = this.context.load((signal) =>
      queries.logContext(id, this.source, preferences.lang, signal),
    );
    const incidents = this.incidents.load(async (signal) => {
      const found = await queries.incidentsBetween(t, t + 1, preferences.lang, signal);
      return found.incidents;
    });
    await Promise.all([context.catch(ignore), incidents.catch(ignore)]); // the resources keep them
  }

  #asked(): Params {
    return { q: this.query, level: this.levels.join(','), source: this.source };
  }

  async #loadCounts(): Promise<void> {
    const { queries, preferences } = this.#app;
    const { lang } = preferences;
    const [from, to] = this.frame;
    const [start, end] = this.selection;
    const { q, source, level } = this.#asked() as Record<string, string>;
    const counted: Params = { q: q!, source: source!, pattern: this.pattern, start: from, end: to };
    const compared: Params = { q: q!, source: source!, level: level!, start, end, from, to };
    await Promise.all([
      this.timeline.load((signal) => queries.logTimeline(counted, lang, signal)),
      this.patterns.load((signal) => queries.logPatterns(compared, lang, signal)),
    ]);
  }
}
