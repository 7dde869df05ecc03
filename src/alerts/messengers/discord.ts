/** Sends alerts to a Discord channel by its webhook. Nothing in a text can mention a person or a role. */
import { secondsIn } from '../../lib/retry-after.ts';
import type { Messenger } from './messenger.ts';
import { post } from './post.ts';

/** Discord takes 2,000 characters. */
const MOST_CHARS = 2_000;
const SUPPRESS_EMBEDS = 4;

export const discord = (url: string): Messenger => ({
  name: 'Discord',
  async send(message) {
    return await post({
      url,
      sentAtMs: message.sentAtMs,
      body: JSON.stringify({
        content: escaped(message.text(MOST_CHARS / 2), MOST_CHARS),
        allowed_mentions: { parse: [] },
        flags: SUPPRESS_EMBEDS,
      }),
      waitIn: retryAfterIn,
      advice: (status) => ADVICE[status],
    });
  },
});

const GONE =
  'the webhook is gone. Make a new one in the settings of the channel, and set ALERT_DISCORD_URL to its URL.';
const ADVICE: Readonly<Record<number, string>> = { 401: GONE, 403: GONE, 404: GONE };

/** So that a text from outside is shown as it is, and no link hides behind other words. */
const escaped = (text: string, limit: number): string => text.replace(/[\\*_~`|>[\]]/g, '\\$&').slice(0, limit);

/** `{"message":"You are being rate limited.","retry_after":0.3,"global":false}`, in seconds. */
function retryAfterIn(body: unknown): number | null {
  const seconds = (body as { readonly retry_after?: unknown } | null)?.retry_after;
  return secondsIn(seconds);
}
