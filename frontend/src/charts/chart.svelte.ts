/** The state of one metric's chart: its lines, its texts and the reader's choices. */

import type { Breach, MetricNow, MetricOutlook } from '../api/queries.ts';
import type { App } from '../state/app.svelte.ts';
import { RANGES, type Period } from '../state/urlState.ts';
import { formatSpan, formatValue } from '../text/number.ts';
import { day, moment } from '../text/time.ts';
import type { Ahead, Ghost } from './draw.ts';
import { Feed, type Narrowing } from './feed.svelte.ts';
import { countBreaches, lowerBound, summarize, type Frame, type Line } from './frame.ts';
import { MOST_LINES, findLeading, sortByBadness, styleLines, type LineStyle } from './lines.ts';
import { marksWithin } from './marks.ts';
import type { Subject } from './plot.ts';

export const WEEK_S = 604_800;

/** What a chart can show beside the values. */
export interface ChartExtras {
  outlook?: () => MetricOutlook | null;
  narrowing?: () => Narrowing;
  /** The period that is drawn, where it is not that of the page. */
  period?: () => Period;
  /** A stretch of time that is tinted, instead of the metric's own breaches. */
  stretch?: () => Breach;
  /** The text alternative, where it is not made of the metric's values. */
  label?: () => string;
  /** Whether it is a small one: thresholds have no words. */
  isSmall?: boolean;
  /** The axis that stacked charts share. */
  axis?: SharedAxis;
}

/** The width of the vertical axis of stacked charts: the widest label of all, in CSS pixels. */
export class SharedAxis {
  width = $state(0);

  /** Make room for the labels of one chart; returns the width for all. */
  widen(width: number): number {
    if (width > this.width) this.width = width;
    return this.width;
  }
}

export class Chart {
  /** The step under the cursor. */
  cursor = $state<number | null>(null);
  /** The key of the only line to show; null shows all. */
  alone = $state<string | null>(null);
  /** The key of the line that the table points at. */
  named = $state<string | null>(null);
  showsForecast = $state(true);
  /** Words for the values 0 and 1, where there are no others. */
  words = $state.raw<readonly [zero: string, one: string] | null>(null);
  /** Where the plot is within the chart, in CSS pixels: the lanes below share its axis. */
  plotLeft = $state(0);
  plotWidth = $state(0);

