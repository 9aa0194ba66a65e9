/** The state of one metric's chart: its lines, its texts and the reader's choices. */

import type { MetricNow } from '../api/queries.ts';
import type { App } from '../state/app.svelte.ts';
import { formatSpan, formatValue } from '../text/number.ts';
import { moment } from '../text/time.ts';
import { isOutOfReach } from './axis.ts';
import { Feed } from './feed.svelte.ts';
import { marksWithin } from './marks.ts';
import { countBreaches, lowerBound, summarize, type Frame, type Line } from './frame.ts';
import type { Subject } from './plot.ts';

export class Chart {
  /** The step under the cursor. */
  cursor = $state<number | null>(null);
  /** The key of the only line to show; null shows all. */
  alone = $state<string | null>(null);
  /** Whether the vertical range leaves the thresholds out; null where the values decide. */
  fitChoice = $state<boolean | null>(null);

  // Every poll brings a new metric object; the feed lives as long as the id is the same.
  #id = $derived.by(() => this.metric.id);
  feed = $derived.by(() => new Feed(this.#id));
  frame: Frame = $derived.by(() => this.feed.frame);
  /** The index range of the visible steps. */
  from = $derived.by(() => lowerBound(this.frame.t, this.app.view.shown[0]));
  to = $derived.by(() => lowerBound(this.frame.t, this.app.view.shown[1] + 0.001));
  /** The lines that are not hidden. */
  visible: Line[] = $derived.by(() =>
    this.alone === null ? this.frame.lines : this.frame.lines.filter((l) => l.key === this.alone),
  );
  fitsValues = $derived.by(() => {
    if (this.fitChoice !== null) return this.fitChoice;
    const highs = this.visible.map(({ values }) => summarize(values, this.from, this.to).max ?? 0);
    const high = highs.reduce((a, b) => Math.max(a, b), 0);
    return isOutOfReach(high, this.metric);
  });
  breachCount = $derived.by(() => countBreaches(this.visible, this.app.view.shown));
  breachText = $derived.by(() => {
    const { times, seconds } = this.breachCount;
    const { texts, preferences } = this.app;
    return texts.breachCount(times, formatSpan(seconds, preferences.lang));
  });
  /** What happened in the visible period. */
  marks = $derived.by(() => marksWithin(this.app.marks.value ?? [], ...this.app.view.shown));
  subject: Subject = $derived.by(() => this.#describe());
  /** The time of the legend's values. */
  when = $derived.by(() => {
    const { texts, zone, preferences } = this.app;
    const t = this.cursor === null ? undefined : this.frame.t[this.cursor];
    return t === undefined ? texts.latest : texts.at(moment(t, zone, preferences.lang));
  });
  /** A text alternative for screen readers. */
  label = $derived.by(() => {
    const all = this.frame.lines.flatMap((line) => line.values.slice(this.from, this.to));
    const { min, max } = summarize(all);
    const { texts } = this.app;
    const last = texts.withCases(this.metric.text, this.metric.proportion?.text);
    return texts.chartLabel(this.metric.name, last, this.format(min), this.format(max));
  });
  /** The origin of the thresholds and their alert duration. */
  basis = $derived.by(() => {
    const { thresholds } = this.metric;
    if (thresholds === null) return '';
    const { texts, preferences } = this.app;
    const span = formatSpan(thresholds.for_s, preferences.lang);
    const parts = [texts.origin[thresholds.origin]];
    if (thresholds.for_s > 0) parts.push(texts.forSpan(span));
    return parts.join(' · ');
  });

  readonly app: App;
  readonly #metric: () => MetricNow;

  constructor(app: App, metric: () => MetricNow) {
    this.app = app;
    this.#metric = metric;
  }

  get metric(): MetricNow {
    return this.#metric();
  }

  format(value: number | null): string {
    const { unit, unit_label: label } = this.metric;
    return formatValue(value, unit, label, this.app.preferences.lang);
  }

  /** A line's name; the metric's if the line has none. */
  nameOf(line: Line): string {
    return line.name || this.metric.name;
  }

  #describe(): Subject {
    const { thresholds, unit, unit_label: label, direction } = this.metric;
    const { texts, zone, preferences } = this.app;
    return {
      unit,
      label,
      direction,
      thresholds,
      fitsValues: this.fitsValues,
      marks: this.marks,
      breaches: this.visible.flatMap((line) => line.breaches),
      warningText: texts.warningAt(this.format(thresholds?.warning ?? null)),
      criticalText: texts.criticalAt(this.format(thresholds?.critical ?? null)),
      zone,
      lang: preferences.lang,
      step: this.feed.step,
    };
  }
}
