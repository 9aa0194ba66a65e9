/** Formats values with units by the rules of the server (`jipyo.i18n`). */

import type { Lang } from './index.ts';
import { WORDS } from './words.ts';

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];
const KIBI = 1024;
const SIGNIFICANT = 3;
const MOST_PLACES = 4;
const LARGEST = 1e15;
const SMALLEST = 10 ** -MOST_PLACES;
const SPACE = '\u00a0';

/** In English these follow their number without a space; in Korean every unit does. */
const CLOSE_UNITS = /^[%×/]/;

interface Scale {
  factor: number;
  label: string;
}

const formats = new Map<number, Intl.NumberFormat>();

function formatFixed(value: number, places: number): string {
  let format = formats.get(places);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', {
      minimumFractionDigits: places,
      maximumFractionDigits: places,
      roundingMode: 'halfEven', // as Python rounds
    });
    formats.set(places, format);
  }
  return format.format(value);
}

const isBinary = (unit: string): boolean =>
  unit === 'bytes' || unit === 'bytes_per_second';

/** The unit in which a value of this size has few digits. */
function scaleOf(size: number, unit: string, label: string, lang: Lang): Scale {
  if (isBinary(unit)) {
    let power = 0;
    // 1023.96 KiB would be written "1,024 KiB", so the step comes a little before 1024.
    while (size / KIBI ** power >= KIBI - 0.5 && power < BINARY.length - 1) power += 1;
    return { factor: KIBI ** power, label: `${BINARY[power]}${label}` };
  }
  // Rounded first, so that 0.9999 s is "1 s" and not "1,000 ms".
  if (unit === 'seconds' && size > 0)
    return scaleOfSeconds(Number(size.toPrecision(SIGNIFICANT)), lang);
  return { factor: 1, label };
}

function scaleOfSeconds(size: number, lang: Lang): Scale {
  const { microsecond, millisecond, second, minute, hour, day } = WORDS[lang]['i18n.unit'];
  if (size < 0.001) return { factor: 1e-6, label: microsecond };
  if (size < 1) return { factor: 0.001, label: millisecond };
  if (size < 120) return { factor: 1, label: second };
  if (size < 7200) return { factor: 60, label: minute };
  if (size < 172_800) return { factor: 3600, label: hour };
  return { factor: 86_400, label: day };
}

/** Three significant digits, or fewer where fewer are exact. */
function formatDigits(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) < SMALLEST) return value > 0 ? `<${SMALLEST}` : `>-${SMALLEST}`;
  if (Math.abs(value) >= LARGEST)
    return value.toExponential(SIGNIFICANT - 1).replace(/\.?0*e/, 'e');
  const rounded = Math.abs(Number(value.toPrecision(SIGNIFICANT)));
  const places = SIGNIFICANT - 1 - Math.floor(Math.log10(rounded));
  const text = formatFixed(value, Math.min(Math.max(places, 0), MOST_PLACES));
  if (!text.includes('.')) return text;
  const shorter = text.replace(/\.?0+$/, '');
  return Number(shorter.replaceAll(',', '')) === value ? shorter : text;
}

/** Korean joins number and unit; English keeps a space except before % and the like. */
export function joinUnit(number: string, label: string, lang: Lang): string {
  const close = lang === 'ko' || label === '' || CLOSE_UNITS.test(label);
  return `${number}${close ? '' : SPACE}${label}`;
}

/** day for days, packet/s for packets/s; other labels have no plural. */
const singularOf = (label: string): string => label.replace(/^(\w{2,})s(?=$|\/)/, '$1');

/** 54.2%, 1.5 GiB (1.5GiB in Korean), 830 ms; a dash for null. */
export function formatValue(value: number | null, unit: string, label: string, lang: Lang): string {
  if (value === null) return '–';
  const scale = scaleOf(Math.abs(value), unit, label, lang);
  const unitLabel = lang === 'en' && value === 1 ? singularOf(scale.label) : scale.label;
  return joinUnit(formatDigits(value / scale.factor), unitLabel, lang);
}

/** The two largest units of a length of time: 1시간 30분, 1 h 30 min. */
export function formatSpan(seconds: number, lang: Lang): string {
  const { second, minute, hour, day } = WORDS[lang]['i18n.unit'];
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), day],
    [Math.floor((whole % 86_400) / 3600), hour],
    [Math.floor((whole % 3600) / 60), minute],
    [whole % 60, second],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return joinUnit('0', second, lang);
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => joinUnit(String(n), unit, lang))
    .join(' ');
}

/** Labels of an axis: one scale and the same decimals for all; 0 has no unit. */
export function axisLabels(splits: number[], unit: string, label: string, lang: Lang): string[] {
  const size = Math.max(...splits.map(Math.abs));
  const scale = scaleOf(size, unit, label, lang);
  const step = Math.abs((splits[1] ?? size) - (splits[0] ?? 0)) / scale.factor;
  const places = placesOf(step);
  return splits.map((v) =>
    v === 0 ? '0' : joinUnit(formatFixed(v / scale.factor, places), scale.label, lang),
  );
}

/** Decimals needed to distinguish neighbours; steps are 1, 2, 2.5 or 5 times a power of ten. */
function placesOf(step: number): number {
  for (let places = 0; places < 6; places++)
    if (Math.abs(step * 10 ** places - Math.round(step * 10 ** places)) < 1e-6) return places;
  return 6;
}

const BINARY_STEPS = Array.from({ length: 56 }, (_, power) => 2 ** power);
const DECIMAL_STEPS = Array.from({ length: 26 }, (_, i) => i - 8).flatMap((power) =>
  [1, 2, 2.5, 5].map((n) => n * 10 ** power),
);

/** Axes of two minutes and more step by clock units: 15 s, 1 min, 5 min, 1 h, 1 d. */
const CLOCK_STEPS = [
  15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** Tick distances with round labels: whole for counts, powers of two for bytes. */
export function stepsOf(unit: string, top: number): number[] {
  if (isBinary(unit)) return BINARY_STEPS;
  if (unit === 'seconds' && top >= 120)
    return [...CLOCK_STEPS, ...[1, 2, 5, 10, 20, 50, 100, 200, 500].map((n) => n * 30 * 86_400)];
  return unit === 'count' && top >= 1 ? DECIMAL_STEPS.filter(Number.isInteger) : DECIMAL_STEPS;
}

/** Split a text such as 54.2% into number and unit; other texts have no unit. */
export function splitUnit(text: string): [number: string, unit: string] {
  const [, number, unit] = /^([<>]?-?[\d.,]+)\s*(.*)$/.exec(text) ?? [];
  return number === undefined ? [text, ''] : [number, unit ?? ''];
}