  // Every poll brings a new metric object; the feed lives as long as the id is the same.
  #id = $derived.by(() => this.metric.id);
  #narrowing = $derived.by(() => JSON.stringify(this.#extras.narrowing?.() ?? {}));
  feed = $derived.by(() => new Feed(this.#id, JSON.parse(this.#narrowing) as Narrowing));
  /** The same metric a week earlier. */
  weekBefore = $derived.by(() => new Feed(this.#id, JSON.parse(this.#narrowing) as Narrowing));
  frame: Frame = $derived.by(() => this.feed.frame);
  /** The index range of the visible steps. */
  from = $derived.by(() => lowerBound(this.frame.t, this.shown[0]));
  to = $derived.by(() => lowerBound(this.frame.t, this.shown[1] + 0.001));
  /** The lines that are not hidden. */
  visible: Line[] = $derived.by(() =>
    this.alone === null ? this.frame.lines : this.frame.lines.filter((l) => l.key === this.alone),
  );
  /** The indices of all lines, the worst first. */
  order = $derived.by(() =>
    sortByBadness(this.frame.lines, this.metric.direction, this.from, this.to),
  );
  isHeat = $derived.by(() => this.alone === null && this.frame.lines.length > MOST_LINES);
  leading = $derived.by(() => findLeading(this.frame.lines, this.metric.worst, this.order));
  styles: LineStyle[] = $derived.by(() => styleLines(this.order, this.leading, this.#namedIndex));
  fitsValues = $derived.by(() => this.app.view.url.fit === true);
  fromZero = $derived.by(() => this.app.view.url.fit === false);
  ahead: Ahead | null = $derived.by(() => (this.showsForecast ? this.#findAhead() : null));
  /** Whether there is a forecast to show at this range. */
  canForecast = $derived.by(() => this.#findAhead() !== null);
  /** The period of the horizontal axis: what is viewed, and what is expected after it. */
  period: Period = $derived.by(() => {
    const [from, to] = this.shown;
    const last = this.ahead?.t.at(-1);
    return last === undefined ? [from, to] : [from, last];
  });
  breachCount = $derived.by(() => countBreaches(this.visible, this.shown));
  breachText = $derived.by(() => {
    const { times, seconds } = this.breachCount;
    const { texts, preferences } = this.app;
    return texts.breachCount(times, formatSpan(seconds, preferences.lang));
  });
  /** What happened in the visible period. */
  marks = $derived.by(() => marksWithin(this.app.marks.value ?? [], ...this.shown));
  subject: Subject = $derived.by(() => this.#describe());
  /** The step whose values are read out: under the cursor, or the one that is held. */
  readStep = $derived.by(() => {
    const { at } = this.app.view;
    if (this.cursor !== null || at === null) return this.cursor;
    const step = lowerBound(this.frame.t, at);
    return step < this.frame.t.length ? step : null;
  });
  /** The time of the values that are read out. */
  when = $derived.by(() => {
    const { texts, zone, preferences } = this.app;
    const t = this.readStep === null ? undefined : this.frame.t[this.readStep];
    return t === undefined ? texts.latest : texts.at(moment(t, zone, preferences.lang));
  });
  /** A text alternative for screen readers. */
  label = $derived.by(() => this.#extras.label?.() ?? this.#describeValues());

  readonly app: App;
  readonly #metric: () => MetricNow;
  readonly #extras: ChartExtras;

  constructor(app: App, metric: () => MetricNow, extras: ChartExtras = {}) {
    this.app = app;
    this.#metric = metric;
    this.#extras = extras;
  }

  /** The period that is drawn. */
  get shown(): Period {
    return this.#extras.period?.() ?? this.app.view.shown;
  }

  /** The axis that it shares with others; null for one of its own. */
  get axis(): SharedAxis | null {
    return this.#extras.axis ?? null;
  }

  get metric(): MetricNow {
    return this.#metric();
  }

  get #namedIndex(): number | null {
    const key = this.named ?? this.alone;
    const index = this.frame.lines.findIndex((line) => line.key === key);
    return index < 0 ? null : index;
  }

  format(value: number | null): string {
    const { unit, unit_label: label } = this.metric;
    return formatValue(value, unit, label, this.app.preferences.lang);
  }

  /** A line's name; the metric's if the line has none. */
  nameOf(line: Line): string {
    return line.name || this.metric.name;
  }

  #describeValues(): string {
    const all = this.frame.lines.map((line) => summarize(line.values, this.from, this.to));
    const lows = all.flatMap(({ min }) => min ?? []);
    const highs = all.flatMap(({ max }) => max ?? []);
    const { texts } = this.app;
    const last = texts.withCases(this.metric.text, this.metric.proportion?.text);
    const least = lows.length > 0 ? Math.min(...lows) : null;
    const most = highs.length > 0 ? Math.max(...highs) : null;
    return texts.chartLabel(this.metric.name, last, this.format(least), this.format(most));
  }

  #nameThreshold(value: number | null | undefined, name: (limit: string) => string): string {
    return this.#extras.isSmall === true ? '' : name(this.format(value ?? null));
  }

  /** What is expected of the line in question, as far ahead as the range looks back. */
  #findAhead(): Ahead | null {
    const { view } = this.app;
    const line = this.leading === null ? undefined : this.frame.lines[this.leading];
    if (line === undefined || this.isHeat || view.zoom !== null || RANGES[view.range] < 86_400) return null;
    const outlook = this.#extras.outlook?.()?.series.find(({ labels }) => isSame(labels, line.labels));
    const forecast = outlook?.forecast;
    if (outlook === undefined || forecast == null) return null;
    const until = view.end + Math.min(RANGES[view.range], 14 * 86_400);
    const end = lowerBound(forecast.t, until);
    if (end < 2) return null;
    const next = outlook.crossings.find(({ state, t }) => state === 'expected' && t !== null);
    const { texts, zone, preferences } = this.app;
    return {
      t: forecast.t.slice(0, end),
      median: forecast.median.slice(0, end),
      low: forecast.low_80.slice(0, end),
      high: forecast.high_80.slice(0, end),
      colour: this.styles[this.leading!]?.colour ?? 0,
      crossing: next?.t == null || next.t > until ? null : {
        t: next.t,
        earliest: next.earliest ?? view.end,
        latest: next.latest ?? forecast.t.at(-1)!,
        threshold: next.threshold,
        severity: next.level,
        text: texts.crossesOn(day(next.t, zone, preferences.lang), this.format(next.threshold)),
      },
    };
  }

  /** Last week's course of the line in question, moved to now. */
  #findGhost(): Ghost | null {
    if (this.app.view.compare === null || this.leading === null || this.isHeat) return null;
    const key = this.frame.lines[this.leading]?.key;
    const { t, lines } = this.weekBefore.frame;
    const line = lines.find((one) => one.key === key);
    if (line === undefined) return null;
    const colour = this.styles[this.leading]?.colour ?? 0;
    return { t: t.map((at) => at + WEEK_S), values: line.values, colour };
  }

  #describe(): Subject {
    const { thresholds, unit, unit_label: label, direction } = this.metric;
    const { texts, zone, preferences, view } = this.app;
    const known = this.frame.lines.map(({ values }) => summarize(values, this.from, this.to));
    const heat = this.isHeat ? this.order : [];
    const stretch = this.#extras.stretch?.();
    return {
      unit,
      label,
      direction,
      thresholds,
      fitsValues: this.fitsValues,
      fromZero: this.fromZero,
      marks: this.marks,
      breaches: stretch === undefined ? this.visible.flatMap((line) => line.breaches) : [stretch],
      warningText: this.#nameThreshold(thresholds?.warning, texts.warningAt),
      criticalText: this.#nameThreshold(thresholds?.critical, texts.criticalAt),
      zone,
      lang: preferences.lang,
      step: this.feed.step,
      now: view.end,
      held: view.at,
      ahead: this.ahead,
      ghost: this.#findGhost(),
      heat,
      heatRange: unit === 'percent' ? [0, 100] : [
        Math.min(0, ...known.map(({ min }) => min ?? 0)),
        Math.max(...known.map(({ max }) => max ?? -Infinity)),
      ],
      severityOf: (value) => this.#severityOf(value),
      words: this.words,
    };
  }

  #severityOf(value: number): 'warning' | 'critical' | null {
    const { thresholds, direction } = this.metric;
    if (thresholds === null) return null;
    const isBeyond = (level: number | null) =>
      level !== null && (direction === 'lower_is_worse' ? value <= level : value >= level);
    if (isBeyond(thresholds.critical)) return 'critical';
    return isBeyond(thresholds.warning) ? 'warning' : null;
  }
}

const isSame = (a: Record<string, string>, b: Record<string, string>): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => b[name] === value);
