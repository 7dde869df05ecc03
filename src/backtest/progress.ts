/** Long work says where it is, at most every two seconds, and how long the rest will take. */
const PROGRESS_EVERY_MS = 2_000;
const MS_PER_SECOND = 1_000;

interface ProgressPorts {
  readonly tell: (text: string) => void;
  readonly nowMs: () => number;
}

export class Progress {
  readonly #ports: ProgressPorts;
  readonly #of: number;
  /** Already done when the work began. */
  readonly #before: number;
  readonly #startedMs: number;
  #done: number;
  #toldMs: number;
  #told = false;

  constructor(ports: ProgressPorts, of: number, before = 0) {
    this.#ports = ports;
    this.#of = of;
    this.#before = before;
    this.#done = before;
    this.#startedMs = ports.nowMs();
    this.#toldMs = this.#startedMs;
  }

  /** @param what is being done now */
  step(what: string): void {
    this.#tell(what);
  }

  finished(what: string): void {
    this.#done += 1;
    if (this.#done < this.#of) this.#tell(what);
  }

  end(): void {
    if (this.#told) this.#ports.tell(`${this.#done} of ${this.#of} runs done\n`);
  }

  #tell(what: string): void {
    const nowMs = this.#ports.nowMs();
    if (nowMs - this.#toldMs < PROGRESS_EVERY_MS) return;
    this.#toldMs = nowMs;
    this.#told = true;
    const now = this.#done - this.#before;
    const left = ((nowMs - this.#startedMs) / Math.max(1, now)) * (this.#of - this.#done);
    const rest = now === 0 ? '' : `, about ${Math.ceil(left / MS_PER_SECOND)} s left`;
    this.#ports.tell(`${this.#done} of ${this.#of} runs done${rest}; ${what}\n`);
  }
}
