/** What a chart draws besides uPlot's axes, in the order of the layers. Independent of Svelte. */

import uPlot from 'uplot';
import type { Breach } from '../api/queries.ts';
import type { Mark } from './marks.ts';
import { levelsOf } from './axis.ts';
import type { Palette, Subject } from './plot.ts';

/** What is expected of a series after `now`, at times `t` in seconds UTC. */
export interface Ahead {
  t: readonly number[];
  median: readonly (number | null)[];
  low: readonly (number | null)[];
  high: readonly (number | null)[];
  /** The place of its line's colour in the palette. */
  colour: number;
  crossing: Crossing | null;
}

/** When a threshold is reached, with the ends of its 80% interval. */
export interface Crossing {
  t: number;
  earliest: number;
  latest: number;
  threshold: number;
  severity: 'warning' | 'critical';
  text: string;
}

/** The same series a week earlier, moved to now. */
export interface Ghost {
  t: readonly number[];
  values: readonly (number | null)[];
  colour: number;
}

const FLAG_PX = 9;
const LABEL_PX = 12;

export function drawClipped(u: uPlot, draw: (ctx: CanvasRenderingContext2D) => void): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.beginPath();
  u.ctx.rect(left, top, width, height);
  u.ctx.clip();
  draw(u.ctx);
  u.ctx.restore();
}

const xOf = (u: uPlot, t: number): number => u.valToPos(t, 'x', true);
const yOf = (u: uPlot, value: number): number => u.valToPos(value, 'y', true);

/** Tint what lies after now. */
export function drawFuture(u: uPlot, { now }: Subject, palette: Palette): void {
  const { left, top, width, height } = u.bbox;
  const from = Math.max(left, xOf(u, now));
  if (from >= left + width - uPlot.pxRatio) return;
  u.ctx.save();
  u.ctx.globalAlpha = 0.55;
  u.ctx.fillStyle = palette.future;
  u.ctx.fillRect(from, top, left + width - from, height);
  u.ctx.restore();
}

/** Tint the breaches that lasted for the alert duration, behind the lines. */
export function drawBreachZones(u: uPlot, about: Subject, palette: Palette): void {
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
  const from = xOf(u, start - step / 2);
  const to = xOf(u, end + step / 2);
  return [from, Math.max(from + 2 * uPlot.pxRatio, to)];
}

/** Draw last week's course dotted, under the lines. */
export function drawGhost(u: uPlot, { ghost }: Subject, palette: Palette): void {
  if (ghost === null) return;
  drawClipped(u, (ctx) => {
    ctx.strokeStyle = palette.series[ghost.colour] ?? palette.slate;
    ctx.globalAlpha = 0.6;
    ctx.lineWidth = 1.3 * uPlot.pxRatio;
    ctx.setLineDash([uPlot.pxRatio, 3 * uPlot.pxRatio]);
    tracePath(u, ghost.t, ghost.values);
    ctx.stroke();
  });
}

/** Trace a line; a missing value breaks it. */
function tracePath(u: uPlot, t: readonly number[], values: readonly (number | null)[]): void {
  let isOpen = false;
  u.ctx.beginPath();
  for (let i = 0; i < t.length; i++) {
    const value = values[i] ?? null;
    if (value !== null) u.ctx[isOpen ? 'lineTo' : 'moveTo'](xOf(u, t[i]!), yOf(u, value));
    isOpen = value !== null;
  }
}

