/** What the pages of reports derive from the documents of the server. */

import type { ReportBuild, ReportFile, State } from '../../api/queries.ts';

const STATES: readonly State[] = ['ok', 'pending', 'warning', 'critical', 'unknown'];

/** The mark of a report's state; a state that this page does not know is unknown. */
export function shapeOfState(state: string): State {
  return STATES.find((one) => one === state) ?? 'unknown';
}

/** The page that can be shown in the reader's language, else in the other one. */
export function previewOf(files: readonly ReportFile[], lang: string): ReportFile | undefined {
  const pages = files.filter((file) => file.format === 'html');
  return pages.find((file) => file.lang === lang) ?? pages[0];
}

/** What people read first; then what the figures can be checked with. */
export function sortFiles(files: readonly ReportFile[]): ReportFile[] {
  return [...files].sort((a, b) => Number(a.format === '') - Number(b.format === ''));
}

/** Whether anything is still being made. */
export function isWorking(builds: readonly ReportBuild[]): boolean {
  return builds.some((build) => build.state === 'waiting' || build.state === 'working');
}

/** How far a report has come, 0 to 1; null where it is not known. */
export function progressOf(build: ReportBuild): number | null {
  return build.total ? Math.min(build.done / build.total, 1) : null;
}
