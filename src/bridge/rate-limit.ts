/** A token bucket per socket, and how long the socket has been over it. */
import { BYTES_PER_EXTRA_TOKEN, MESSAGES_PER_SECOND, RATE_LIMIT_NOTICE_MS, RATE_LIMIT_PATIENCE_MS } from './limits.ts';

type RateVerdict =
  | { readonly kind: 'pass' }
  /** `notice`: it is time to tell it (again); `dropped` since the last notice. */
  | { readonly kind: 'drop'; readonly notice: boolean; readonly dropped: number }
  | { readonly kind: 'close' };

export class RateLimit {
  #tokens = MESSAGES_PER_SECOND;
  #refilledAtMs: number;
  #overSinceMs: number | null = null;
  #lastDropMs = Number.NEGATIVE_INFINITY;
  #noticedAtMs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(nowMs: number) {
    this.#refilledAtMs = nowMs;
  }

  take(bytes: number, nowMs: number): RateVerdict {
    // A clock that is set back gives no tokens, rather than taking some.
    const elapsedMs = Math.max(0, nowMs - this.#refilledAtMs);
    this.#refilledAtMs = nowMs;
    this.#tokens = Math.min(MESSAGES_PER_SECOND, this.#tokens + (elapsedMs * MESSAGES_PER_SECOND) / 1_000);
    const cost = 1 + Math.floor(bytes / BYTES_PER_EXTRA_TOKEN);
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      return { kind: 'pass' };
    }
    return this.#over(nowMs);
  }

  #over(nowMs: number): RateVerdict {
    if (this.#overSinceMs === null || nowMs - this.#lastDropMs > 1_000) this.#overSinceMs = nowMs;
    this.#lastDropMs = nowMs;
    this.#dropped += 1;
    if (nowMs - this.#overSinceMs >= RATE_LIMIT_PATIENCE_MS) return { kind: 'close' };
    const notice = nowMs - this.#noticedAtMs >= RATE_LIMIT_NOTICE_MS;
    const dropped = this.#dropped;
    if (notice) {
      this.#noticedAtMs = nowMs;
      this.#dropped = 0;
    }
    return { kind: 'drop', notice, dropped };
  }
}
