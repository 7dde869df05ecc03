import { ValidationError } from '../../src/lib/errors.ts';
import type { ChainAccount } from '../account.ts';
import type { BlockOpening } from '../chain/chain.ts';
import { seededShare } from '../seeded.ts';

/** USD per token. Paths run in block time, from the moment they are set. */
export type PricePath =
  | { readonly kind: 'fixed'; readonly price: number }
  | { readonly kind: 'ramp'; readonly to: number; readonly seconds: number; readonly from?: number }
  | {
      readonly kind: 'walk';
      readonly seed: string;
      /** Standard deviation of an hour's log return: 0.01 by default. */
      readonly hourly?: number;
      readonly from?: number;
    }
  | { readonly kind: 'replay'; readonly rows: readonly PriceRow[] };

/** From then on this price; between two rows it moves evenly. */
export interface PriceRow {
  /** Seconds after the path is set. */
  readonly at: number;
  readonly price: number;
}

export interface OracleTrouble {
  /** Nothing is published: the price and its slot stay as they are. */
  readonly frozen?: boolean;
  /** Publishes data of this many slots ago. */
  readonly delaySlots?: number;
  /** Share of the price: above 0.02 times 1 to 4 (by the market's tier) the program calls it too uncertain. */
  readonly confidence?: number;
  /** Published as is, zero and negative too. */
  readonly price?: number;
}

const CONFIDENCE = 0.0002;
const HOURLY = 0.01;
const HOUR_SECONDS = 3_600;
const E6 = 1_000_000;

/** USD at 1e6. */
export const toE6 = (usd: number): bigint => BigInt(Math.round(usd * E6));

function checkPath(path: PricePath): void {
  const positive = (value: number | undefined, name: string): void => {
    if (value !== undefined && !(value > 0 && Number.isFinite(value)))
      throw new ValidationError('LOCALNET_ORACLE', `${name} of a price path is a number above 0, not ${value}.`);
  };
  if (path.kind === 'fixed') positive(path.price ?? Number.NaN, 'price');
  else if (path.kind === 'ramp') {
    positive(path.to ?? Number.NaN, 'to');
    positive(path.seconds ?? Number.NaN, 'seconds');
    positive(path.from, 'from');
  } else if (path.kind === 'walk') {
    positive(path.hourly, 'hourly');
    positive(path.from, 'from');
  } else if (path.kind === 'replay') {
    if (!Array.isArray(path.rows) || path.rows.length === 0)
      throw new ValidationError('LOCALNET_ORACLE', 'A replay wants rows of {at, price}.');
    for (const [i, row] of path.rows.entries()) {
      positive(row.price ?? Number.NaN, `price (row ${i + 1})`);
      if (!(row.at >= (path.rows[i - 1]?.at ?? 0)))
        throw new ValidationError('LOCALNET_ORACLE', `Row ${i + 1} of a replay goes back in time.`);
    }
  } else throw new ValidationError('LOCALNET_ORACLE', 'A price path is fixed, ramp, walk or replay.');
}

/** What an oracle publishes: a price and its confidence in USD at 1e6. */
export interface PostedPrice {
  readonly price: bigint;
  readonly confidence: bigint;
  readonly postedSlot: number;
  /** Unix seconds. */
  readonly publishTime: number;
}

/** One oracle's account, written at the start of every block. */
export class Oracle {
  readonly address: string;
  #path: PricePath;
  readonly #now: () => number;
  readonly #accountOf: (posted: PostedPrice) => ChainAccount;
  #startedAt: number;
  #startPrice: number;
  #price: number;
  #trouble: OracleTrouble = {};
  #walked = { seconds: 0, logReturn: 0 };

  /** @param now block time, seconds; @param accountOf the account in the form that the program reads */
  constructor(address: string, price: number, now: () => number, accountOf: (posted: PostedPrice) => ChainAccount) {
    this.address = address;
    this.#accountOf = accountOf;
    this.#now = now;
    this.#startedAt = now();
    this.#price = price;
    this.#startPrice = price;
    this.#path = { kind: 'fixed', price };
  }

  /** USD, as last published or about to be. */
  get price(): number {
    return this.#price;
  }

  /** @throws ValidationError LOCALNET_ORACLE */
  follow(path: PricePath): void {
    checkPath(path);
    this.#path = path;
    this.#startedAt = this.#now();
    this.#startPrice = ('from' in path ? path.from : undefined) ?? this.#price;
    this.#walked = { seconds: 0, logReturn: 0 };
    if (path.kind === 'fixed') this.#price = path.price;
  }

  /** Replaces whatever troubled it; `{}` heals it. */
  trouble(trouble: OracleTrouble): void {
    this.#trouble = trouble;
  }

  describe(): object {
    return { address: this.address, price: this.#price, path: summary(this.#path), trouble: this.#trouble };
  }

  publish(block: BlockOpening): void {
    const { frozen = false, delaySlots = 0, confidence = CONFIDENCE, price } = this.#trouble;
    if (frozen) return;
    this.#price = this.#priceAfter(Math.max(0, block.time - this.#startedAt));
    const shown = toE6(price ?? this.#price);
    block.write(
      this.address,
      this.#accountOf({
        price: shown,
        confidence: toE6(Math.abs(price ?? this.#price) * confidence),
        postedSlot: Math.max(0, block.slot - delaySlots),
        publishTime: block.time,
      }),
    );
  }

  #priceAfter(seconds: number): number {
    const path = this.#path;
    if (path.kind === 'fixed') return path.price;
    if (path.kind === 'ramp') {
      const share = Math.min(1, seconds / path.seconds);
      return this.#startPrice + (path.to - this.#startPrice) * share;
    }
    if (path.kind === 'walk') return this.#walk(path.seed, path.hourly ?? HOURLY, Math.floor(seconds));
    return replayed(path.rows, seconds);
  }

  /** Second by second, so that it does not depend on when blocks are made. Sums of uniform shares stand for a normal one. */
  #walk(seed: string, hourly: number, seconds: number): number {
    if (seconds < this.#walked.seconds) this.#walked = { seconds: 0, logReturn: 0 };
    const step = hourly * Math.sqrt(12 / HOUR_SECONDS);
    let { seconds: at, logReturn } = this.#walked;
    for (; at < seconds; at++) logReturn += (seededShare(seed, 'price', at) - 0.5) * step;
    this.#walked = { seconds: at, logReturn };
    return this.#startPrice * Math.exp(logReturn);
  }
}

function replayed(rows: readonly PriceRow[], seconds: number): number {
  const next = rows.findIndex(({ at }) => at > seconds);
  const before = rows[next < 0 ? rows.length - 1 : Math.max(0, next - 1)] as PriceRow;
  const after = rows[next];
  if (after === undefined || after.at <= before.at) return before.price;
  const share = Math.max(0, (seconds - before.at) / (after.at - before.at));
  return before.price + (after.price - before.price) * share;
}

const summary = (path: PricePath): object =>
  path.kind === 'replay' ? { kind: path.kind, rows: path.rows.length } : path;
