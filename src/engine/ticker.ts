/** What time alone brings about: a look at everything now and then. Does not keep a Node process alive. */
export class Ticker {
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(everyMs: number, tick: () => void) {
    this.#timer = setInterval(tick, everyMs);
    // In Node a timer is an object, in a browser a number.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
