/** When a person or the system asks us to stop: once politely, a second time by force. */

/**
 * npm passes on the Ctrl-C that the terminal has given us already, so that one press arrives twice: what follows within
 * this time is the same press.
 */
const SAME_PRESS_MS = 750;
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32' ? ['SIGINT', 'SIGBREAK'] : ['SIGINT', 'SIGTERM', 'SIGHUP'];

type StopReason = NodeJS.Signals | 'failed' | 'starter gone' | 'superseded';

export interface StopSignal {
  readonly stopped: Promise<StopReason>;
  /** Stop as if asked to. */
  request(why: Exclude<StopReason, NodeJS.Signals>): void;
}

/** `force` runs at the second request and must not wait for anything. */
export function listenForStop(force: () => void): StopSignal {
  let firstAtMs: number | null = null;
  let resolve: (why: StopReason) => void = () => {};
  const stopped = new Promise<StopReason>((done) => {
    resolve = done;
  });
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (firstAtMs === null) {
        firstAtMs = performance.now();
        resolve(signal);
      } else if (performance.now() - firstAtMs > SAME_PRESS_MS) force();
    });
  }
  return {
    stopped,
    request: (why) => {
      firstAtMs ??= performance.now();
      resolve(why);
    },
  };
}
