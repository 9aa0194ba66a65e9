/** What the pages of a month derive from the documents of the server. */

import type { Shape } from '../overview/groups.ts';
import type { MonthCheck, MonthDay, MonthRow, ReportDetail, ReportFile } from '../../api/queries.ts';

/** The mark of a line of the sheet. */
export function shapeOfResult(result: MonthRow['result']): Shape {
  return ({ met: 'ok', minimum: 'warning', missed: 'critical', not_entered: 'noData' } as const)[result];
}

/** The mark of a thing to check before a month is handed in. */
export function shapeOfCheck(state: MonthCheck['state']): Shape {
  return ({ ok: 'ok', open: 'noData', bad: 'critical' } as const)[state];
}

/** The days in weeks that begin on Monday; null before the first and after the last day. */
export function weeksOf(days: readonly MonthDay[]): (MonthDay | null)[][] {
  const [first] = days;
  if (first === undefined) return [];
  const lead = (new Date(`${first.day}T00:00:00Z`).getUTCDay() + 6) % 7;
  const cells: (MonthDay | null)[] = [...Array<null>(lead).fill(null), ...days];
  while (cells.length % 7 !== 0) cells.push(null);
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7));
}

export const FORMATS = ['hwpx', 'pdf', 'xlsx', 'html'] as const;

/** The files of the last issue that people read, in the reader's language where there is one. */
export function downloadsOf(report: ReportDetail, lang: string): ReportFile[] {
  const files = report.issues[0]?.files ?? [];
  return FORMATS.flatMap((format) => {
    const found = files.filter((file) => file.format === format);
    return found.find((file) => file.lang === lang) ?? found[0] ?? [];
  });
}

/** The month of a moment in a zone: `2027-01`. */
export const monthOf = (t: number, zone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, year: 'numeric', month: '2-digit' }).format(t * 1000);

/** The number that a person types, which may have commas; null where it is none. */
export function parseNumber(text: string): number | null {
  const plain = text.trim().replaceAll(',', '');
  return /^[+-]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}
