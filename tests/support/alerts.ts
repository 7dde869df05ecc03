/** Alerts as activities hand them over, where only the journal listens. */
import { AlertChannels } from '../../src/alerts/channels.ts';
import { journalChannel } from '../../src/alerts/journal-channel.ts';
import type { Journal } from '../../src/journal/journal.ts';

export const journalAlerts = (journal: Pick<Journal, 'raiseAlert'>): AlertChannels =>
  new AlertChannels({ warn: () => undefined }).add(journalChannel(journal));
