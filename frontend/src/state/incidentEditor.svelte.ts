/** What the reader does about an incident: under one name, one thing after the other. */

import type { IncidentAction, IncidentClosing, IncidentDetail } from '../api/queries.ts';
import type { App } from './app.svelte.ts';
import type { Resource } from './resource.svelte.ts';

export class IncidentEditor {
  who = $state('');
  /** The action for which a name is missing; null if none waits. */
  asks = $state<IncidentAction | null>(null);
  busy = $state(false);
  /** Why the last action failed, and which it was. */
  problem = $state<{ action: IncidentAction; text: string } | null>(null);

  readonly #app: App;
  readonly #detail: Resource<IncidentDetail>;
  readonly #number: number;

  constructor(app: App, detail: Resource<IncidentDetail>, number: number) {
    this.#app = app;
    this.#detail = detail;
    this.#number = number;
    this.who = app.preferences.who;
  }

  /** Do it, if there is a name to do it under; returns whether it was done. */
  async act(action: IncidentAction, body: Omit<IncidentClosing, 'who'> = {}): Promise<boolean> {
    const who = this.who.trim();
    this.asks = who === '' ? action : null;
    if (who === '' || this.busy) return false;
    this.busy = true;
    this.problem = null;
    this.#app.preferences.setWho(who);
    try {
      await this.#app.editIncident(this.#detail, this.#number, action, { who, text: '', ...body });
      return true;
    } catch (error) {
      this.problem = { action, text: this.#app.explainUnsaved(error) };
      return false;
    } finally {
      this.busy = false;
    }
  }
}