/** Draw what is expected: its 80% interval as a band, the middle dashed. */
export function drawForecast(u: uPlot, { ahead }: Subject, palette: Palette): void {
  if (ahead === null) return;
  const known = ahead.t.map((_, i) => i).filter((i) => ahead.low[i] != null && ahead.high[i] != null);
  drawClipped(u, (ctx) => {
    ctx.strokeStyle = ctx.fillStyle = palette.series[ahead.colour] ?? palette.slate;
    ctx.beginPath();
    known.forEach((i) => ctx.lineTo(xOf(u, ahead.t[i]!), yOf(u, ahead.high[i]!)));
    known.toReversed().forEach((i) => ctx.lineTo(xOf(u, ahead.t[i]!), yOf(u, ahead.low[i]!)));
    ctx.globalAlpha = 0.16;
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.lineWidth = 2 * uPlot.pxRatio;
    ctx.setLineDash([4 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
    tracePath(u, ahead.t, ahead.median);
    ctx.stroke();
  });
}

interface ThresholdLine {
  value: number;
  text: string;
  colour: string;
}

function thresholdLines(about: Subject, palette: Palette): ThresholdLine[] {
  const { warning = null, critical = null } = about.thresholds ?? {};
  const lines = [
    { value: warning, text: about.warningText, colour: palette.markWarning },
    { value: critical, text: about.criticalText, colour: palette.markCritical },
  ];
  return lines.filter((line): line is ThresholdLine => line.value !== null);
}

/** Draw the thresholds dashed with their words; those out of sight stand at the edge with an arrow. */
export function drawThresholds(u: uPlot, about: Subject, palette: Palette): void {
  if (levelsOf(about.thresholds).length === 0) return;
  const { left, top, width, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  const isNamed = ({ text }: ThresholdLine) => text !== '';
  const beyond: { above: ThresholdLine[]; below: ThresholdLine[] } = { above: [], below: [] };
  for (const line of thresholdLines(about, palette)) {
    const y = Math.round(yOf(u, line.value));
    if (y < top) beyond.above.push(line);
    else if (y > top + height) beyond.below.push(line);
    else {
      u.ctx.save();
      u.ctx.strokeStyle = line.colour;
      u.ctx.lineWidth = ratio;
      u.ctx.setLineDash([5 * ratio, 4 * ratio]);
      u.ctx.beginPath();
      // A line of an odd width between two pixels would be a pale one of both.
      const middle = y + (ratio % 2) / 2;
      u.ctx.moveTo(left, middle);
      u.ctx.lineTo(left + width, middle);
      u.ctx.stroke();
      u.ctx.restore();
      if (isNamed(line)) drawLabel(u, line.text, palette.inkOf(line.colour), palette, left + 6 * ratio, y - 8 * ratio);
    }
  }
  const words = (lines: ThresholdLine[]) => lines.map(({ text }) => text).join(' · ');
  const ink = (lines: ThresholdLine[]) => palette.inkOf(lines[0]!.colour);
  const [above, below] = [beyond.above.filter(isNamed), beyond.below.filter(isNamed)];
  if (above.length > 0)
    drawLabel(u, `↑ ${words(above)}`, ink(above), palette, left + 6 * ratio, top + 8 * ratio);
  if (below.length > 0)
    drawLabel(u, `↓ ${words(below)}`, ink(below), palette, left + 6 * ratio, top + height - 9 * ratio);
}

/** A label on the card's colour, its middle at `y`; it is kept within the plot. */
function drawLabel(
  u: uPlot, text: string, colour: string, palette: Palette, x: number, y: number,
): void {
  const { left, top, width, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  const { ctx } = u;
  ctx.save();
  ctx.font = palette.font.replace(/^[\d.]+/, String(LABEL_PX * ratio));
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  const wide = ctx.measureText(text).width;
  const tall = 15 * ratio;
  const at = Math.max(left + 3 * ratio, Math.min(x, left + width - wide - 4 * ratio));
  const middle = Math.max(top + tall / 2, Math.min(y, top + height - tall / 2));
  ctx.globalAlpha = 0.82;
  ctx.fillStyle = palette.card;
  ctx.beginPath();
  ctx.roundRect(at - 3 * ratio, middle - tall / 2, wide + 6 * ratio, tall, 3 * ratio);
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.fillStyle = colour;
  ctx.fillText(text, at, middle + ratio);
  ctx.restore();
}

/** Mark moments with a thin line and a flag at the top: a diamond for events, a triangle else. */
export function drawMarks(u: uPlot, about: Subject, palette: Palette): void {
  const { top, height } = u.bbox;
  const ratio = uPlot.pxRatio;
  const size = FLAG_PX * ratio;
  const colours = { event: palette.markEvent, warning: palette.markWarning, critical: palette.markCritical };
  drawClipped(u, (ctx) => {
    for (const { t, kind } of about.marks) {
      const x = Math.round(xOf(u, t)) + 0.5;
      ctx.strokeStyle = ctx.fillStyle = colours[kind];
      ctx.lineWidth = ratio;
      ctx.globalAlpha = 0.75;
      ctx.setLineDash([2 * ratio, 3 * ratio]);
      ctx.beginPath();
      ctx.moveTo(x, top + size);
      ctx.lineTo(x, top + height);
      ctx.stroke();
      ctx.globalAlpha = 1;
      traceFlag(ctx, x, top, size, kind);
      ctx.fill();
    }
  });
}

function traceFlag(
  ctx: CanvasRenderingContext2D, x: number, top: number, size: number, kind: Mark['kind'],
): void {
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
}

/** Draw where a threshold is reached: a dot on its line, and the 80% interval as a whisker. */
export function drawCrossing(u: uPlot, about: Subject, palette: Palette): void {
  const crossing = about.ahead?.crossing;
  if (crossing == null) return;
  const { left, top, width } = u.bbox;
  const ratio = uPlot.pxRatio;
  const y = yOf(u, crossing.threshold);
  const right = left + width;
  const [from, at, to] = [crossing.earliest, crossing.t, crossing.latest].map((t) => xOf(u, t));
  if (from! > right || y < top) return;
  const colour = crossing.severity === 'critical' ? palette.markCritical : palette.markWarning;
  drawClipped(u, (ctx) => {
    ctx.strokeStyle = colour;
    ctx.lineWidth = 2 * ratio;
    ctx.beginPath();
    ctx.moveTo(from!, y);
    ctx.lineTo(to!, y);
    for (const end of [from!, to!]) {
      ctx.moveTo(end, y - 4 * ratio);
      ctx.lineTo(end, y + 4 * ratio);
    }
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(at!, y, 4.5 * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = palette.card;
    ctx.fill();
    ctx.stroke();
  });
  drawLabel(u, crossing.text, palette.inkOf(colour), palette, Math.min(at!, right), y - 18 * ratio);
}

/** Draw the moment that is held as a solid line. */
export function drawHeld(u: uPlot, { held, now }: Subject, palette: Palette): void {
  drawClipped(u, (ctx) => {
    ctx.strokeStyle = palette.axis;
    ctx.lineWidth = uPlot.pxRatio;
    for (const t of [held, now]) {
      if (t === null) continue;
      const x = Math.round(xOf(u, t)) + 0.5;
      ctx.beginPath();
      ctx.moveTo(x, u.bbox.top);
      ctx.lineTo(x, u.bbox.top + u.bbox.height);
      ctx.stroke();
    }
  });
}

/** Write the names of a heat map's rows at their left: of so many as there is room for. */
export function drawRowNames(u: uPlot, { heat }: Subject, palette: Palette): void {
  const { left, top, height } = u.bbox;
  const tall = height / Math.max(heat.length, 1);
  const every = Math.ceil((LABEL_PX * 1.2 * uPlot.pxRatio) / tall);
  const room = left - 8 * uPlot.pxRatio;
  u.ctx.save();
  u.ctx.font = palette.font.replace(/^[\d.]+/, String(LABEL_PX * uPlot.pxRatio));
  u.ctx.fillStyle = palette.axis;
  u.ctx.textAlign = 'right';
  u.ctx.textBaseline = 'middle';
  heat.forEach((row, place) => {
    if (place % every !== 0) return;
    const name = String(u.series[row + 1]?.label ?? '');
    u.ctx.fillText(shorten(u.ctx, name, room), left - 6 * uPlot.pxRatio, top + (place + 0.5) * tall);
  });
  u.ctx.restore();
}

/** The text, or as much of its beginning as fits with an ellipsis. */
function shorten(ctx: CanvasRenderingContext2D, text: string, width: number): string {
  let end = text.length;
  while (end > 0 && ctx.measureText(end < text.length ? `${text.slice(0, end)}…` : text).width > width) end--;
  return end < text.length ? `${text.slice(0, end)}…` : text;
}

/** Draw series as rows of cells, the darker the higher; what is beyond a threshold has its colour. */
export function drawHeat(u: uPlot, about: Subject, palette: Palette): void {
  const rows = about.heat;
  const [low, high] = about.heatRange;
  const { top, height } = u.bbox;
  const [t, ...columns] = u.data as unknown as [number[], ...(number | null)[][]];
  const { min, max } = u.scales['x']!;
  const tall = height / Math.max(rows.length, 1);
  drawClipped(u, (ctx) => {
    for (let i = 0; i < t.length; i++) {
      const next = t[i + 1] ?? t[i]! + about.step;
      if (next < min! || t[i]! > max!) continue;
      const from = Math.round(xOf(u, t[i]!));
      const wide = Math.max(1, Math.round(xOf(u, Math.min(next, t[i]! + 2 * about.step))) - from);
      rows.forEach((row, place) => {
        const value = columns[row]?.[i] ?? null;
        if (value === null) return;
        const severity = about.severityOf(value);
        const colours = { warning: palette.markWarning, critical: palette.markCritical };
        ctx.fillStyle = severity === null ? palette.heat : colours[severity];
        ctx.globalAlpha = 0.08 + 0.92 * Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
        ctx.fillRect(from, top + place * tall, wide, Math.max(1, tall - (tall > 6 ? 1 : 0)));
      });
    }
  });
}
