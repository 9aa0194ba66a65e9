/** Which incidents the list shows: the page's own parameters of the address. */

import type { Params } from '../../api/client.ts';

export const STATES = ['open', 'recovered', 'closed'] as const;
export const SEVERITIES = ['critical', 'warning'] as const;
export const DAYS = ['30', '90', '400'] as const;
/** Days without one in the address. */
export const DEFAULT_DAYS: (typeof DAYS)[number] = '30';

const DAY_S = 86_400;
const MINUTE_S = 60;
const MOST = 200;

const among = <T extends string>(known: readonly T[], text: string | undefined): T | '' =>
  known.find((one) => one === text) ?? '';

export interface Filter {
  state: (typeof STATES)[number] | '';
  severity: (typeof SEVERITIES)[number] | '';
  days: (typeof DAYS)[number];
  words: string;
}

/** What the address asks for; what it has wrong is as if it were not there. */
export const filterOf = (own: Readonly<Record<string, string>>): Filter => ({
  state: among(STATES, own['state']),
  severity: among(SEVERITIES, own['severity']),
  days: among(DAYS, own['days']) || DEFAULT_DAYS,
  words: (own['q'] ?? '').trim(),
});

/** The parameters of the request; `now` is in seconds UTC. */
export function paramsOf(own: Readonly<Record<string, string>>, now: number): Params {
  const { state, severity, days, words } = filterOf(own);
  const from = Math.floor((now - Number(days) * DAY_S) / MINUTE_S) * MINUTE_S;
  return {
    from, limit: MOST,
    ...(state && { state }), ...(severity && { severity }), ...(words && { search: words }),
  };
}
