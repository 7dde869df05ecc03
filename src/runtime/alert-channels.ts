/** Lists the alert channels of this process. A new one is a file in `src/alerts` and a line here. */
import { AlertChannels } from '../alerts/channels.ts';
import type { EnginePages } from '../alerts/engine-pages.ts';
import { journalChannel } from '../alerts/journal-channel.ts';
import { feedFromJournal } from '../alerts/journal-feed.ts';
import { logChannel, type NameOfEngine } from '../alerts/log-channel.ts';
import { MessengerChannel, type MessengerState } from '../alerts/messenger-channel.ts';
import { discord } from '../alerts/messengers/discord.ts';
import type { Messenger } from '../alerts/messengers/messenger.ts';
import { telegram } from '../alerts/messengers/telegram.ts';
import { webhook } from '../alerts/messengers/webhook.ts';
import { type AlertDraft, alertId, newAlert, raised, recovered } from '../domain/alerts/alert.ts';
import { deliveriesOf } from '../journal/deliveries.ts';
import type { Journal } from '../journal/journal.ts';
import { readMutes } from '../journal/muting.ts';
import type { Clock } from '../lib/clock.ts';
import type { AlertSettings } from './alert-settings.ts';
import { localDay } from './local-day.ts';
import type { Logger } from './logger.ts';

interface AlertChannelPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Workers log what the engine does; a bridge leaves that to them. */
  readonly logsAlerts: boolean;
  /** Absent: the log names engines by their ids alone. */
  readonly nameOf?: NameOfEngine;
  /** How alerts leave the product. Without it they do not. */
  readonly sending?: Sending;
}

interface Sending {
  readonly settings: AlertSettings;
  readonly pages: EnginePages;
}

interface OpenAlertChannels {
  /** The bridge adds its sockets, as the channel that it is. */
  readonly channels: AlertChannels;
  readonly messengers: readonly Messenger[];
  stop(): Promise<void>;
}

export function openAlertChannels(ports: AlertChannelPorts): OpenAlertChannels {
  const { journal, clock, logger, logsAlerts, sending } = ports;
  const channels = new AlertChannels(logger).add(journalChannel(journal));
  if (logsAlerts) channels.add(logChannel(logger.child({ part: 'engine' }), ports.nameOf));
  const messengers = sending === undefined ? [] : messengersOf(sending.settings);
  const sendingOut = sending === undefined ? [] : messengerChannels(messengers, sending, ports, channels);
  for (const channel of sendingOut) channels.add(channel.start());
  const feed = feedFromJournal({ journal, channels, clock, logger });
  return {
    channels,
    messengers,
    async stop() {
      await feed.stop();
      await Promise.all([channels.stop(), ...sendingOut.map((channel) => channel.stop())]);
    },
  };
}

export function messengersOf({ webhook: hook, telegram: bot, discordUrl }: AlertSettings): readonly Messenger[] {
  return [
    ...(hook === null ? [] : [webhook(hook.url, hook.secret)]),
    ...(bot === null ? [] : [telegram(bot)]),
    ...(discordUrl === null ? [] : [discord(discordUrl)]),
  ];
}

const minuteOfDay = (ms: number): number => localDay(ms).minute;

/** One condition for all of them: it is over when the last one works again. */
export function tellStates(tell: (name: string, draft: AlertDraft) => void): (state: MessengerState) => void {
  const failing = new Set<string>();
  return ({ name, works, why }) => {
    if (!works) {
      failing.add(name);
      tell(name, raised('MESSENGER_FAILS', { messenger: name, reason: why }));
    } else if (failing.delete(name) && failing.size === 0) tell(name, recovered('MESSENGER_FAILS'));
  };
}

function messengerChannels(
  messengers: readonly Messenger[],
  { settings, pages }: Sending,
  { journal, clock, logger }: AlertChannelPorts,
  channels: AlertChannels,
): readonly MessengerChannel[] {
  const onState = tellStates((name, draft) => {
    const tsMs = clock.nowMs();
    const alert = newAlert({ id: alertId(name, draft, String(tsMs)), engineId: null, tsMs, draft });
    channels.raise(alert).catch((err: unknown) => logger.warn({ err }, 'could not record that alerts are not sent'));
  });
  const deliveries = deliveriesOf(journal.db);
  const mutes = () => readMutes(journal.db);
  const shared = {
    policy: settings.policy,
    deliveries,
    mutes,
    clock,
    minuteOfDay,
    logger,
    pages,
    onState,
  };
  return messengers.map((messenger) => new MessengerChannel({ ...shared, messenger }));
}
