/** Tells a movement, such as turning the wheel, from single steps. */

/** Changes that follow one another as fast as this are one movement. */
export const MOVING_MS = 150;

export class Motion {
  readonly #rest: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `rest` is called once a movement has ended. */
  constructor(rest: () => void) {
    this.#rest = rest;
  }

  /** Note a change; returns whether it goes on with a movement. */
  note(): boolean {
    const isMoving = this.#timer !== undefined;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (isMoving) this.#rest();
    }, MOVING_MS);
    return isMoving;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
