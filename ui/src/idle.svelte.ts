/** Whether nobody has moved a pointer or pressed a key for a while. */
export const IDLE_AFTER_MS = 3000;

export class Idle {
  #idle = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  get now(): boolean {
    return this.#idle;
  }

  /** Somebody is there. */
  stir = (): void => {
    this.#idle = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.#idle = true), IDLE_AFTER_MS);
  };

  stop(): void {
    clearTimeout(this.#timer);
  }
}
