/** Stores every alert, for the page's list and to know which alerts stand. */
import type { Journal } from '../journal/journal.ts';
import type { AlertChannel } from './channels.ts';

export const journalChannel = (journal: Pick<Journal, 'raiseAlert'>): AlertChannel => ({
  name: 'journal',
  keeps: true,
  async deliver(alert) {
    await journal.raiseAlert(alert);
  },
});
