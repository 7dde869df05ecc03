/** Lists the alert channels of this process. A new one is a file in `src/alerts` and a line here. */
import { AlertChannels } from '../alerts/channels.ts';
import { journalChannel } from '../alerts/journal-channel.ts';
import { feedFromJournal } from '../alerts/journal-feed.ts';
import { logChannel } from '../alerts/log-channel.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from './logger.ts';

interface AlertChannelPorts {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Workers log what the engine does; a bridge leaves that to them. */
  readonly logsAlerts: boolean;
}

interface OpenAlertChannels {
  /** The bridge adds its sockets, as the channel that it is. */
  readonly channels: AlertChannels;
  stop(): Promise<void>;
}

export function openAlertChannels({ journal, clock, logger, logsAlerts }: AlertChannelPorts): OpenAlertChannels {
  const channels = new AlertChannels(logger).add(journalChannel(journal));
  if (logsAlerts) channels.add(logChannel(logger.child({ part: 'engine' })));
  const feed = feedFromJournal({ journal, channels, clock, logger });
  return {
    channels,
    async stop() {
      await feed.stop();
      await channels.stop();
    },
  };
}
