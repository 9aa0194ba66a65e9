/** Values with their units, scaled so that three or four digits tell them. */

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const SPACE = '\u00a0';

interface Scale {
  factor: number;
  label: string;
}

const digits = new Map<number, Intl.NumberFormat>();

function fixed(value: number, places: number): string {
  let format = digits.get(places);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    });
    digits.set(places, format);
  }
  return format.format(value);
}

const isBinary = (unit: string) => unit === 'bytes' || unit === 'bytes_per_second';

/** The scale in which a value of this size is said. */
function scaleOf(size: number, unit: string, label: string): Scale {
  if (isBinary(unit)) {
    let power = 0;
    while (size >= 1024 ** (power + 1) && power < BINARY.length - 1) power += 1;
    return { factor: 1024 ** power, label: `${BINARY[power]}${label}` };
  }
  if (unit === 'seconds' && size > 0) {
    if (size < 0.001) return { factor: 1e-6, label: 'µs' };
    if (size < 1) return { factor: 0.001, label: 'ms' };
  }
  return { factor: 1, label };
}

/** Decimal places that leave about three digits. */
function placesOf(size: number): number {
  if (size === 0 || size >= 100) return 0;
  if (size >= 1) return 1;
  return size >= 0.1 ? 2 : 3;
}

const joined = (number: string, label: string) =>
  label === '' ? number : `${number}${SPACE}${label}`;

/** 54.2 %, 1.5 GiB, 830 ms; – where there is none. */
export function said(value: number | null, unit: string, label: string): string {
  if (value === null) return '–';
  const scale = scaleOf(Math.abs(value), unit, label);
  const scaled = value / scale.factor;
  const whole = Number.isInteger(scaled) && unit !== 'percent';
  return joined(fixed(scaled, whole ? 0 : placesOf(Math.abs(scaled))), scale.label);
}

/** Labels of an axis: one scale and the same places for all. */
export function axisLabels(splits: number[], unit: string, label: string): string[] {
  const size = Math.max(...splits.map(Math.abs));
  const scale = scaleOf(size, unit, label);
  const step = Math.abs((splits[1] ?? size) - (splits[0] ?? 0)) / scale.factor;
  const places = step === 0 ? 0 : Math.max(0, Math.min(6, -Math.floor(Math.log10(step) + 1e-9)));
  const exact = Number.isInteger(step) ? 0 : places + (isHalf(step, places) ? 0 : 1);
  return splits.map((v) => (v === 0 ? '0' : joined(fixed(v / scale.factor, exact), scale.label)));
}

const isHalf = (step: number, places: number) =>
  Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6;

/** Distances of ticks for bytes, so that the labels are round. */
export const BINARY_STEPS = Array.from({ length: 56 }, (_, power) => 2 ** power);

export { isBinary };
