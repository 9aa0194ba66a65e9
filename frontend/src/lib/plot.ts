/** uPlot set up for one chart: scales, axes, thresholds, breach strip. Pure of any component. */

import uPlot from 'uplot';
import type { Zoom } from './address.ts';
import type { Direction, Thresholds } from './api.ts';
import type { Span } from './frame.ts';
import type { Lang } from './i18n.ts';
import { axisLabels, stepsOf } from './number.ts';
import { tickLabel, ticks, tickStep } from './time.ts';

export interface Look {
  series: string[];
  axis: string;
  grid: string;
  card: string;
  zoneWarning: string;
  zoneCritical: string;
  markWarning: string;
  markCritical: string;
  font: string;
}

export interface Subject {
  unit: string;
  label: string;
  direction: Direction;
  thresholds: Thresholds | null;
  /** False: the vertical range fits the values alone. */
  withThresholds: boolean;
  breaches: Span[];
  /** The limits' names with their values, drawn beside their lines. */
  warningText: string;
  criticalText: string;
  zone: string;
  lang: Lang;
  step: number;
}

const TICK_PX = 84;
const STRIP_PX = 4;

export function lookOf(element: Element): Look {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    series: token('--series').split(/\s+/),
    axis: token('--mute'),
    grid: token('--grid'),
    card: token('--card'),
    zoneWarning: token('--zone-warning'),
    zoneCritical: token('--zone-critical'),
    markWarning: token('--mark-warning'),
    markCritical: token('--mark-critical'),
    font: `11.5px ${token('--font')}`,
  };
}

export const colourOf = (look: string[], index: number): string =>
  index < look.length ? look[index]! : `hsl(${(index * 47) % 360} 55% 55%)`;

/**
 * From 0 (or below, for negative values) to a little above the values and the thresholds. A ratio
 * that is bad when low lives near its top: it is shown from a little below its lowest limit.
 */
export function verticalRange(low: number | null, high: number | null, about: Subject): Zoom {
  const limits = about.withThresholds ? limitsOf(about.thresholds) : [];
  const percent = about.unit === 'percent' && (high ?? 0) <= 100;
  const top = Math.max(high ?? 0, ...limits) * 1.1;
  const cap = percent ? Math.min(100, top) : top;
  const least = Math.min(low ?? cap, ...limits);
  const near = percent && about.direction === 'lower_is_worse' && least > 40;
  const bottom = near ? least - (cap - least) * 0.5 : Math.min(0, (low ?? 0) * 1.08);
  if (cap > bottom) return [bottom, cap];
  return [bottom, bottom + (about.unit === 'percent' ? 100 : 1)];
}

const limitsOf = (thresholds: Thresholds | null): number[] =>
  [thresholds?.warning, thresholds?.critical].filter((v) => typeof v === 'number');

/** Points that stand alone between gaps: a line cannot show them. */
function lonely(u: uPlot, series: number): number[] {
  const values = u.data[series]!;
  const found: number[] = [];
  for (let i = 0; i < values.length; i++)
    if (values[i] != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  return found;
}

function softFill(colour: string) {
  return (u: uPlot): CanvasGradient | string => {
    const { top, height } = u.bbox;
    if (!Number.isFinite(top) || !(height > 0)) return 'transparent';
    const fill = u.ctx.createLinearGradient(0, top, 0, top + height);
    fill.addColorStop(0, `color-mix(in srgb, ${colour} 24%, transparent)`);
    fill.addColorStop(1, `color-mix(in srgb, ${colour} 3%, transparent)`);
    return fill;
  };
}

function clip(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  draw(u.ctx);
  u.ctx.restore();
}

function drawZones(u: uPlot, about: Subject, look: Look): void {
  const { thresholds, direction } = about;
  if (thresholds === null || direction === 'neutral') return;
  const { left, top, width, height } = u.bbox;
  const { warning, critical } = thresholds;
  const y = (v: number) => u.valToPos(v, 'y', true);
  const fill = (colour: string, from: number, to: number) => {
    u.ctx.fillStyle = colour;
    u.ctx.fillRect(left, from, width, to - from);
  };
  clip(u, () => {
    const far = direction === 'higher_is_worse' ? top : top + height;
    if (critical !== null) fill(look.zoneCritical, far, y(critical));
    if (warning !== null) fill(look.zoneWarning, critical === null ? far : y(critical), y(warning));
  });
}

interface Limit {
  value: number | null;
  text: string;
  colour: string;
  /** On which side of its line the text stands: the worse one for critical, so that they part. */
  above: boolean;
}

function drawLimit(u: uPlot, { value, text, colour, above }: Limit, look: Look): void {
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
  ctx.font = look.font.replace(/^[\d.]+/, String(10.5 * ratio));
  ctx.textAlign = 'right';
  const over = above ? y - top > 12 * ratio : top + height - y < 14 * ratio;
  ctx.textBaseline = over ? 'bottom' : 'top';
  const at = over ? y - 1.5 * ratio : y + 3 * ratio;
  const right = left + width - 4 * ratio;
  const wide = ctx.measureText(text).width;
  const tall = 13 * ratio;
  ctx.globalAlpha = 0.82;
  ctx.fillStyle = look.card;
  ctx.beginPath();
  ctx.roundRect(right - wide - 3 * ratio, over ? at - tall : at - ratio, wide + 6 * ratio, tall, 3 * ratio);
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, right, at);
  ctx.restore();
}

