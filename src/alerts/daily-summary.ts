/** Once a day, what the account did: a person who hears nothing for weeks still knows that all is well. */
import type { Clock } from '../lib/clock.ts';
import type { Json } from '../lib/errors.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import { sleep } from '../lib/sleep.ts';
import type { ChannelLogger } from './channels.ts';
import { redeliveryMs } from './delivery-policy.ts';
import { type Message, shortened } from './messengers/message.ts';
import type { Messenger } from './messengers/messenger.ts';

export interface Summary {
  /** Sentences, the most important first. */
  readonly lines: readonly string[];
  readonly data: Json;
}

interface SummaryPorts {
  readonly messengers: readonly Messenger[];
  /** Minutes of the day. */
  readonly atMinute: number;
  /** Of a time, in the person's time zone. */
  readonly localDay: (ms: number) => { readonly day: string; readonly minute: number };
  /** Null: nothing to tell yet. */
  readonly summary: () => Promise<Summary | null>;
  /** True for one process alone. */
  readonly claimDay: (day: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: ChannelLogger;
  readonly pageUrl: string;
}

const EVERY_MS = 20_000;
/** A machine that was off at the time sends it later, but not at night. */
const LATE_MINUTES = 360;
const ATTEMPTS = 6;

export function startDailySummary(ports: SummaryPorts, everyMs = EVERY_MS): Repeated {
  let claimed = '';
  return repeatEvery(everyMs, async (signal) => {
    const { day, minute } = ports.localDay(ports.clock.nowMs());
    const late = minute - ports.atMinute;
    if (late < 0 || late > LATE_MINUTES || claimed === day) return;
    try {
      const summary = await ports.summary();
      if (summary === null || signal.aborted) return;
      if (await ports.claimDay(day)) await sendToAll(ports, messageOf(day, summary, ports), signal);
      claimed = day;
    } catch (err) {
      ports.logger.warn({ err }, 'The daily summary could not be made; trying again');
    }
  });
}

function messageOf(day: string, { lines, data }: Summary, { clock, pageUrl }: SummaryPorts): Message {
  const text = [`Daily summary, ${day}`, ...lines, pageUrl].join('\n');
  return {
    id: `summary-${day}`,
    sentAtMs: clock.nowMs(),
    text: (limit) => shortened(text, limit, pageUrl),
    type: 'driftless.summary',
    data: { day, ...(data as object), url: pageUrl } as Json,
    isUrgent: false,
  };
}

async function sendToAll(ports: SummaryPorts, message: Message, signal: AbortSignal): Promise<void> {
  await Promise.all(ports.messengers.map((messenger) => sendTo(messenger, ports, message, signal)));
}

async function sendTo(
  messenger: Messenger,
  { logger }: SummaryPorts,
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
    const sent = await messenger.send(message);
    if (sent.kind === 'sent') return;
    logger.warn({ channel: messenger.name, why: sent.why }, 'The daily summary was not delivered');
    if (sent.kind === 'refused') return;
    await sleep(redeliveryMs(attempt, sent.afterMs), signal);
  }
}
