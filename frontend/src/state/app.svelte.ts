/** Wires the parts of the dashboard's state together. */

import { Refused } from '../api/client.ts';
import type {
  ConfigurationInForce, Doctor, Glossary, IncidentAction, IncidentClosing, IncidentDetail, IncidentFactSheet, Incidents,
  MaintenanceWindows,
  InspectionMonth, MetricNow, MetricOutlook, MonthPage, Months, NewMaintenance, NewMonthEntry, NewReport,
  NewSignOff, NewSilence, Overview, OverviewDay, Queries,
  ReportBuilds, ReportDetail, Reports, Silences, Targets,
} from '../api/queries.ts';
import { marksOf, type Mark } from '../charts/marks.ts';
import { paramsOf } from '../routes/incidents/filter.ts';
import type { Feed } from '../charts/feed.svelte.ts';
import { Router, type Place, type Route } from '../routes/router.svelte.ts';
import type { Texts } from '../text/index.ts';
import { Live, type Clock } from './live.svelte.ts';
import { Preferences, type Store, type SystemWishes } from './preferences.svelte.ts';
import { Resource } from './resource.svelte.ts';
import type { UrlState } from './urlState.ts';
import { View } from './view.svelte.ts';

export interface Surroundings {
  place: Place;
  store: Store;
  system: SystemWishes;
  clock: Clock;
  queries: Queries;
}

export class App {
  readonly router: Router;
  readonly view: View;
  readonly live: Live;
  readonly preferences: Preferences;
  /** What the overview shows below its verdict; kept while other pages are open. */
  readonly day = new Resource<OverviewDay>();
  /** Instructions for metrics without data; loaded when they are shown. */
  readonly doctor = new Resource<Doctor>();
  /** Loaded while the page of targets is open. */
  readonly targets = new Resource<Targets>();
  /** Those that are open; loaded with every poll. */
  readonly openIncidents = new Resource<Incidents>();
  /** The newest ones; loaded while their page is open. */
  readonly incidents = new Resource<Incidents>();
  readonly silences = new Resource<Silences>();
  readonly maintenance = new Resource<MaintenanceWindows>();
  /** The archive and the schedules; loaded while the page of reports is open. */
  readonly reports = new Resource<Reports>();
  /** What was asked for; loaded with the reports. */
  readonly builds = new Resource<ReportBuilds>();
  /** Loaded once for each language. */
  readonly glossary = new Resource<Glossary>();
  /** Events and incidents of the period that is shown, for the charts. */
  readonly marks = new Resource<Mark[]>();

  texts: Texts = $derived.by(() => this.preferences.texts);
  overview: Overview | null = $derived.by(() => this.live.overview.value);
  /** The server's time zone. */
  zone = $derived.by(() => this.overview?.timezone ?? 'UTC');

  readonly #queries: Queries;
  /** The language that the day was asked for in last. */
  #dayLang = '';

  constructor({ place, store, system, clock, queries }: Surroundings) {
    this.#queries = queries;
    this.router = new Router(place);
    this.live = new Live(
      clock,
      (signal) => queries.overview(this.preferences.lang, signal),
      (have, metrics, signal) => queries.live(metrics, have, this.preferences.lang, signal),
      (overview) => queries.versionOf(overview),
    );
    this.view = new View(this.router, () => this.live.now, () => this.zone);
    this.preferences = new Preferences(
      store,
      system,
      () => this.view.url,
      (change) => this.view.change(change),
    );
  }

  /** The requests, for what belongs to one page only. */
  get queries(): Queries {
    return this.#queries;
  }

  findMetric(id: string): MetricNow | undefined {
    return this.overview?.metrics.find((metric) => metric.id === id);
  }