function limits({ thresholds, direction, ...about }: Subject, look: Look): Limit[] {
  if (thresholds === null) return [];
  const { warning, critical } = thresholds;
  const above = direction !== 'lower_is_worse';
  return [
    { value: warning, text: about.warningText, colour: look.markWarning, above: !above },
    { value: critical, text: about.criticalText, colour: look.markCritical, above },
  ];
}

/** A strip along the bottom where any line was beyond a threshold. */
function drawStrip(u: uPlot, about: Subject, look: Look): void {
  const { left, top, height, width } = u.bbox;
  const thick = STRIP_PX * uPlot.pxRatio;
  clip(u, (ctx) => {
    for (const { from, to, level } of about.breaches) {
      const start = u.valToPos(from - about.step / 2, 'x', true);
      const end = u.valToPos(to + about.step / 2, 'x', true);
      if (end < left || start > left + width) continue;
      ctx.fillStyle = level === 2 ? look.markCritical : look.markWarning;
      ctx.fillRect(start, top + height - thick, Math.max(uPlot.pxRatio * 2, end - start), thick);
    }
  });
}

export interface Wiring {
  /** Read when drawing, so that new data needs no new chart. */
  about: () => Subject;
  look: Look;
  names: string[];
  width: number;
  height: number;
  narrow: boolean;
  oncursor: (index: number | null) => void;
  onselect: (from: number, to: number) => void;
  onreset: () => void;
  onwheel: (factor: number, at: number) => void;
}

export function optionsOf(wiring: Wiring): uPlot.Options {
  const { about, look, names } = wiring;
  const step = (u: uPlot, from: number, to: number) =>
    tickStep(to - from, Math.max(2, Math.floor(u.width / TICK_PX)));
  const axis = { stroke: look.axis, font: look.font, grid: { stroke: look.grid, width: 1 } };
  return {
    width: wiring.width,
    height: wiring.height,
    padding: [10, 10, 0, 0],
    legend: { show: false },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_u, low, high) => [...verticalRange(low, high, about())] },
    },
    series: [
      {},
      ...names.map((label, index): uPlot.Series => {
        const stroke = colourOf(look.series, index);
        return {
          label,
          stroke,
          width: names.length > 12 ? 1.1 : 1.6,
          spanGaps: false,
          points: { show: true, size: 4, fill: stroke, stroke, filter: (u, i) => lonely(u, i) },
          ...(names.length === 1 ? { fill: softFill(stroke) } : {}),
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
        size: wiring.narrow ? 56 : 66,
        gap: 6,
        space: 34,
        ticks: { show: false },
        incrs: (_u, _axis, _from, to) => stepsOf(about().unit, to),
        values: (_u, splits) => axisLabels(splits, about().unit, about().label),
      },
    ],
    cursor: {
      sync: { key: 'page', scales: ['x', null], setSeries: false, filters: { pub: isMove } },
      focus: { prox: names.length > 1 ? 24 : -1 },
      drag: { x: true, y: false, setScale: false },
      points: { size: 7, width: 2, stroke: look.card },
      bind: { dblclick: () => () => (wiring.onreset(), null) },
    },
    focus: { alpha: 0.28 },
    hooks: {
      drawClear: [(u) => drawZones(u, about(), look)],
      draw: [
        (u) => {
          const now = about();
          limits(now, look).forEach((limit) => drawLimit(u, limit, look));
          drawStrip(u, now, look);
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
      ready: [(u) => listen(u, wiring)],
    },
  };
}

/** Only movement is shared among the charts; a drag belongs to its own. */
const isMove = (type: string): boolean => type === 'mousemove' || type === 'mouseleave';

function listen(u: uPlot, { onwheel }: Wiring): void {
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
