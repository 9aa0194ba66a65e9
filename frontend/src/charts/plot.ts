/** Configures uPlot for a chart: scales, axes, series and layers. Independent of Svelte. */

import uPlot from 'uplot';
import type { Breach } from '../api/queries.ts';
import type { Lang } from '../text/index.ts';
import { axisLabels, stepsOf } from '../text/number.ts';
import { tickLabel, ticks, tickStep } from '../text/time.ts';
import { axisWidth, verticalRange, type Scale } from './axis.ts';
import {
  drawBreachZones, drawCrossing, drawForecast, drawFuture, drawGhost, drawHeat, drawHeld, drawMarks, drawRowNames,
  drawThresholds, type Ahead, type Ghost,
} from './draw.ts';
import type { LineStyle } from './lines.ts';
import type { Mark } from './marks.ts';

export interface Palette {
  series: string[];
  /** Of lines that do not stand out. */
  slate: string;
  axis: string;
  grid: string;
  card: string;
  future: string;
  heat: string;
  zoneWarning: string;
  zoneCritical: string;
  markWarning: string;
  markCritical: string;
  markEvent: string;
  font: string;
  /** The colour of text about a mark of this colour. */
  inkOf: (colour: string) => string;
}

/** What is drawn besides the lines. Times are seconds UTC. */
export interface Subject extends Scale {
  label: string;
  /** Whether the vertical range leaves the thresholds out. */
  fitsValues: boolean;
  breaches: Breach[];
  /** What happened at moments of the period. */
  marks: readonly Mark[];
  /** Labels of the threshold lines. */
  warningText: string;
  criticalText: string;
  zone: string;
  lang: Lang;
  step: number;
  /** Where the future begins. */
  now: number;
  /** The moment that the reader holds. */
  held: number | null;
  ahead: Ahead | null;
  ghost: Ghost | null;
  /** The rows of a heat map, as indices of the series from the top; empty for lines. */
  heat: readonly number[];
  heatRange: readonly [low: number, high: number];
  /** The level that a value reaches; null for none. */
  severityOf: (value: number) => 'warning' | 'critical' | null;
  /** Words instead of the values 0 and 1, as for `up`; null for numbers. */
  words: readonly [zero: string, one: string] | null;
}

const TICK_PX = 96;
/** An integer, because uPlot only scales whole pixels. */
const FONT_PX = 12;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const inks: Record<string, string> = {
    [token('--warning-line')]: token('--warning'),
    [token('--critical-line')]: token('--critical'),
  };
  return {
    series: SERIES_COLOURS.map((_, index) => token(`--series-${index + 1}`)),
    slate: token('--spark'),
    axis: token('--mute'),
    grid: token('--line'),
    card: token('--card'),
    future: token('--inset'),
    heat: token('--series-1'),
    zoneWarning: token('--zone-warning'),
    zoneCritical: token('--zone-critical'),
    markWarning: token('--warning-line'),
    markCritical: token('--critical-line'),
    markEvent: token('--accent'),
    font: `${FONT_PX}px ${token('--font')}`,
    inkOf: (colour) => inks[colour] ?? colour,
  };
}

/** The palette as CSS variables; a chart has four colours at most. */
export const SERIES_COLOURS = [1, 2, 3, 4].map((n) => `var(--series-${n})`);

/** The colour of a line; slate for one that does not stand out. */
export const colourOf = (colours: readonly string[], slate: string, index: number | null): string =>
  (index === null ? undefined : colours[index]) ?? slate;

/** Canvas text does not wait for fonts; without this, syllables of unloaded slices are boxes. */
export async function loadGlyphs(palette: Palette, text: string): Promise<void> {
  await document.fonts.load(palette.font, text);
}

/**
 * Indices of points between gaps, which a line cannot show. Both values of a column may be of one
 * sample: two points, nearer than a pixel, are one too.
 */
function findLonePoints(u: uPlot, series: number): number[] {
  const [times, values] = [u.data[0], u.data[series]!];
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (values[i] == null || values[i - 1] != null) continue;
    if (values[i + 1] == null) indices.push(i);
    else if (values[i + 2] == null && isWithinPixel(u, times[i]!, times[i + 1]!)) indices.push(i);
  }
  return indices;
}

