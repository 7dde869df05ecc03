/**
 * Feeds the channels with alerts that reach the journal from elsewhere: another process, or a venue that writes them with
 * its own rows. An alert that this process raised is recognised by its id and not delivered again.
 */
import type { Journal, JournalEvent } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { within } from '../lib/within.ts';
import type { AlertChannels, ChannelLogger } from './channels.ts';

/** How many alerts are read again after a gap, and how many from before the start are remembered. */
const LOOK_BACK = 1_000;
/** An alert raised while the journal was unavailable is written later than its time. */
const LATE_MS = 600_000;
const READ_MS = 5_000;
const RETRY_MS = 5_000;

interface FeedPorts {
  readonly journal: Pick<Journal, 'listen' | 'alert' | 'alerts'>;
  readonly channels: AlertChannels;
  readonly clock: Clock;
  readonly logger: ChannelLogger;
}

export interface JournalFeed {
  stop(): Promise<void>;
}

export function feedFromJournal(ports: FeedPorts): JournalFeed {
  const feed = new AlertFeed(ports);
  void feed.start();
  return feed;
}

class AlertFeed implements JournalFeed {
  private readonly ports: FeedPorts;
  private readonly startedAtMs: number;
  private newestMs: number;
  private stopped = false;
  private retry: NodeJS.Timeout | null = null;
  private unlisten: (() => Promise<void>) | null = null;
  /** Rows are read in the order of their events. */
  private reading: Promise<void> = Promise.resolve();

  constructor(ports: FeedPorts) {
    this.ports = ports;
    this.startedAtMs = ports.clock.nowMs();
    this.newestMs = this.startedAtMs;
  }

  async start(): Promise<void> {
    const { journal, channels, logger } = this.ports;
    try {
      // An activity that is repeated after a restart may raise an alert that the journal already has.
      const { items } = await journal.alerts({ limit: LOOK_BACK, toMs: this.startedAtMs - 1 });
      channels.remember(items.map(({ id }) => id));
      const unlisten = await journal.listen(
        (event) => this.take(event),
        () => this.read(() => this.catchUp()),
      );
      this.unlisten = unlisten;
      if (this.stopped) await unlisten();
      else this.read(() => this.catchUp());
    } catch (error) {
      logger.warn({ err: error }, 'Alerts cannot be read from the journal; trying again');
      this.later(() => void this.start());
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    if (this.retry !== null) clearTimeout(this.retry);
    await this.unlisten?.();
    await this.reading;
  }

  private take({ table, key }: JournalEvent): void {
    // An event without a key: the row's names were too long to send.
    if (key === '') this.read(() => this.catchUp());
    else if (table === 'alerts' && !this.ports.channels.knows(key)) this.read(() => this.one(key));
  }

  private async one(id: string): Promise<void> {
    const alert = await this.ports.journal.alert(id);
    if (alert === null) return;
    this.newestMs = Math.max(this.newestMs, alert.tsMs);
    this.ports.channels.announce(alert, 'journal');
  }

  /** Events may have been missed. */
  private async catchUp(): Promise<void> {
    const fromMs = Math.max(this.startedAtMs, this.newestMs - LATE_MS);
    const { items } = await this.ports.journal.alerts({ limit: LOOK_BACK, fromMs });
    for (const alert of items.toReversed()) {
      this.newestMs = Math.max(this.newestMs, alert.tsMs);
      this.ports.channels.announce(alert, 'journal');
    }
  }

  private read(work: () => Promise<void>): void {
    this.reading = this.reading.then(async () => {
      if (this.stopped) return;
      const read = await within(READ_MS, work);
      if (read.kind === 'value') return;
      const about = read.kind === 'failed' ? { err: read.error } : { afterMs: READ_MS };
      this.ports.logger.warn(about, 'Alerts could not be read from the journal; trying again');
      this.later(() => this.read(() => this.catchUp()));
    });
  }

  private later(again: () => void): void {
    if (this.stopped) return;
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = setTimeout(again, RETRY_MS);
  }
}
