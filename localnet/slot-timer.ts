/**
 * Ticks once per slot. A machine that is too busy gets longer slots, not a burst of them afterwards, and the event loop
 * runs between any two: LiteSVM's memory is only freed there.
 */
export class SlotTimer {
  readonly #slotMs: number;
  readonly #tick: () => void;
  #timer: NodeJS.Timeout | null = null;
  #next = 0;

  constructor(slotMs: number, tick: () => void) {
    this.#slotMs = slotMs;
    this.#tick = tick;
  }

  get isRunning(): boolean {
    return this.#timer !== null;
  }

  start(): void {
    if (this.isRunning) return;
    this.#next = performance.now();
    this.#arm();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(): void {
    this.#next = Math.max(this.#next + this.#slotMs, performance.now());
    this.#timer = setTimeout(() => {
      this.#arm();
      this.#tick();
    }, this.#next - performance.now());
  }
}