  /** Load a document of a page into its resource. */
  load<T>(
    resource: Resource<T>, ask: (queries: Queries, lang: string, signal: AbortSignal) => Promise<T>,
  ): Promise<void> {
    return resource.load((signal) => ask(this.#queries, this.preferences.lang, signal));
  }

  /** Update a chart's values, those of a period or of as many seconds earlier. */
  pull(feed: Feed, earlier = 0, { start, end, step } = this.view.window): Promise<void> {
    const { lang } = this.preferences;
    const window = { start: start - earlier, end: end - earlier, step };
    return feed.pull(window, lang, async (steps, signal) => {
      // What the server sends by itself has every step of every series.
      const isPlain = steps.column === undefined && !steps.by && !steps.match;
      const sent = isPlain ? this.live.tails.find(feed.id, steps) : undefined;
      return sent ?? this.#queries.metric(feed.id, steps, lang, signal);
    });
  }

  /** Ask for what the first page shows; its components are built meanwhile. */
  begin(): void {
    void this.live.restart();
    if (this.router.route.page === 'overview') this.loadDay().catch(() => undefined);
  }

  /** Load the day of the overview, unless it is on its way in the reader's language. */
  async loadDay(): Promise<void> {
    const { lang } = this.preferences;
    if (this.day.isLoading && this.#dayLang === lang) return;
    this.#dayLang = lang;
    await this.day.load((signal) => this.#queries.overviewDay(lang, signal));
  }

  loadDoctor(): Promise<void> {
    const { lang } = this.preferences;
    return this.doctor.load((signal) => this.#queries.doctor(lang, signal));
  }

  loadTargets(): Promise<void> {
    const { lang } = this.preferences;
    return this.targets.load((signal) => this.#queries.targets(lang, signal));
  }

  /** Load the open incidents; a server without alerts has none. */
  async loadOpenIncidents(): Promise<void> {
    const { lang } = this.preferences;
    await this.openIncidents.load((signal) => this.#queries.openIncidents(lang, signal));
  }

  /** Load the incidents that the address asks for. */
  loadIncidents(): Promise<void> {
    const { lang } = this.preferences;
    const asked = paramsOf(this.view.url.own, this.live.now);
    return this.incidents.load((signal) => this.#queries.findIncidents(asked, lang, signal));
  }

  /** Load what an incident cost and what was seen of it. */
  loadIncidentFacts(facts: Resource<IncidentFactSheet>, number: number): Promise<void> {
    const { lang } = this.preferences;
    return facts.load((signal) => this.#queries.incidentFacts(number, lang, signal));
  }

  /** The URL of an incident's report; `inline` is shown, else it is saved. */
  incidentFileHref(number: number, format: string, inline = false): string {
    const { lang } = this.preferences;
    const query = new URLSearchParams({ format, lang, ...(inline ? { inline: '1' } : {}) });
    return `${this.router.base}api/jipyo/incidents/${number}/file?${query}`;
  }

  loadIncident(detail: Resource<IncidentDetail>, number: number): Promise<void> {
    const { lang } = this.preferences;
    return detail.load((signal) => this.#queries.incident(number, lang, signal));
  }

  /** Add what the reader did to an incident, and show what came of it. */
  async editIncident(
    detail: Resource<IncidentDetail>, number: number, action: IncidentAction, body: IncidentClosing,
  ): Promise<void> {
    const { lang } = this.preferences;
    const after = await this.#queries.editIncident(number, action, body, lang);
    await detail.load(() => Promise.resolve(after));
    await this.#showChange(this.loadIncidents(), this.loadOpenIncidents());
  }

  /** Wait for what came of a change, which stands even if that cannot be loaded. */
  async #showChange(...loads: Promise<void>[]): Promise<void> {
    await Promise.allSettled(loads); // the resources keep the errors
  }

  async loadSilences(): Promise<void> {
    const { lang } = this.preferences;
    await Promise.all([
      this.silences.load((signal) => this.#queries.silences(lang, signal)),
      this.maintenance.load((signal) => this.#queries.maintenance(lang, signal)),
    ]);
  }

  async addSilence(silence: NewSilence): Promise<void> {
    await this.#queries.addSilence(silence, this.preferences.lang);
    await this.#showChange(this.loadSilences());
  }

  async expireSilence(id: number): Promise<void> {
    await this.#queries.expireSilence(id, this.preferences.who, this.preferences.lang);
    await this.#showChange(this.loadSilences());
  }

  async addMaintenance(window: NewMaintenance): Promise<void> {
    await this.#queries.addMaintenance(window, this.preferences.lang);
    await this.#showChange(this.loadSilences());
  }

  async cancelMaintenance(id: string): Promise<void> {
    await this.#queries.cancelMaintenance(id, this.preferences.who, this.preferences.lang);
    await this.#showChange(this.loadSilences());
  }

  /** Load what happened within the period that the charts show. */
  loadMarks(): Promise<void> {
    const { lang } = this.preferences;
    const [from, to] = this.view.shown;
    return this.marks.load(async (signal) =>
      marksOf(
        ...(await Promise.all([
          this.#queries.events(from, to, lang, signal),
          this.#queries.incidentsBetween(from, to, lang, signal),
        ])),
      ),
    );
  }

  /** Load the reports that touch a month. */
  async loadReports(month: string): Promise<void> {
    const { lang } = this.preferences;
    await Promise.all([
      this.reports.load((signal) => this.#queries.reports(month, lang, signal)),
      this.loadBuilds(),
    ]);
  }

  /** Load what was asked for, with progress. */
  loadBuilds(): Promise<void> {
    const { lang } = this.preferences;
    return this.builds.load((signal) => this.#queries.reportBuilds(lang, signal));
  }

  async buildReport(report: NewReport): Promise<void> {
    await this.#queries.buildReport(report, this.preferences.lang);
    await this.#showChange(this.loadBuilds());
  }

  loadMonths(strip: Resource<Months>, system: string): Promise<void> {
    const { lang } = this.preferences;
    return strip.load((signal) => this.#queries.months(system, lang, signal));
  }

  loadMonth(page: Resource<MonthPage>, month: string, system: string): Promise<void> {
    const { lang } = this.preferences;
    return page.load((signal) => this.#queries.month(month, system, lang, signal));
  }

  /** Enter a value by hand, and show the month that it leads to. */
  async enterValue(page: Resource<MonthPage>, month: string, body: NewMonthEntry): Promise<void> {
    const after = await this.#queries.enterValue(month, body, this.preferences.lang);
    await page.load(() => Promise.resolve(after));
  }

  loadInspection(sheet: Resource<InspectionMonth>, month: string, system: string): Promise<void> {
    const { lang } = this.preferences;
    return sheet.load((signal) => this.#queries.inspection(month, system, lang, signal));
  }

  /** Have an issue of a report computed again; what comes of it is part of its month. */
  async verifyReport(id: string, issue: number): Promise<void> {
    await this.#queries.verifyReport(id, issue, this.preferences.lang);
  }

  /** Sign an issue of a report; returns the report as it is then. */
  signOff(id: string, body: NewSignOff): Promise<ReportDetail> {
    return this.#queries.signReport(id, body, this.preferences.lang);
  }

  loadReport(detail: Resource<ReportDetail>, id: string): Promise<void> {
    const { lang } = this.preferences;
    return detail.load((signal) => this.#queries.report(id, lang, signal));
  }

  /** Load the configuration in force into the resource of its page. */
  loadConfiguration(configuration: Resource<ConfigurationInForce>): Promise<void> {
    const { lang } = this.preferences;
    return configuration.load((signal) => this.#queries.configuration(lang, signal));
  }

  loadGlossary(): Promise<void> {
    const { lang } = this.preferences;
    return this.glossary.load((signal) => this.#queries.glossary(lang, signal));
  }

  /** Load what is expected of a metric into the resource of its page. */
  loadOutlook(outlook: Resource<MetricOutlook>, id: string): Promise<void> {
    const { lang } = this.preferences;
    return outlook.load((signal) => this.#queries.outlook(id, lang, signal));
  }

  /** Describe a failed request in the reader's language. */
  explain(error: unknown): string {
    return error instanceof Refused ? error.message : this.texts.connectionLost;
  }

  /** Describe why a change is not saved, or not confirmed as saved. */
  explainUnsaved(error: unknown): string {
    return error instanceof Refused ? this.texts.notSaved(error.message) : this.texts.unconfirmed;
  }

  /** The URL of a page, with the shared time; `change` may carry that page's `own` parameters. */
  href(route: Route, change: Partial<UrlState> = {}): string {
    return this.router.href(route, this.view.search(change));
  }

  metricHref(id: string): string {
    return this.href({ page: 'metric', id });
  }

  targetsHref(): string {
    return this.href({ page: 'targets' });
  }

  /** The URL of the page of incidents, or of one of them. */
  incidentHref(number: number | null): string {
    return this.href({ page: 'incidents', number });
  }

  silencesHref(): string {
    return this.href({ page: 'silences' });
  }

  /** The URL of a report, or of the list of those of the present month. */
  reportHref(id: string | null): string {
    return this.href(
      id === null ? { page: 'months', month: null, tab: 'reports' } : { page: 'report', id },
    );
  }

  /** The URL of a file of an issue; `inline` is shown, else it is saved. */
  reportFileHref(id: string, issue: number, name: string, inline = false): string {
    const query = new URLSearchParams({ issue: String(issue), name, ...(inline ? { inline: '1' } : {}) });
    return `${this.router.base}api/jipyo/reports/${encodeURIComponent(id)}/file?${query}`;
  }

  /** The URL of a sheet of a month as a file. */
  sheetFileHref(kind: 'sla' | 'inspection', month: string, system: string, format: string): string {
    const { lang } = this.preferences;
    const query = new URLSearchParams({ month, format, lang, ...(system && { system }) });
    return `${this.router.base}api/jipyo/${kind}/file?${query}`;
  }

  /** The URL of a metric's page over a period. */
  metricHrefAt(id: string, from: number, to: number, match = ''): string {
    return this.href({ page: 'metric', id }, { zoom: [from, to], own: { match } });
  }

  /** The URL of the logs of a period, of a pattern if it is given. */
  logsHrefAt(from: number, to: number, pattern = ''): string {
    return this.href({ page: 'logs' }, { zoom: [from, to], at: null, own: { pattern } });
  }

  /** The URL of a query over a period. */
  exploreHrefAt(query: string, from: number, to: number): string {
    return this.href({ page: 'explore' }, { zoom: [from, to], own: { q: query } });
  }

  /** Release what is held: the moment, then the zoom. */
  leave(): void {
    if (this.view.at !== null) this.view.hold(null);
    else if (this.view.zoom !== null) this.view.setZoom(null);
  }
}
