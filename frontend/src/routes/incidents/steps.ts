/** The five steps of an incident, as its report names them. */

import type { IncidentDetail } from '../../api/queries.ts';

export interface Step {
  id: 'began' | 'noticed' | 'acknowledged' | 'action' | 'recovered';
  /** Seconds UTC; null if it has not come yet. */
  t: number | null;
  who: string;
  state: 'done' | 'waiting' | 'open';
}

/** The steps in order; the first that has not come yet is waited for. */
export function stepsOf({ incident, lines }: IncidentDetail): Step[] {
  const action = lines.find(({ kind }) => kind === 'note');
  const steps: Omit<Step, 'state'>[] = [
    { id: 'began', t: incident.began, who: '' },
    { id: 'noticed', t: incident.noticed, who: 'jipyo' },
    { id: 'acknowledged', t: incident.acknowledged, who: incident.acknowledged_by },
    { id: 'action', t: action?.t ?? null, who: action?.who ?? '' },
    { id: 'recovered', t: incident.recovered, who: '' },
  ];
  const waiting = incident.state === 'open' ? steps.findIndex(({ t }) => t === null) : -1;
  return steps.map((step, i) => ({
    ...step,
    state: step.t !== null ? 'done' : i === waiting ? 'waiting' : 'open',
  }));
}

/** A period around an incident, so that what led to it can be seen. */
export function periodOf({ began, recovered }: IncidentDetail['incident'], now: number): [number, number] {
  const end = recovered ?? now;
  const margin = Math.max(900, (end - began) / 4);
  return [began - margin, Math.min(now, end + margin)];
}
