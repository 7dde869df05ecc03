/**
 * The registry of alert channels: what is raised in this process or read from the journal goes to each of them, once.
 * Delivery starts at once and from memory; no channel waits for another, and nobody waits for a channel but for the one
 * that keeps the alert.
 */
import type { Alert } from '../domain/alerts/alert.ts';
import type { AlertSeverity } from '../domain/alerts/alert-row.ts';
import { BoundedSet } from '../lib/bounded.ts';
import { within } from '../lib/within.ts';

/** A way to reach someone: the log, the sockets, a messenger. A file of its own, added in `src/runtime/alert-channels.ts`. */
export interface AlertChannel {
  readonly name: string;
  /**
   * It stores alerts for good: `raise` waits for it, and who raised the alert repeats it when it fails. Such a channel
   * must take the same alert twice.
   */
  readonly keeps?: boolean;
  /** Called with one alert at a time, in order, but for a channel that keeps. */
  deliver(alert: Alert): void | Promise<void>;
}

/** Where an alert is handed over. */
export interface AlertSink {
  /** To every channel. Resolves once one that keeps alerts has it; rejects when none could take it. */
  raise(alert: Alert): Promise<void>;
  /** To every channel but those that keep: the alert is stored already, or with the row that it belongs to. */
  announce(alert: Alert): void;
}

export interface ChannelLogger {
  warn(fields: object, message: string): void;
}

interface ChannelLimits {
  /** Alerts that wait for one channel. */
  readonly queue: number;
  /** One delivery, after which the channel goes on to the next alert. */
  readonly deliverMs: number;
  /** Alerts that are remembered, so that none is delivered twice. */
  readonly remembered: number;
}

const LIMITS: ChannelLimits = { queue: 200, deliverMs: 30_000, remembered: 2_000 };
const STOP_MS = 500;

export class AlertChannels implements AlertSink {
  private readonly logger: ChannelLogger;
  private readonly limits: ChannelLimits;
  private readonly keepers: AlertChannel[] = [];
  private readonly queues: ChannelQueue[] = [];
  private readonly delivered: BoundedSet<string>;

  constructor(logger: ChannelLogger, limits: Partial<ChannelLimits> = {}) {
    this.logger = logger;
    this.limits = { ...LIMITS, ...limits };
    this.delivered = new BoundedSet(this.limits.remembered);
  }

  add(channel: AlertChannel): this {
    if (channel.keeps === true) this.keepers.push(channel);
    else this.queues.push(new ChannelQueue(channel, this.logger, this.limits));
    return this;
  }

  /** Alerts that were delivered before this process began. */
  remember(ids: readonly string[]): void {
    for (const id of ids) this.delivered.add(id);
  }

  knows(id: string): boolean {
    return this.delivered.has(id);
  }

  announce(alert: Alert): void {
    if (this.delivered.has(alert.id)) return;
    this.delivered.add(alert.id);
    for (const queue of this.queues) queue.push(alert);
  }

  async raise(alert: Alert): Promise<void> {
    this.announce(alert);
    try {
      await Promise.any(this.keepers.map(async (keeper) => await keeper.deliver(alert)));
    } catch (error) {
      // One keeper's own error says more than that all failed.
      throw error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
    }
  }

  /** Gives what still waits a moment. */
  async stop(): Promise<void> {
    await Promise.all(this.queues.map((queue) => within(STOP_MS, () => queue.idle())));
  }
}

const RANK: Readonly<Record<AlertSeverity, number>> = { info: 0, warning: 1, critical: 2 };

/** What waits for one channel. When it is full, the oldest of the least severe is dropped. */
class ChannelQueue {
  private readonly channel: AlertChannel;
  private readonly logger: ChannelLogger;
  private readonly limits: ChannelLimits;
  private readonly waiting: Alert[] = [];
  private running: Promise<void> | null = null;

  constructor(channel: AlertChannel, logger: ChannelLogger, limits: ChannelLimits) {
    this.channel = channel;
    this.logger = logger;
    this.limits = limits;
  }

  push(alert: Alert): void {
    this.waiting.push(alert);
    if (this.waiting.length > this.limits.queue) this.drop();
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private drop(): void {
    const least = Math.min(...this.waiting.map(({ severity }) => RANK[severity]));
    const [dropped] = this.waiting.splice(
      this.waiting.findIndex(({ severity }) => RANK[severity] === least),
      1,
    );
    this.logger.warn(
      { channel: this.channel.name, id: dropped?.id, code: dropped?.code },
      'The channel is too slow: an alert was dropped. The journal has it.',
    );
  }

  private async run(): Promise<void> {
    for (let alert = this.waiting.shift(); alert !== undefined; alert = this.waiting.shift()) {
      const next = alert;
      const delivery = await within(this.limits.deliverMs, async () => await this.channel.deliver(next));
      const about = { channel: this.channel.name, id: next.id, code: next.code };
      if (delivery.kind === 'failed') this.logger.warn({ ...about, err: delivery.error }, 'An alert was not delivered');
      if (delivery.kind === 'late') {
        this.logger.warn({ ...about, afterMs: this.limits.deliverMs }, 'An alert was not delivered in time');
      }
    }
  }
}
