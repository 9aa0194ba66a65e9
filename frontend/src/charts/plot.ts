/** Configures uPlot for a chart: scales, axes, thresholds, breaches. Independent of Svelte. */

import uPlot from 'uplot';
import type { Breach } from '../api/queries.ts';
import type { Lang } from '../text/index.ts';
import { axisLabels, stepsOf } from '../text/number.ts';
import { tickLabel, ticks, tickStep } from '../text/time.ts';
import { axisWidth, verticalRange, type Scale } from './axis.ts';
import type { Mark } from './marks.ts';

export interface Palette {
  series: string[];
  axis: string;
  grid: string;
  card: string;
  zoneWarning: string;
  zoneCritical: string;
  markWarning: string;
  markCritical: string;
  markEvent: string;
  font: string;
}

/** What is drawn besides the lines. */
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
}

const TICK_PX = 96;
const LANE_PX = 4;
const FLAG_PX = 9;
/** An integer, because uPlot only scales whole pixels. */
const FONT_PX = 12;
const LABEL_PX = 11;

export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: SERIES_COLOURS.map((_, index) => token(`--series-${index + 1}`)),
    axis: token('--mute'),
    grid: token('--line'),
    card: token('--card'),
    zoneWarning: token('--zone-warning'),
    zoneCritical: token('--zone-critical'),
    markWarning: token('--warning-line'),
    markCritical: token('--critical-line'),
    markEvent: token('--accent'),
    font: `${FONT_PX}px ${token('--font')}`,
  };
}

/** The palette as CSS variables; colours beyond it are computed. */
export const SERIES_COLOURS = [1, 2, 3, 4, 5, 6].map((n) => `var(--series-${n})`);

/** Cool hues only, even beyond the palette: warm ones are reserved for states. */
export const colourOf = (series: readonly string[], index: number): string =>
  series[index] ?? `hsl(${180 + ((index * 37) % 110)} 48% 56%)`;

/** Canvas text does not wait for fonts; without this, syllables of unloaded slices are boxes. */
export async function loadGlyphs(palette: Palette, text: string): Promise<void> {
  await document.fonts.load(palette.font, text);
}

/** Indices of points between gaps, which a line cannot show. */
function findLonePoints(u: uPlot, series: number): number[] {
  const values = u.data[series]!;
  const indices: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) indices.push(i);
  return indices;
}

function fadingFill(colour: string) {
  return (u: uPlot): CanvasGradient | string => {
    const { top, height } = u.bbox;
    if (!Number.isFinite(top) || !(height > 0)) return 'transparent';
    const fill = u.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, `color-mix(in srgb, ${colour} 24%, transparent)`);
    fill.addColorStop(1, `color-mix(in srgb, ${colour} 3%, transparent)`);
    return fill;
  };
}

function drawClipped(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  draw(u.ctx);
  u.ctx.restore();
}

/** Tint the breaches that lasted for the alert duration, behind the lines. */
function drawBreachZones(u: uPlot, about: Subject, palette: Palette): void {
  const { top, height } = u.bbox;
  drawClipped(u, (ctx) => {
    for (const severity of ['warning', 'critical'] as const) {
      // A single path, so that overlapping breaches of several series do not add up.
      ctx.beginPath();
      for (const breach of about.breaches) {
        if (breach.severity !== severity) continue;
        const [from, to] = pixelsOf(u, breach, about.step);
        ctx.rect(from, top, to - from, height);
      }
      ctx.fillStyle = severity === 'critical' ? palette.zoneCritical : palette.zoneWarning;
      ctx.fill();
    }
  });
}

/** Extend by half a step on either side, so that a breach of one step is visible. */
function pixelsOf(u: uPlot, { start, end }: Breach, step: number): [from: number, to: number] {
  const from = u.valToPos(start - step / 2, 'x', true);
  const to = u.valToPos(end + step / 2, 'x', true);
  return [from, Math.max(from + 2 * uPlot.pxRatio, to)];
}

interface ThresholdLine {
  value: number | null;
  text: string;
  colour: string;
  /** Whether the label is above its line: critical labels are on the worse side, warnings opposite. */
  above: boolean;
}

