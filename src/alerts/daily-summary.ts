/** Once a day, what the account did, or all accounts of the process: a person who hears nothing for weeks still knows that all is well. */
import type { Clock } from '../lib/clock.ts';
import type { Json } from '../lib/errors.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import { sleep } from '../lib/sleep.ts';
import type { ChannelLogger } from './channels.ts';
import { redeliveryMs } from './delivery-policy.ts';
import type { Message } from './messengers/message.ts';
import { shortened } from './messengers/message.ts';
import type { Messenger } from './messengers/messenger.ts';

export interface Summary {
  /** Sentences, the most important first. */
  readonly lines: readonly string[];
  /** Of several engines a line each, the most urgent first: as many are sent as the messenger takes. */
  readonly engines?: readonly string[];
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
/** Nobody reads more of them on a phone. */
const MOST_ENGINES = 20;

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

function messageOf(day: string, summary: Summary, { clock, pageUrl }: SummaryPorts): Message {
  const url = (summary.engines ?? []).length === 0 ? pageUrl : `${pageUrl}engines`;
  return {
    id: `summary-${day}`,
    sentAtMs: clock.nowMs(),
    text: (limit) => summaryText(day, summary, url, limit),
    type: 'driftless.summary',
    data: { day, ...(summary.data as object), url } as Json,
    isUrgent: false,
  };
}

/** @param limit the most characters that the messenger takes; how many engines are left out, and the link, stay */
export function summaryText(
  day: string,
  { lines, engines = [] }: Omit<Summary, 'data'>,
  url: string,
  limit: number,
): string {
  const textWith = (shown: number): string => {
    const rest = engines.length - shown;
    const more = rest === 0 ? [] : [`${shown === 0 ? '' : 'and '}${rest} ${shown === 0 ? 'engines' : 'more'}`];
    return [`Daily summary, ${day}`, ...lines, ...engines.slice(0, shown), ...more, url].join('\n');
  };
  const fits = Array.from({ length: Math.min(engines.length, MOST_ENGINES) + 1 }, (_, shown) => shown);
  const shown = fits.findLast((count) => textWith(count).length <= limit) ?? 0;
  return shortened(textWith(shown), limit, url);
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
