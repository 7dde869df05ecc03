/** The Bot API of Telegram: what people wrote, and answers to them. No text here holds the token. */
import type { Clock } from '../../lib/clock.ts';
import { retryAfterMs, secondsIn } from '../../lib/retry-after.ts';
import { sleep } from '../../lib/sleep.ts';

/** A text message to the bot. Every other kind of update is left out. */
export interface BotMessage {
  readonly updateId: number;
  readonly userId: number;
  readonly chatId: number;
  readonly isPrivate: boolean;
  /** Written by somebody else and passed on. */
  readonly isForwarded: boolean;
  /** By Telegram's clock, whole seconds. */
  readonly sentAtMs: number;
  readonly text: string;
}

export type Updates =
  | { readonly kind: 'updates'; readonly messages: readonly BotMessage[]; readonly nextOffset: number | null }
  /** Another program polls with this token. */
  | { readonly kind: 'conflict' }
  | { readonly kind: 'failed'; readonly why: string; readonly waitMs: number | null };

export interface BotApi {
  /** Waits for new messages. `offset`: everything before it is settled and never comes again. Never rejects. */
  updates(offset: number | null, signal: AbortSignal): Promise<Updates>;
  /** Plain text: nothing in it is markup. Resolves to whether it was delivered. */
  send(chatId: number, text: string): Promise<boolean>;
}

interface BotApiSettings {
  readonly token: string;
  readonly clock: Clock;
  /** Another address of the Bot API, in tests. */
  readonly api?: string;
  readonly pollSeconds?: number;
}

const API = 'https://api.telegram.org';
const POLL_SECONDS = 25;
const SEND_MS = 10_000;
const SEND_TRIES = 3;
const MOST_CHARS = 4_096;
const MOST_WAIT_MS = 60_000;

export function botApi({ token, clock, api = API, pollSeconds = POLL_SECONDS }: BotApiSettings): BotApi {
  const call = async (method: string, body: object, signal: AbortSignal): Promise<ApiAnswer> => {
    try {
      const response = await fetch(`${api}/bot${token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'driftless' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal,
      });
      const json: unknown = await response.json().catch(() => null);
      const asked = isRecord(json) && isRecord(json.parameters) ? json.parameters.retry_after : null;
      const waitMs = secondsIn(asked) ?? retryAfterMs(response.headers.get('retry-after'), clock.nowMs());
      return { status: response.status, json, waitMs: waitMs === null ? null : Math.min(waitMs, MOST_WAIT_MS) };
    } catch {
      // The cause may quote the address, which holds the token.
      return { status: null, json: null, waitMs: null };
    }
  };

  return {
    async updates(offset, signal) {
      const patience = AbortSignal.any([signal, AbortSignal.timeout((pollSeconds + 10) * 1_000)]);
      const body = { ...(offset === null ? {} : { offset }), timeout: pollSeconds, allowed_updates: ['message'] };
      const { status, json, waitMs } = await call('getUpdates', body, patience);
      if (status === 409) return { kind: 'conflict' };
      if (status === 200 && isRecord(json) && json.ok === true && Array.isArray(json.result)) return read(json.result);
      return { kind: 'failed', why: status === null ? 'it does not answer' : `it answered ${status}`, waitMs };
    },

    async send(chatId, text) {
      const shown = text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS - 1)}…` : text;
      const body = { chat_id: chatId, text: shown, link_preview_options: { is_disabled: true } };
      for (let tried = 1; ; tried += 1) {
        const { status, waitMs } = await call('sendMessage', body, AbortSignal.timeout(SEND_MS));
        if (status === 200) return true;
        const mayWork = status === null || status === 429 || status >= 500;
        if (!mayWork || tried === SEND_TRIES) return false;
        await sleep(waitMs ?? tried * 1_000);
      }
    },
  };
}

interface ApiAnswer {
  /** Null: none came. */
  readonly status: number | null;
  readonly json: unknown;
  readonly waitMs: number | null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An update of an unknown shape is settled and left out: it must not stop those behind it. */
function read(result: readonly unknown[]): Updates {
  const updates = result.filter(isRecord).filter(({ update_id: id }) => Number.isSafeInteger(id));
  const ids = updates.map(({ update_id: id }) => Number(id));
  return {
    kind: 'updates',
    messages: updates.flatMap((update) => messageIn(update) ?? []),
    nextOffset: ids.length === 0 ? null : Math.max(...ids) + 1,
  };
}

function messageIn({ update_id: updateId, message }: Readonly<Record<string, unknown>>): BotMessage | null {
  if (!isRecord(message) || !isRecord(message.from) || !isRecord(message.chat)) return null;
  const { from, chat, date, text } = message;
  if (!Number.isSafeInteger(from.id) || !Number.isSafeInteger(chat.id) || !Number.isSafeInteger(date)) return null;
  if (typeof text !== 'string' || from.is_bot === true) return null;
  return {
    updateId: Number(updateId),
    userId: Number(from.id),
    chatId: Number(chat.id),
    isPrivate: chat.type === 'private',
    isForwarded: message.forward_origin !== undefined || message.forward_date !== undefined,
    sentAtMs: Number(date) * 1_000,
    text,
  };
}