const isWithinPixel = (u: uPlot, a: number, b: number): boolean =>
  u.valToPos(b, 'x') - u.valToPos(a, 'x') < 1.5;

export interface Wiring {
  /** Read on every draw, so that new data needs no new chart. */
  about: () => Subject;
  palette: Palette;
  names: string[];
  styles: readonly LineStyle[];
  width: number;
  height: number;
  /** Whether the times stand below it: of stacked charts only below the last. */
  hasTimes: boolean;
  /** Called with the width that the labels of the vertical axis need; returns the one to use. */
  onaxis: (width: number) => number;
  /** Called with the place of the plot within the chart, in CSS pixels. */
  ondraw: (left: number, width: number) => void;
  /** Called for a click that was no drag. */
  onclick: (at: number) => void;
  oncursor: (index: number | null) => void;
  onselect: (from: number, to: number) => void;
  onreset: () => void;
  onwheel: (factor: number, at: number) => void;
}

const scaleOf = (about: Subject): Scale =>
  about.fitsValues ? { ...about, thresholds: null } : about;

/** The lowest and the highest of the lines and of what is drawn beside them. */
function extentOf(about: Subject, low: number | null, high: number | null): [number | null, number | null] {
  const { ahead, ghost } = about;
  const others = [...(ahead?.low ?? []), ...(ahead?.high ?? []), ...(ghost?.values ?? [])];
  const known = others.filter((value) => value != null);
  if (low === null || high === null || known.length === 0) return [low, high];
  return [known.reduce((a, b) => Math.min(a, b), low), known.reduce((a, b) => Math.max(a, b), high)];
}

function seriesOf({ names, styles, palette, about }: Wiring): uPlot.Series[] {
  const isHeat = about().heat.length > 0;
  return names.map((label, index): uPlot.Series => {
    const { colour, width } = styles[index] ?? { colour: null, width: 1 };
    const stroke = colourOf(palette.series, palette.slate, colour);
    if (isHeat) return { label, paths: () => null, points: { show: false } };
    return {
      label,
      stroke,
      width,
      spanGaps: false,
      points: { show: true, size: 4, fill: stroke, stroke, filter: (u, i) => findLonePoints(u, i) },
    };
  });
}

function axesOf({ about, palette, hasTimes, onaxis }: Wiring): uPlot.Axis[] {
  const step = (u: uPlot, from: number, to: number) =>
    tickStep(to - from, Math.max(2, Math.floor(u.bbox.width / uPlot.pxRatio / TICK_PX)));
  const axis = { stroke: palette.axis, font: palette.font, gap: 6, ticks: { show: false } };
  const isHeat = about().heat.length > 0;
  return [
    {
      ...axis,
      size: hasTimes ? 30 : 6,
      grid: { show: false },
      splits: (u, _i, from, to) => ticks(from, to, step(u, from, to), about().zone),
      values: (u, splits) => {
        if (!hasTimes) return splits.map(() => '');
        const { min, max } = u.scales['x']!;
        const { zone, lang } = about();
        return splits.map((t) => tickLabel(t, step(u, min!, max!), zone, lang));
      },
    },
    {
      ...axis,
      show: !isHeat,
      grid: { stroke: palette.grid, width: 1 },
      size: (u, values) => onaxis(measureAxis(u, values, palette)),
      space: 34,
      incrs: (_u, _axis, _from, to) => (about().words ? [1] : stepsOf(about().unit, to)),
      values: (_u, splits) => labelsOf(about(), splits),
    },
  ];
}

function labelsOf({ words, unit, label, lang }: Subject, splits: number[]): string[] {
  if (words !== null) return splits.map((value) => words[value] ?? '');
  return axisLabels(splits, unit, label, lang);
}

