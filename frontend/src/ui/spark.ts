/** The geometry of small charts: calm series look calm, and no peak is lost. */

export interface SparkOptions {
  width: number;
  height: number;
  threshold: number | null;
  /** The least distance from bottom to top, in the values' unit. */
  least: number;
  fromZero: boolean;
}

export interface SparkShape {
  /** The line as SVG path; gaps interrupt it. */
  line: string;
  /** The area below it. */
  area: string;
  /** Values without neighbours. */
  dots: [x: number, y: number][];
  /** The threshold's height; null if it is out of reach. */
  thresholdY: number | null;
}

type Point = [index: number, value: number];

const MARGIN = 3;
/** A threshold beyond this many times the highest value is left out. */
const REACH = 2.9;

/** The lowest and highest value of each column of pixels, in their order, by unbroken run. */
export function thinRuns(values: readonly (number | null)[], columns: number): Point[][] {
  const runs: Point[][] = [];
  let run: Point[] = [];
  const size = Math.max(1, values.length / columns);
  for (let start = 0; start < values.length; start += size) {
    const column: Point[] = [];
    for (let i = Math.ceil(start); i < Math.min(values.length, start + size); i++) {
      const value = values[i];
      if (value != null) column.push([i, value]);
    }
    if (column.length === 0) {
      if (run.length > 0) runs.push(run);
      run = [];
    }
    run.push(...extremes(column));
  }
  return run.length > 0 ? [...runs, run] : runs;
}

function extremes(column: readonly Point[]): Point[] {
  if (column.length <= 2) return [...column];
  const sorted = column.toSorted((a, b) => a[1] - b[1]);
  const ends = [sorted[0]!, sorted[sorted.length - 1]!];
  return ends.sort((a, b) => a[0] - b[0]);
}

/** The range of values from bottom to top. */
function rangeOf(points: readonly Point[], { threshold, least, fromZero }: SparkOptions): [number, number] {
  const all = points.map(([, value]) => value);
  const lowest = Math.min(...all);
  const highest = Math.max(...all);
  const near = threshold !== null && threshold < highest * REACH ? threshold : highest;
  const low = fromZero ? Math.min(0, lowest) : Math.min(lowest, near);
  const high = Math.max(highest, near);
  const room = Math.max(0, least - (high - low));
  if (fromZero) return [low, high + room];
  return [low - room / 2, high + room / 2];
}

/** Lay out values, null where there is none; null if there are none at all. */
export function layOutSpark(
  values: readonly (number | null)[], options: SparkOptions,
): SparkShape | null {
  const { width, height, threshold } = options;
  const runs = thinRuns(values, width);
  const points = runs.flat();
  if (points.length === 0) return null;
  const [low, high] = rangeOf(points, options);
  const x = (i: number) => round(values.length < 2 ? width / 2 : (i / (values.length - 1)) * width);
  const y = (v: number) =>
    round(height - MARGIN - ((v - low) / (high - low || 1)) * (height - 2 * MARGIN));
  const path = (run: Point[]) => run.map(([i, v], n) => `${n === 0 ? 'M' : 'L'}${x(i)} ${y(v)}`).join('');
  const lines = runs.filter((run) => run.length > 1);
  const isNear = threshold !== null && threshold >= low && threshold <= high;
  return {
    line: lines.map(path).join(''),
    area: lines
      .map((run) => `${path(run)}L${x(run[run.length - 1]![0])} ${height}L${x(run[0]![0])} ${height}Z`)
      .join(''),
    dots: runs.filter((run) => run.length === 1).map(([point]) => [x(point![0]), y(point![1])]),
    thresholdY: isNear ? y(threshold) : null,
  };
}

const round = (value: number) => Math.round(value * 10) / 10;
