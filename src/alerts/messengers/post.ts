/** One POST to a messenger's endpoint, and what its answer means. The URL may be a secret: no text quotes it. */
import { retryAfterMs } from '../../lib/retry-after.ts';
import { SEND_MS, type Sent } from './messenger.ts';

export interface Post {
  readonly url: string;
  readonly body: string;
  /** Wall clock: a date that the endpoint names counts from here. */
  readonly sentAtMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Reads, from the body of an answer 429, how long to wait, ms; null: it does not say. */
  readonly waitIn?: (body: unknown) => number | null;
  /** What a refusal with this status most likely means and what to do; undefined: nothing more is known. */
  readonly advice?: (status: number) => string | undefined;
}

const MOST_TEXT = 200;
const LATER = new Set([408, 425, 429]);

export async function post({ url, body, sentAtMs, headers = {}, waitIn, advice }: Post): Promise<Sent> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'driftless', ...headers },
      body,
      // A redirect could carry the alert, and what signs it, to somewhere that nobody chose.
      redirect: 'manual',
      signal: AbortSignal.timeout(SEND_MS),
    });
    text = await response.text();
  } catch (error) {
    return { kind: 'later', afterMs: null, why: reasonOf(error) };
  }
  const { status } = response;
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status >= 500 || LATER.has(status)) {
    const asked = retryAfterMs(response.headers.get('retry-after'), sentAtMs) ?? waitIn?.(parsed(text)) ?? null;
    return { kind: 'later', afterMs: asked, why: `the endpoint answered ${status}` };
  }
  const more = advice?.(status);
  return { kind: 'refused', why: `the endpoint answered ${status}${more === undefined ? said(text) : `: ${more}`}` };
}

/** Node's `fetch` hides the cause behind "fetch failed". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  if (error.name === 'TimeoutError') return `no answer within ${SEND_MS / 1_000} s`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null;
  return code === null ? 'the connection failed' : `the connection failed (${code})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function said(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' || line.startsWith('<') ? '' : `: ${line.slice(0, MOST_TEXT)}`;
}
