import assert from 'node:assert/strict';
import { test } from 'node:test';
import uPlot from 'uplot';
import { optionsOf, type Palette, type Subject, type Wiring } from './plot.ts';

// Without a browser uPlot knows no pixels.
(uPlot as { pxRatio: number }).pxRatio = 1;

const PALETTE: Palette = {
  series: ['#001', '#002'], slate: 'slate', future: 'future', heat: 'heat', inkOf: (colour) => colour, axis: '#aaa', grid: '#bbb', card: '#fff', font: '12px sans-serif',
  markEvent: '#eee', zoneWarning: 'zone-w', zoneCritical: 'zone-c', markWarning: 'mark-w', markCritical: 'mark-c',
};
const SUBJECT: Subject = {
  unit: 'percent', label: '%', direction: 'higher_is_worse', fitsValues: false,
  thresholds: { warning: 70, critical: 85, for_s: 300, origin: 'specification' },
  breaches: [], marks: [], warningText: 'Warning 70%', criticalText: 'Critical 85%',
  zone: 'Asia/Seoul', lang: 'en', step: 10, now: 600, held: null, ahead: null, ghost: null,
  heat: [], heatRange: [0, 100], severityOf: () => null, words: null,
};

const wire = (about: Partial<Subject> = {}, change: Partial<Wiring> = {}): Wiring => ({
  about: () => ({ ...SUBJECT, ...about }), palette: PALETTE, names: ['a', 'b'], width: 600, height: 200,
  hasTimes: true, onaxis: (width) => width,
  styles: [{ colour: 0, width: 2.4 }, { colour: null, width: 1.3 }], ondraw: () => undefined, onclick: () => undefined,
  oncursor: () => undefined, onselect: () => undefined, onreset: () => undefined,
  onwheel: () => undefined, ...change,
});

/** A chart of 600 x 200 pixels that shows 0 to 600 s and 0 to 100; notes what is drawn on it. */
function fakePlot() {
  const drawn: { call: string; colour: string; box: number[] }[] = [];
  const texts: string[] = [];
  const path: number[][] = [];
  const ctx = new Proxy({} as Record<string, unknown>, {
    get(state, name: string) {
      if (name === 'measureText') return (text: string) => ({ width: text.length * 6 });
      if (name === 'fillText') return (text: string) => texts.push(text);
      if (name === 'beginPath') return () => (path.length = 0);
      if (name === 'rect') return (...box: number[]) => path.push(box);
      if (name === 'fill')
        return () => drawn.push(...path.map((box) => ({ call: name, colour: String(state['fillStyle']), box })));
      if (name === 'stroke')
        return () => drawn.push({ call: name, colour: String(state['strokeStyle']), box: [] });
      if (name === 'fillRect' || name === 'strokeRect')
        return (...box: number[]) => drawn.push({ call: name, colour: String(state['fillStyle']), box });
      return name in state ? state[name] : () => undefined;
    },
    set: (state, name: string, value) => ((state[name] = value), true),
  });
  const plot = {
    ctx, width: 600, bbox: { left: 0, top: 0, width: 600, height: 200 }, series: [{}, { label: 'a' }, { label: 'b' }],
    data: [[0, 10, 20, 30], [1, null, 3, 4]],
    scales: { x: { min: 0, max: 600 } },
    valToPos: (v: number, axis: string) => (axis === 'x' ? v : 200 - 2 * v),
    posToVal: (px: number) => px,
    cursor: { idx: 2 }, select: { left: 100, width: 200 },
    setSelect: () => undefined,
  };
  return { plot: plot as unknown as uPlot, drawn, texts };
}

const run = <T extends unknown[]>(hooks: ((u: uPlot, ...rest: T) => void)[] | undefined, u: uPlot) =>
  hooks?.forEach((hook) => hook(u, ...([] as unknown as T)));

const BREACHES: Subject['breaches'] = [
  { start: 100, end: 200, severity: 'warning', open: false, peak: 75, peak_t: 150 },
  { start: 300, end: 300, severity: 'critical', open: false, peak: 90, peak_t: 300 },
  { start: 500, end: 600, severity: 'pending', open: true, peak: 72, peak_t: 600 },
];

test('breaches are zones behind the lines; pending is not yet one', () => {
  const { plot, drawn } = fakePlot();
  run(optionsOf(wire({ breaches: BREACHES })).hooks?.drawClear as never, plot);
  assert.deepEqual(drawn, [
    { call: 'fill', colour: 'zone-w', box: [95, 0, 110, 200] },
    { call: 'fill', colour: 'zone-c', box: [295, 0, 10, 200] },
  ]);
});

test('what is expected is a band, a dashed line, and a dot where a threshold is reached', () => {
  const { plot, drawn, texts } = fakePlot();
  const ahead: Subject['ahead'] = {
    t: [400, 500, 600], median: [50, 60, 70], low: [40, 50, 60], high: [60, 70, 80], colour: 1,
    crossing: { t: 600, earliest: 500, latest: 700, threshold: 70, severity: 'warning', text: '70% on 1 Dec' },
  };
  run(optionsOf(wire({ ahead, now: 300, thresholds: null })).hooks?.draw as never, plot);
  assert.deepEqual(drawn.filter(({ call }) => call === 'stroke').slice(0, 3).map(({ colour }) => colour), [
    '#002', 'mark-w', 'mark-w',
  ]);
  assert.deepEqual(texts, ['70% on 1 Dec']);
});