function drawThreshold(u: uPlot, line: ThresholdLine, palette: Palette): void {
  const { value, text, colour, above } = line;
  if (value === null) return;
  const { left, top, width, height } = u.bbox;
  const y = Math.round(u.valToPos(value, 'y', true));
  if (y < top || y > top + height) return;
  const ratio = uPlot.pxRatio;
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = ratio;
  ctx.setLineDash([5 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(left + width, y);
  ctx.stroke();
  ctx.restore();
  const over = above ? y - top > 12 * ratio : top + height - y < 14 * ratio;
  drawLabel(u, text, colour, palette, { y, over });
}

/** Name the thresholds that are above the vertical range at its upper edge. */
function drawThresholdsOutOfReach(u: uPlot, lines: ThresholdLine[], palette: Palette): void {
  const { top } = u.bbox;
  const beyond = lines.filter(
    ({ value }) => value !== null && Math.round(u.valToPos(value, 'y', true)) < top,
  );
  if (beyond.length === 0) return;
  const text = `↑ ${beyond.map((line) => line.text).join(' · ')}`;
  drawLabel(u, text, beyond[0]!.colour, palette, { y: top, over: false });
}

/** A label at the right end of a line at `y`, over it or below. */
function drawLabel(
  u: uPlot, text: string, colour: string, palette: Palette, { y, over }: { y: number; over: boolean },
): void {
  const { left, width } = u.bbox;
  const ratio = uPlot.pxRatio;
  const { ctx } = u;
  ctx.save();
  ctx.font = palette.font.replace(/^[\d.]+/, String(LABEL_PX * ratio));
  ctx.textAlign = 'right';
  ctx.textBaseline = over ? 'bottom' : 'top';
  const at = over ? y - 1.5 * ratio : y + 3 * ratio;
  const right = left + width - 4 * ratio;
  const wide = ctx.measureText(text).width;
  const tall = 13 * ratio;
  ctx.globalAlpha = 0.82;
  ctx.fillStyle = palette.card;
  ctx.beginPath();
  ctx.roundRect(right - wide - 3 * ratio, over ? at - tall : at - ratio, wide + 6 * ratio, tall, 3 * ratio);
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, right, at);
  ctx.restore();
}

function thresholdLines(about: Subject, palette: Palette): ThresholdLine[] {
  const { thresholds, direction } = about;
  if (thresholds === null) return [];
  const { warning, critical } = thresholds;
  const above = direction !== 'lower_is_worse';
  return [
    { value: warning, text: about.warningText, colour: palette.markWarning, above: !above },
    { value: critical, text: about.criticalText, colour: palette.markCritical, above },
  ];
}

/** Draw a lane along the bottom: breaches are filled, pending ones outlined. */
function drawBreachLane(u: uPlot, about: Subject, palette: Palette): void {
  const ratio = uPlot.pxRatio;
  const thick = LANE_PX * ratio;
  const y = u.bbox.top + u.bbox.height - thick;
  drawClipped(u, (ctx) => {
    for (const breach of about.breaches) {
      const [from, to] = pixelsOf(u, breach, about.step);
      const { markCritical, markWarning } = palette;
      const colour = breach.severity === 'critical' ? markCritical : markWarning;
      ctx.fillStyle = ctx.strokeStyle = colour;
      ctx.lineWidth = ratio;
      if (breach.severity === 'pending') ctx.strokeRect(from, y + ratio / 2, to - from, thick - ratio);
      else ctx.fillRect(from, y, to - from, thick);
    }
  });
}

/** Mark moments with a thin line and a flag at the top: a diamond for events, a triangle else. */
function drawMarks(u: uPlot, about: Subject, palette: Palette): void {
  const { top, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  const size = FLAG_PX * ratio;
  drawClipped(u, (ctx) => {
    for (const { t, kind } of about.marks) {
      const x = Math.round(u.valToPos(t, 'x', true)) + 0.5;
      const colours = { event: palette.markEvent, warning: palette.markWarning, critical: palette.markCritical };
      ctx.strokeStyle = ctx.fillStyle = colours[kind];
      ctx.lineWidth = ratio;
      ctx.globalAlpha = 0.75;
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, top + size);
      ctx.lineTo(x, top + height);
      ctx.stroke();
      ctx.globalAlpha = 1;
      ctx.beginPath();
      if (kind === 'event') {
        ctx.moveTo(x, top);
        ctx.lineTo(x + size / 2, top + size / 2);
        ctx.lineTo(x, top + size);
        ctx.lineTo(x - size / 2, top + size / 2);
      } else {
        ctx.moveTo(x - size / 2, top);
        ctx.lineTo(x + size / 2, top);
        ctx.lineTo(x, top + size);
      }
      ctx.closePath();
      ctx.fill();
    }
  });
}

export interface Wiring {
  /** Read on every draw, so that new data needs no new chart. */
  about: () => Subject;
  palette: Palette;
  names: string[];
  width: number;
  height: number;
  oncursor: (index: number | null) => void;
  onselect: (from: number, to: number) => void;
  onreset: () => void;
  onwheel: (factor: number, at: number) => void;
}

const scaleOf = (about: Subject): Scale =>
  about.fitsValues ? { ...about, thresholds: null } : about;

export function optionsOf(wiring: Wiring): uPlot.Options {
  const { about, palette, names } = wiring;
  const step = (u: uPlot, from: number, to: number) =>
    tickStep(to - from, Math.max(2, Math.floor(u.width / TICK_PX)));
  const axis = { stroke: palette.axis, font: palette.font, grid: { stroke: palette.grid, width: 1 } };
  return {
    width: wiring.width,
    height: wiring.height,
    padding: [10, 10, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_u, low, high) => [...verticalRange(low, high, scaleOf(about()))] },
    },
    series: [
      {},
      ...names.map((label, index): uPlot.Series => {
        const stroke = colourOf(palette.series, index);
        return {
          label,
          stroke,
          width: names.length > 12 ? 1.1 : 1.6,
          spanGaps: false,
          points: { show: true, size: 4, fill: stroke, stroke, filter: (u, i) => findLonePoints(u, i) },
          ...(names.length === 1 ? { fill: fadingFill(stroke) } : {}),
        };
      }),
    ],
    axes: [
      {
        ...axis,
        size: 30,
        gap: 6,
        ticks: { show: false },
        splits: (u, _i, from, to) => ticks(from, to, step(u, from, to), about().zone),
        values: (u, splits) => {
          const { min, max } = u.scales['x']!;
          const { zone, lang } = about();
          return splits.map((t) => tickLabel(t, step(u, min!, max!), zone, lang));
        },
      },
      {
        ...axis,
        size: (u, values) => measureAxis(u, values, palette),
        gap: 6,
        space: 34,
        ticks: { show: false },
        incrs: (_u, _axis, _from, to) => stepsOf(about().unit, to),
        values: (_u, splits) => axisLabels(splits, about().unit, about().label, about().lang),
      },
    ],
    cursor: {
      sync: { key: 'page', scales: ['x', null], setSeries: false, filters: { pub: isMove } },
      focus: { prox: names.length > 1 ? 24 : -1 },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 2, stroke: palette.card },
      bind: { dblclick: () => () => (wiring.onreset(), null) },
    },
    focus: { alpha: 0.28 },
    hooks: {
      drawClear: [(u) => drawBreachZones(u, about(), palette)],
      draw: [
        (u) => {
          const now = about();
          const lines = thresholdLines(now, palette);
          lines.forEach((line) => drawThreshold(u, line, palette));
          drawThresholdsOutOfReach(u, lines, palette);
          drawBreachLane(u, now, palette);
          drawMarks(u, now, palette);
        },
      ],
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
    },
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

function listenToWheelAndTouch(u: uPlot, { onwheel }: Wiring): void {
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
  u.over.addEventListener('wheel', wheel, { passive: false });
  u.over.addEventListener('pointerdown', touch);
  u.over.addEventListener('pointermove', touch);
  u.over.style.touchAction = 'pan-y';
}
