/** `MARKET_FEED=live`: asks its sources at a steady pace, and answers from the recording of what they said. */
import { MS_PER_HOUR } from '../../domain/money/units.ts';
import type { Clock } from '../../lib/clock.ts';
import { DriftlessError, TransientError } from '../../lib/errors.ts';
import { repeatEvery } from '../../lib/repeat.ts';
import type { MarketFeed } from '../feed.ts';
import { type RecordedRow, Recording, recordedFeed } from '../recording.ts';
import { agreementOf, type Said } from './agreement.ts';
import type { FundingSource, PriceSource, SettledRate } from './source.ts';

interface LiveFeedOptions {
  readonly id: string;
  /** Where the recording is kept; an earlier one is continued. */
  readonly path: string;
  readonly prices: readonly PriceSource[];
  readonly funding: FundingSource;
  readonly clock: Clock;
  /** Between two questions; by default 10 s. */
  readonly everyMs?: number;
}

export interface LiveFeed {
  readonly feed: MarketFeed;
  /** One round of questions now. */
  readonly ask: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const EVERY_MS = 10_000;
/** What has not changed is said again after this long, because a silent recording counts as unknown. */
const SAY_AGAIN_MS = 30_000;
const MS_PER_DAY = 24 * MS_PER_HOUR;
/** The rates before the first price: enough for the backtest behind a consent; else for the carry rule and the profit gate. */
const HISTORIES_MS = [84 * MS_PER_DAY, 14 * MS_PER_DAY];
/** A source gives a long history by pages. */
const MOST_PAGES = 20;
const HISTORY_NOTE = 'funding before the recording began';
/** A fraction at 1e15 times a price at 1e6, as 1e-9 USD. */
const RATE_UNIT = 1_000_000_000_000n;

/** @throws TransientError SOURCE_UNAVAILABLE if nothing is recorded yet and no source answers */
export async function openLiveFeed(options: LiveFeedOptions): Promise<LiveFeed> {
  const recording = Recording.continued(options.path);
  const recorder = new Recorder(options, recording);
  if (recording.rows.length === 0) await recorder.begin();
  else await recorder.ask();
  const rounds = repeatEvery(options.everyMs ?? EVERY_MS, recorder.ask);
  return {
    feed: recordedFeed({ id: options.id, rows: recording.rows, isFinished: false }),
    ask: recorder.ask,
    stop: rounds.stop,
  };
}

const rateAt = ({ fraction, rate }: SettledRate, oracle: bigint): bigint => rate ?? (fraction * oracle) / RATE_UNIT;

type MarketNow = Pick<RecordedRow, 'oracle' | 'mark' | 'valid' | 'note'>;

class Recorder {
  readonly #options: LiveFeedOptions;
  readonly #recording: Recording;
  #asking: Promise<void> | null = null;

  constructor(options: LiveFeedOptions, recording: Recording) {
    this.#options = options;
    this.#recording = recording;
  }

  /** One round at a time. It never rejects: what fails stands in the recording. */
  readonly ask = (): Promise<void> => {
    this.#asking ??= this.#round().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  };

  /** The first prices, and before them the funding that is known already. */
  async begin(): Promise<void> {
    const now = await this.#pricesNow();
    const { oracle, mark } = now;
    if (oracle === null || mark === null) {
      throw new TransientError('SOURCE_UNAVAILABLE', `No price source of the live feed answers. ${now.note}.`, {});
    }
    for (const each of await this.#pastRates()) {
      const { periodMs } = each;
      const rate = rateAt(each, oracle);
      this.#add({ oracle, mark, valid: false, note: HISTORY_NOTE }, { periodMs, rate }, periodMs);
    }
    this.#add({ ...now, oracle, mark }, null);
  }

  /** The longest history that comes whole: one that broke off would leave a hole before now. */
  async #pastRates(): Promise<readonly SettledRate[]> {
    const { clock, funding } = this.#options;
    for (const historyMs of HISTORIES_MS) {
      const rates: SettledRate[] = [];
      try {
        for (let page = 0; page < MOST_PAGES; page += 1) {
          const settled = await funding.settledAfter(rates.at(-1)?.periodMs ?? clock.nowMs() - historyMs);
          if (settled.length === 0) return rates;
          rates.push(...settled);
        }
      } catch {
        // A shorter one is asked for.
      }
    }
    return [];
  }

  async #round(): Promise<void> {
    const before = this.#recording.rows.at(-1);
    const now = await this.#pricesNow();
    // With no price at all the last one stays, and is not valid.
    const oracle = now.oracle ?? before?.oracle ?? null;
    const mark = now.mark ?? before?.mark ?? null;
    if (oracle === null || mark === null) return;
    const { settled, problem } = await this.#settledSince();
    const note = [now.note, problem].filter((text) => text !== '').join('; ');
    const said = { oracle, mark, valid: now.valid, note };
    for (const each of settled) this.#add(said, { periodMs: each.periodMs, rate: rateAt(each, oracle) });
    if (settled.length === 0 && this.#isNews(said, before)) this.#add(said, null);
  }

  #isNews(said: MarketNow, before: RecordedRow | undefined): boolean {
    if (before === undefined || this.#options.clock.nowMs() - before.tsMs >= SAY_AGAIN_MS) return true;
    return (['oracle', 'mark', 'valid', 'note'] as const).some((name) => said[name] !== before[name]);
  }

  async #pricesNow(): Promise<Omit<MarketNow, 'oracle' | 'mark'> & { oracle: bigint | null; mark: bigint | null }> {
    const { prices, clock } = this.#options;
    const said = await Promise.all(prices.map(answerOf));
    const { price, mark, agreed, doubts } = agreementOf(said, clock.nowMs());
    return { oracle: price, mark: mark ?? price, valid: agreed, note: doubts.join('; ') };
  }

  /** A period's rate is known some seconds after its end; it counts from when we heard of it. */
  async #settledSince(): Promise<{ readonly settled: readonly SettledRate[]; readonly problem: string }> {
    const { funding, clock } = this.#options;
    const last = this.#recording.rows.findLast(({ periodMs }) => periodMs !== null)?.periodMs;
    const sinceMs = last ?? clock.nowMs() - MS_PER_HOUR;
    if (Math.floor(clock.nowMs() / MS_PER_HOUR) <= Math.floor(sinceMs / MS_PER_HOUR))
      return { settled: [], problem: '' };
    try {
      return { settled: await funding.settledAfter(sinceMs), problem: '' };
    } catch (error) {
      return { settled: [], problem: `${messageOf(error)} (funding)` };
    }
  }

  #add(said: MarketNow, funding: { readonly periodMs: number; readonly rate: bigint } | null, atMs?: number): void {
    const before = this.#recording.rows.at(-1)?.tsMs ?? 0;
    this.#recording.add({
      ...{ tsMs: Math.max(atMs ?? this.#options.clock.nowMs(), before + 1), ...said },
      ...{ fundingRate: funding?.rate ?? null, periodMs: funding?.periodMs ?? null },
    });
  }
}

async function answerOf(source: PriceSource): Promise<Said> {
  try {
    return { name: source.name, quote: await source.read(), problem: null };
  } catch (error) {
    return { name: source.name, quote: null, problem: messageOf(error) };
  }
}

const messageOf = (error: unknown): string =>
  error instanceof DriftlessError ? error.message.replace(/\.$/, '') : 'an answer that cannot be read';
