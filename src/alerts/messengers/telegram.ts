/** Sends alerts as messages of a Telegram bot (Bot API, `sendMessage`). Plain text: nothing from outside is markup. */
import { secondsIn } from '../../lib/retry-after.ts';
import type { Messenger } from './messenger.ts';
import { post } from './post.ts';

/** The Bot API takes 4,096 characters. */
const MOST_CHARS = 4_096;
const API = 'https://api.telegram.org';

interface TelegramSettings {
  readonly token: string;
  readonly chat: string;
  /** Another address of the Bot API, in tests. */
  readonly api?: string;
}

export const telegram = ({ token, chat, api = API }: TelegramSettings): Messenger => ({
  name: 'Telegram',
  async send(message) {
    return await post({
      url: `${api}/bot${token}/sendMessage`,
      sentAtMs: message.sentAtMs,
      body: JSON.stringify({
        chat_id: chat,
        text: message.text(MOST_CHARS),
        link_preview_options: { is_disabled: true },
        disable_notification: !message.isUrgent,
      }),
      waitIn: retryAfterIn,
      advice: (status) => ADVICE[status],
    });
  },
});

const ADVICE: Readonly<Record<number, string>> = {
  400: 'it does not know the chat. Set ALERT_TELEGRAM_CHAT to your numeric chat id, and send your bot a message first.',
  401: 'the token is wrong. Set ALERT_TELEGRAM_TOKEN to the token that BotFather gave you.',
  403: 'the bot may not write to this chat. Start a conversation with the bot, or add it to the group.',
  404: 'the token is wrong. Set ALERT_TELEGRAM_TOKEN to the token that BotFather gave you.',
};

/** `{"ok":false,"error_code":429,"parameters":{"retry_after":7}}` */
function retryAfterIn(body: unknown): number | null {
  const seconds = (body as { readonly parameters?: { readonly retry_after?: unknown } } | null)?.parameters
    ?.retry_after;
  return secondsIn(seconds);
}
