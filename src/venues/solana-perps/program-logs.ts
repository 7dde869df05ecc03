/**
 * What a program itself wrote into a transaction's logs. Another program in the same transaction may print anything, so
 * each line is read under the program that was running when it was written.
 */
const INVOKED = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) invoke \[(\d+)\]$/;
const ENDED = /^Program [1-9A-HJ-NP-Za-km-z]{32,44} (success$|failed)/;
const DATA_LINES = ['Program data: ', 'Program log: '] as const;
const BASE64 = /^[A-Za-z0-9+/]{11,}={0,2}$/;
const TRUNCATED = 'Log truncated';

interface LoggedData {
  /** What may be an event: base64 of a data line, or of a plain log line (Drift and its forks write frequent events so). */
  readonly payloads: readonly Uint8Array[];
  /** The node cut the log off: there may have been more. Never taken for all. */
  readonly truncated: boolean;
}

/**
 * @param logs of a transaction that succeeded (one that failed changed nothing, whatever it logged)
 * @param programId base58
 */
export function loggedData(logs: readonly string[], programId: string): LoggedData {
  const payloads: Uint8Array[] = [];
  const running: string[] = [];
  for (const line of logs) {
    if (line.startsWith(TRUNCATED)) return { payloads, truncated: true };
    const invoked = INVOKED.exec(line);
    if (invoked !== null) {
      // The depth is the runtime's own word, so that a line lost before does not shift what follows.
      running.length = Math.min(running.length, Number(invoked[2]) - 1);
      running.push(invoked[1] as string);
    } else if (ENDED.test(line)) running.pop();
    else if (running.at(-1) === programId) {
      const payload = payloadOf(line);
      if (payload !== null) payloads.push(payload);
    }
  }
  return { payloads, truncated: false };
}

function payloadOf(line: string): Uint8Array | null {
  const start = DATA_LINES.find((prefix) => line.startsWith(prefix));
  const text = start === undefined ? '' : line.slice(start.length);
  return BASE64.test(text) ? Buffer.from(text, 'base64') : null;
}
