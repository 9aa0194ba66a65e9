/** Values with their units, written by the rules of the server's own texts. */

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const KIBI = 1024;
const SIGNIFICANT = 3;
const MOST_PLACES = 4;
const SMALLEST = 10 ** -MOST_PLACES;
const SPACE = '\u00a0';

/** Units of time by the server's word for the second, which tells the language. */
const LONGER: Record<string, [minute: string, hour: string, day: string]> = {
  s: ['min', 'h', 'd'],
  초: ['분', '시간', '일'],
};

interface Scale {
  factor: number;
  label: string;
}

const made = new Map<number, Intl.NumberFormat>();

function fixed(value: number, places: number): string {
  let format = made.get(places);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
    });
    made.set(places, format);
  }
  return format.format(value);
}

const isBinary = (unit: string): boolean =>
  unit === 'bytes' || unit === 'bytes_per_second';

/** The scale in which a value of this size is said. */
function scaleOf(size: number, unit: string, label: string): Scale {
  if (isBinary(unit)) {
    let power = 0;
    // 1023.96 KiB would be written "1,024 KiB", so the step comes a little before 1024.
    while (size / KIBI ** power >= KIBI - 0.5 && power < BINARY.length - 1) power += 1;
    return { factor: KIBI ** power, label: `${BINARY[power]}${label}` };
  }
  if (unit === 'seconds' && size > 0) return secondsScale(size, label);
  return { factor: 1, label };
}

function secondsScale(size: number, label: string): Scale {
  const [minute, hour, day] = LONGER[label] ?? LONGER['s']!;
  if (size < 0.0009995) return { factor: 1e-6, label: 'µs' };
  if (size < 0.9995) return { factor: 0.001, label: 'ms' };
  if (size < 120) return { factor: 1, label };
  if (size < 7200) return { factor: 60, label: minute };
  if (size < 172_800) return { factor: 3600, label: hour };
  return { factor: 86_400, label: day };
}

/** Three significant digits; what is written exactly with fewer gets fewer. */
function digits(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < SMALLEST) return value > 0 ? `<${SMALLEST}` : `>-${SMALLEST}`;
  const rounded = Math.abs(Number(value.toPrecision(SIGNIFICANT)));
  const places = SIGNIFICANT - 1 - Math.floor(Math.log10(rounded));
  const text = fixed(value, Math.min(Math.max(places, 0), MOST_PLACES));
  if (!text.includes('.')) return text;
  const bare = text.replace(/\.?0+$/, '');
  return Number(bare.replaceAll(',', '')) === value ? bare : text;
}

/** Korean units stand close to the number, symbols after a space. */
const joined = (number: string, label: string): string =>
  `${number}${label === '' || /^[가-힣]/.test(label) ? '' : SPACE}${label}`;

/** 54.2 %, 1.5 GiB, 830 ms; – where there is none. */
export function said(value: number | null, unit: string, label: string): string {
  if (value === null) return '–';
  const scale = scaleOf(Math.abs(value), unit, label);
  return joined(digits(value / scale.factor), scale.label);
}

/** Labels of an axis: one scale and the same places for all. */
export function axisLabels(splits: number[], unit: string, label: string): string[] {
  const size = Math.max(...splits.map(Math.abs));
  const scale = scaleOf(size, unit, label);
  const step = Math.abs((splits[1] ?? size) - (splits[0] ?? 0)) / scale.factor;
  const places = placesOf(step);
  return splits.map((v) =>
    v === 0 ? '0' : joined(fixed(v / scale.factor, places), scale.label),
  );
}

/** Decimal places that tell neighbours apart; steps are 1, 2, 2.5 or 5 times a power of ten. */
function placesOf(step: number): number {
  for (let places = 0; places < 6; places++)
    if (Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6) return places;
  return 6;
}

const BINARY_STEPS = Array.from({ length: 56 }, (_, power) => 2 ** power);
const DECIMAL_STEPS = Array.from({ length: 26 }, (_, i) => i - 8).flatMap((power) =>
  [1, 2, 2.5, 5].map((n) => n * 10 ** power),
);

/** Distances of an axis' ticks that give round labels: whole ones for what is counted. */
export function stepsOf(unit: string, top: number): number[] {
  if (isBinary(unit)) return BINARY_STEPS;
  return unit === 'count' && top >= 1 ? DECIMAL_STEPS.filter(Number.isInteger) : DECIMAL_STEPS;
}