test('the future is tinted under everything', () => {
  const { plot, drawn } = fakePlot();
  run(optionsOf(wire({ now: 450 })).hooks?.drawClear as never, plot);
  assert.deepEqual(drawn[0], { call: 'fillRect', colour: 'future', box: [450, 0, 150, 200] });
});

test('many series are rows of cells, with the colour of what they reach', () => {
  const { plot, drawn } = fakePlot();
  const severityOf = (value: number) => (value >= 4 ? 'critical' as const : null);
  const options = optionsOf(wire({ heat: [0], severityOf }));
  run(options.hooks?.drawClear as never, plot);
  assert.deepEqual(drawn.map(({ colour, box }) => [colour, box[0]]), [['heat', 0], ['heat', 20], ['mark-c', 30]]);
  assert.equal(options.axes![1]!.show, false);
  assert.equal((options.series[1]!.paths as () => unknown)(), null);
});

test('the rows of a heat map have their names, of as many as fit', () => {
  const { plot, texts } = fakePlot();
  const rows = Array.from({ length: 40 }, () => 0);
  const nameRows = (heat: number[]) => {
    texts.length = 0;
    run(optionsOf(wire({ heat, thresholds: null })).hooks?.draw as never, plot);
    return texts.length;
  };
  assert.equal(nameRows([0]), 1);
  assert.ok(nameRows(rows) < 20);
});

test('marks have the colour of their kind, and a line down to the axis', () => {
  const { plot, drawn } = fakePlot();
  const marks = [
    { t: 100, text: 'v2', kind: 'event' }, { t: 300, text: '#1', kind: 'critical' }, { t: 400, text: '#2', kind: 'warning' },
  ] as const;
  run(optionsOf(wire({ marks, thresholds: null })).hooks?.draw as never, plot);
  assert.deepEqual(drawn.filter(({ call }) => call === 'stroke').map(({ colour }) => colour), ['#eee', 'mark-c', 'mark-w', '#aaa']);
});

test('thresholds carry their words, those above the range at its edge', () => {
  const { plot, texts } = fakePlot();
  run(optionsOf(wire()).hooks?.draw as never, plot);
  assert.deepEqual(texts, ['Warning 70%', 'Critical 85%']);
  texts.length = 0;
  const high = { warning: 90, critical: 150, for_s: 0, origin: 'site' } as const;
  run(optionsOf(wire({ thresholds: high })).hooks?.draw as never, plot);
  assert.deepEqual(texts, ['Warning 70%', '↑ Critical 85%']);
  texts.length = 0;
  run(optionsOf(wire({ thresholds: { ...high, warning: 120 } })).hooks?.draw as never, plot);
  assert.deepEqual(texts, ['↑ Warning 70% · Critical 85%']);
});

test('the range leaves the thresholds out where it fits the values', () => {
  const rangeOf = (about: Partial<Subject>) => {
    const { range } = optionsOf(wire(about)).scales!['y']!;
    return (range as unknown as (u: uPlot, low: number, high: number) => number[])(fakePlot().plot, 1, 10);
  };
  const near = { warning: 20, critical: 25, for_s: 0, origin: 'site' } as const;
  assert.deepEqual(rangeOf({ thresholds: near }).map(Math.round), [0, 27]);
  assert.deepEqual(rangeOf({ thresholds: near, fitsValues: true }).map(Math.round), [0, 11]);
});

test('a drag selects a period, a slip of the mouse does not', () => {
  const selected: number[][] = [];
  const options = optionsOf(wire({}, { onselect: (...period) => selected.push(period) }));
  const { plot } = fakePlot();
  run(options.hooks?.setSelect as never, plot);
  plot.select.width = 3;
  run(options.hooks?.setSelect as never, plot);
  assert.deepEqual(selected, [[100, 300]]);
});

test('points between gaps are drawn as points', () => {
  const { plot } = fakePlot();
  const [, line] = optionsOf(wire()).series;
  const filter = line?.points?.filter as (u: uPlot, series: number) => number[];
  assert.deepEqual(filter(plot, 1), [0]);
});

test('the line in question is wide, one that does not stand out is slate', () => {
  const [, first, second] = optionsOf(wire()).series;
  assert.deepEqual([first!.width, first!.stroke], [2.4, '#001']);
  assert.deepEqual([second!.width, second!.stroke], [1.3, 'slate']);
});

test('the cursor reports its step', () => {
  const steps: (number | null)[] = [];
  const { plot } = fakePlot();
  run(optionsOf(wire({}, { oncursor: (step) => steps.push(step) })).hooks?.setCursor as never, plot);
  assert.deepEqual(steps, [2]);
});

test('an axis of two values has words', () => {
  const [, y] = optionsOf(wire({ words: ['down', 'up'] })).axes!;
  const values = y!.values as (u: uPlot, splits: number[]) => string[];
  assert.deepEqual(values(fakePlot().plot, [0, 1]), ['down', 'up']);
});

test('both axes are labelled in the words of the reader', () => {
  const [x, y] = optionsOf(wire()).axes!;
  const { plot } = fakePlot();
  const labels = (axis: uPlot.Axis, splits: number[]) =>
    (axis.values as (u: uPlot, splits: number[]) => string[])(plot, splits);
  assert.deepEqual(labels(y!, [0, 50, 100]), ['0', '50%', '100%']);
  assert.deepEqual(labels(x!, [0, 300]), ['09:00', '09:05']);
  const size = y!.size as (u: uPlot, values: string[]) => number;
  assert.ok(size(plot, ['1,000 MiB/s']) > size(plot, ['50%']));
});
