/** The settings that say how alerts reach a person. */
import type { DeliveryPolicy } from '../alerts/delivery-policy.ts';
import { needed } from './policy-settings.ts';
import type { SettingName, SettingValues } from './setting-table.ts';

export interface AlertSettings {
  readonly policy: DeliveryPolicy;
  readonly webhook: { readonly url: string; readonly secret: string } | null;
  readonly telegram: { readonly token: string; readonly chat: string } | null;
  /** Who may command by Telegram; null: nobody. */
  readonly telegramCommands: { readonly token: string; readonly users: readonly number[] } | null;
  readonly discordUrl: string | null;
  /** Minute of the day; null: no summary. */
  readonly summaryAtMinute: number | null;
  readonly heartbeatUrl: string | null;
}

const MINUTE_MS = 60_000;

export function alertSettings(read: SettingValues): AlertSettings {
  const { ALERT_WEBHOOK_URL: url, ALERT_WEBHOOK_SECRET: secret } = read;
  const { ALERT_TELEGRAM_TOKEN: token, ALERT_TELEGRAM_CHAT: chat } = read;
  return {
    policy: {
      minSeverity: needed(read.ALERT_MIN_SEVERITY),
      repeatMs: needed(read.ALERT_REPEAT_MINUTES) * MINUTE_MS,
      quietHours: read.ALERT_QUIET_HOURS,
    },
    webhook: url === null || secret === null ? null : { url, secret },
    telegram: token === null || chat === null ? null : { token, chat },
    telegramCommands:
      token === null || read.TELEGRAM_COMMAND_USERS === null ? null : { token, users: read.TELEGRAM_COMMAND_USERS },
    discordUrl: read.ALERT_DISCORD_URL,
    summaryAtMinute: typeof read.DAILY_SUMMARY_AT === 'number' ? read.DAILY_SUMMARY_AT : null,
    heartbeatUrl: read.HEARTBEAT_URL,
  };
}

const TOGETHER: readonly (readonly [SettingName, SettingName])[] = [
  ['ALERT_WEBHOOK_URL', 'ALERT_WEBHOOK_SECRET'],
  ['ALERT_TELEGRAM_TOKEN', 'ALERT_TELEGRAM_CHAT'],
];

/** Settings of which one is useless without the other: which is set, and which is missing. */
export const lonelyAlertSettings = (
  texts: ReadonlyMap<SettingName, string>,
): readonly { readonly set: SettingName; readonly missing: SettingName }[] => [
  ...TOGETHER.filter(([one, other]) => texts.has(one) !== texts.has(other)).map(([one, other]) =>
    texts.has(one) ? { set: one, missing: other } : { set: other, missing: one },
  ),
  ...(texts.has('TELEGRAM_COMMAND_USERS') && !texts.has('ALERT_TELEGRAM_TOKEN')
    ? [{ set: 'TELEGRAM_COMMAND_USERS', missing: 'ALERT_TELEGRAM_TOKEN' } as const]
    : []),
];
