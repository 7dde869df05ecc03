/**
 * The registry of alert channels: each alert raised in this process or read from the journal goes to each of them once.
 * Delivery starts at once from memory. No channel waits for another, and callers wait only for a channel that keeps the
 * alert.
 */
import type { Alert } from '../domain/alerts/alert.ts';
import { SEVERITY_RANK } from '../domain/alerts/alert-row.ts';
import { BoundedSet } from '../lib/bounded.ts';
import { within } from '../lib/within.ts';

/** Where this process has an alert from: it raised it, or the journal told that another process wrote it. */
export type AlertOrigin = 'here' | 'journal';

/** A way to reach someone: the log, the sockets, a messenger. Each has its own file and a line in `src/runtime/alert-channels.ts`. */
export interface AlertChannel {
  readonly name: string;
  /**
   * It stores alerts permanently. `raise` waits for it, and the caller raises the alert again if it fails, so such a
   * channel must accept the same alert twice.
   */
  readonly keeps?: boolean;
  /** Called with one alert at a time, in order (except for a channel that keeps alerts). */
  deliver(alert: Alert, origin: AlertOrigin): void | Promise<void>;
}

/** The way in for alerts. */
export interface AlertSink {
  /** To every channel. Resolves once a channel that keeps alerts has it; rejects if none could store it. */
  raise(alert: Alert): Promise<void>;
  /** To every channel except those that keep alerts: the alert is stored already, or together with its row. `here` by default. */
  announce(alert: Alert, origin?: AlertOrigin): void;
}

export interface ChannelLogger {
  warn(fields: object, message: string): void;
}

interface ChannelLimits {
  /** The most alerts that wait for one channel. */
  readonly queue: number;
  /** The time limit of one delivery; then the channel continues with the next alert. */
  readonly deliverMs: number;
  /** How many alerts are remembered, so that none is delivered twice. */
  readonly remembered: number;
}

/** A thousand engines whose node is gone tell a few alerts each within seconds. */
const LIMITS: ChannelLimits = { queue: 2_000, deliverMs: 30_000, remembered: 20_000 };
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

  announce(alert: Alert, origin: AlertOrigin = 'here'): void {
    if (this.delivered.has(alert.id)) return;
    this.delivered.add(alert.id);
    for (const queue of this.queues) queue.push({ alert, origin });
  }

  async raise(alert: Alert): Promise<void> {
    this.announce(alert);
    try {
      await Promise.any(this.keepers.map(async (keeper) => await keeper.deliver(alert, 'here')));
    } catch (error) {
      // The error of one channel says more than that all failed.
      throw error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
    }
  }

  /** Gives waiting alerts a moment. */
  async stop(): Promise<void> {
    await Promise.all(this.queues.map((queue) => within(STOP_MS, () => queue.idle())));
  }
}

interface QueuedAlert {
  readonly alert: Alert;
  readonly origin: AlertOrigin;
}

/** The alerts that wait for one channel. When it is full, the oldest of the least severe is dropped. */
class ChannelQueue {
  private readonly channel: AlertChannel;
  private readonly logger: ChannelLogger;
  private readonly limits: ChannelLimits;
  private readonly waiting: QueuedAlert[] = [];
  private running: Promise<void> | null = null;

  constructor(channel: AlertChannel, logger: ChannelLogger, limits: ChannelLimits) {
    this.channel = channel;
    this.logger = logger;
    this.limits = limits;
  }

  push(waiting: QueuedAlert): void {
    this.waiting.push(waiting);
    if (this.waiting.length > this.limits.queue) this.drop();
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  async idle(): Promise<void> {
    await this.running;
  }

  private drop(): void {
    const least = Math.min(...this.waiting.map(({ alert }) => SEVERITY_RANK[alert.severity]));
    const [dropped] = this.waiting.splice(
      this.waiting.findIndex(({ alert }) => SEVERITY_RANK[alert.severity] === least),
      1,
    );
    this.logger.warn(
      { channel: this.channel.name, id: dropped?.alert.id, code: dropped?.alert.code },
      'The channel is too slow: an alert was dropped. The journal has it.',
    );
  }

  private async run(): Promise<void> {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const { alert, origin } = next;
      const delivery = await within(this.limits.deliverMs, async () => await this.channel.deliver(alert, origin));
      const about = { channel: this.channel.name, id: alert.id, code: alert.code };
      if (delivery.kind === 'failed') this.logger.warn({ ...about, err: delivery.error }, 'An alert was not delivered');
      if (delivery.kind === 'late') {
        this.logger.warn({ ...about, afterMs: this.limits.deliverMs }, 'An alert was not delivered in time');
      }
    }
  }
}