export function optionsOf(wiring: Wiring): uPlot.Options {
  const { about, palette, names } = wiring;
  const isHeat = about().heat.length > 0;
  const range = (low: number | null, high: number | null) => {
    if (about().words !== null) return [-0.15, 1.15] as const;
    return verticalRange(...extentOf(about(), low, high), scaleOf(about()));
  };
  return {
    width: wiring.width,
    height: wiring.height,
    padding: [10, 28, 0, isHeat ? widthOfNames(names, wiring.width) : 0],
    legend: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_u, low, high) => [...range(low, high)] },
    },
    series: [{}, ...seriesOf(wiring)],
    axes: axesOf(wiring),
    cursor: {
      sync: { key: 'page', scales: ['x', null], setSeries: false, filters: { pub: isMove } },
      focus: { prox: names.length > 1 && !isHeat ? 24 : -1 },
      drag: { x: true, y: false, setScale: false },
      points: { show: !isHeat, size: 7, width: 2, stroke: palette.card },
      bind: { dblclick: () => () => (wiring.onreset(), null) },
    },
    focus: { alpha: 0.28 },
    hooks: hooksOf(wiring),
  };
}

/** Room for the names of rows at the left of a heat map; at most a quarter of the chart. */
function widthOfNames(names: readonly string[], width: number): number {
  const widths = names.map((name) => [...name].reduce((sum, sign) => sum + (sign > '\u1100' ? 12 : 7), 14));
  return Math.round(Math.min(Math.max(52, ...widths), 180, width / 4));
}

/** The layers: under the axes, between these and the lines, above the lines. */
function hooksOf(wiring: Wiring): uPlot.Hooks.Arrays {
  const { about, palette } = wiring;
  const isHeat = about().heat.length > 0;
  const above = isHeat ? [drawRowNames, drawMarks, drawHeld] : [drawForecast, drawThresholds, drawMarks, drawCrossing, drawHeld];
  const below = isHeat ? [drawHeat] : [drawFuture, drawBreachZones];
  const draw = (layers: (typeof above)[number][]) => (u: uPlot) =>
    layers.forEach((layer) => layer(u, about(), palette));
  return {
    drawClear: [draw(below)],
    drawAxes: [draw(isHeat ? [] : [drawGhost])],
    draw: [draw(above), (u) => wiring.ondraw(u.bbox.left / uPlot.pxRatio, u.bbox.width / uPlot.pxRatio)],
    setCursor: [(u) => wiring.oncursor(u.cursor.idx ?? null)],
    setSelect: [
      (u) => {
        const { left, width } = u.select;
        if (width < 4) return;
        wiring.onselect(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
        u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      },
    ],
    ready: [(u) => listenToWheelAndTouch(u, wiring)],
  };
}

function measureAxis(u: uPlot, labels: string[] | null, palette: Palette): number {
  u.ctx.save();
  u.ctx.font = palette.font;
  const widths = (labels ?? []).map((label) => u.ctx.measureText(label).width);
  u.ctx.restore();
  return axisWidth(widths);
}

/** Charts share mouse movement, but not drags. */
const isMove = (type: string): boolean => type === 'mousemove' || type === 'mouseleave';

function listenToWheelAndTouch(u: uPlot, { onwheel, onclick }: Wiring): void {
  const wheel = (event: WheelEvent) => {
    if (!event.shiftKey && !event.ctrlKey) return;
    event.preventDefault();
    const turned = event.deltaY || event.deltaX;
    if (turned === 0) return;
    const at = u.posToVal(event.clientX - u.over.getBoundingClientRect().left, 'x');
    onwheel(turned < 0 ? 0.75 : 1 / 0.75, at);
  };
  const touch = (event: PointerEvent) => {
    if (event.pointerType !== 'touch') return;
    const box = u.over.getBoundingClientRect();
    u.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  };
  let pressed = 0;
  u.over.addEventListener('pointerdown', (event) => (pressed = event.clientX));
  u.over.addEventListener('click', (event) => {
    const isSlip = Math.abs(event.clientX - pressed) < 4;
    if (isSlip && event.detail === 1) onclick(u.posToVal(event.clientX - u.over.getBoundingClientRect().left, 'x'));
  });
  u.over.addEventListener('wheel', wheel, { passive: false });
  u.over.addEventListener('pointerdown', touch);
  u.over.addEventListener('pointermove', touch);
  u.over.style.touchAction = 'pan-y';
}
