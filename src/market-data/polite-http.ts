/**
 * JSON from a public API, at its pace: requests are spaced, 429 and 5xx are tried again after what the server asks for or a
 * growing pause, and an answer that is slow, broken off or no JSON counts as a failure like any other.
 */
import { TransientError } from '../lib/errors.ts';

export interface PoliteOptions {
  /** As errors name it. */
  readonly name: string;
  /** Between two requests. */
  readonly spacingMs: number;
  readonly timeoutMs: number;
  /** Requests in all, for one answer. */
  readonly tries: number;
  /** After the first failure; doubled after each. */
  readonly pauseMs: number;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const MAX_PAUSE_MS = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;

/** It is our request that is wrong: sending it again changes nothing. */
const isOurs = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

class Failure extends Error {
  readonly waitMs: number | null;
  readonly final: boolean;

  constructor(message: string, { waitMs = null, final = false }: { waitMs?: number | null; final?: boolean } = {}) {
    super(message);
    this.waitMs = waitMs;
    this.final = final;
  }
}

export class PoliteHttp {
  readonly #options: PoliteOptions;
  #freeAtMs = 0;

  constructor(options: PoliteOptions) {
    this.#options = options;
  }

  /** @throws TransientError SOURCE_UNAVAILABLE, naming the source and what it answered */
  async json(url: string, body?: object): Promise<unknown> {
    const { name, tries, pauseMs, sleep } = this.#options;
    for (let failed = 1; ; failed += 1) {
      try {
        await this.#turn();
        return await this.#once(url, body);
      } catch (error) {
        const failure = error instanceof Failure ? error : new Failure(wordsOf(error));
        if (failure.final || failed >= tries) {
          throw new TransientError('SOURCE_UNAVAILABLE', `${name}: ${failure.message}.`, { source: name });
        }
        await sleep(Math.min(MAX_PAUSE_MS, failure.waitMs ?? pauseMs * 2 ** (failed - 1)));
      }
    }
  }

  async #turn(): Promise<void> {
    const { spacingMs, nowMs, sleep } = this.#options;
    const waitMs = Math.min(spacingMs, this.#freeAtMs - nowMs());
    this.#freeAtMs = Math.max(nowMs(), nowMs() + waitMs) + spacingMs;
    if (waitMs > 0) await sleep(waitMs);
  }

  async #once(url: string, body: object | undefined): Promise<unknown> {
    const response = await fetch(url, {
      signal: AbortSignal.timeout(this.#options.timeoutMs),
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      await response.body?.cancel();
      const asked = Number(response.headers.get('retry-after') ?? Number.NaN);
      const waitMs = Number.isFinite(asked) && asked >= 0 ? asked * 1_000 : null;
      throw new Failure(`status ${response.status}`, { waitMs, final: isOurs(response.status) });
    }
    const text = await response.text();
    if (text.length > MAX_BYTES) throw new Failure(`an answer of ${text.length} bytes`, { final: true });
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Failure('an answer that is no JSON, or is broken off');
    }
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  const cause = error instanceof Error ? (error.cause as { readonly code?: unknown } | undefined) : undefined;
  return typeof cause?.code === 'string' ? cause.code : 'the connection failed';
}
