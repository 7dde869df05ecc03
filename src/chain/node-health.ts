/** What the last calls say of a node: how often it answers, how fast, how far behind it is. Durations are monotonic. */

export interface NodeHealth {
  readonly node: string;
  /** Over the last calls; null before the first. */
  readonly errorRate: number | null;
  /** Median over the last answers; null before the first. */
  readonly latencyMs: number | null;
  /** Confirmed slots behind the foremost node when both were last asked; null when unknown or alone. */
  readonly lagSlots: number | null;
  /** It asked to be left alone for so long yet. */
  readonly restsMs: number;
}

/** Calls that count. */
const WINDOW = 20;
const FIRST_REST_MS = 500;
const MAX_REST_MS = 30_000;

export class HealthRecord {
  readonly #outcomes: boolean[] = [];
  readonly #latencies: number[] = [];
  #restUntilMs = 0;
  #limits = 0;
  /** Its confirmed slot, when last asked for it. */
  slot: number | null = null;

  answered(latencyMs: number): void {
    keep(this.#outcomes, true);
    keep(this.#latencies, latencyMs);
    this.#limits = 0;
  }

  failed(): void {
    keep(this.#outcomes, false);
  }

  /** A 429: it rests for as long as it asks, else longer each time. */
  limited(nowMs: number, retryAfterMs: number | null): void {
    this.failed();
    const backoffMs = FIRST_REST_MS * 2 ** Math.min(this.#limits, 10);
    this.#limits += 1;
    this.#restUntilMs = nowMs + Math.min(Math.max(retryAfterMs ?? 0, backoffMs), MAX_REST_MS);
  }

  restsMs = (nowMs: number): number => Math.max(0, Math.ceil(this.#restUntilMs - nowMs));

  get errorRate(): number | null {
    if (this.#outcomes.length === 0) return null;
    return this.#outcomes.filter((answered) => !answered).length / this.#outcomes.length;
  }

  /** The last call had no answer. */
  get justFailed(): boolean {
    return this.#outcomes.at(-1) === false;
  }

  get latencyMs(): number | null {
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}

function keep<T>(list: T[], item: T): void {
  list.push(item);
  if (list.length > WINDOW) list.shift();
}
