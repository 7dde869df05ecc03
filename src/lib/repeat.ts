/** Work that comes round again and again, until it is stopped. */
import { sleep } from './sleep.ts';

export interface Repeated {
  /** Resolves when the round at hand is over; none follows. */
  readonly stop: () => Promise<void>;
}

/** Waits `everyMs`, does the work, and begins again. The signal tells a long round that it is to stop. Work must not reject. */
export function repeatEvery(everyMs: number, work: (signal: AbortSignal) => Promise<void>): Repeated {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rounds = (async () => {
    while (!signal.aborted) {
      await sleep(everyMs, signal);
      if (!signal.aborted) await work(signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await rounds;
    },
  };
}
