/** Drift's own accounts, changed between blocks as only a test can, and the pauses among them. */
import { ValidationError } from '../../src/lib/errors.ts';
import type { BlockOpening, Chain } from '../chain/chain.ts';
import { perpMarketAddress, spotMarketAddress, stateAddress, userAddress } from './addresses.ts';
import { readField, withField } from './layout.ts';

export type AccountOfDrift =
  | { readonly kind: 'State' }
  | { readonly kind: 'PerpMarket' | 'SpotMarket'; readonly index: number }
  | { readonly kind: 'User'; readonly authority: string; readonly subAccount?: number };

/** State.exchangeStatus, by its bits from the lowest. */
const EXCHANGE_PAUSES = [
  'deposit',
  'withdraw',
  'amm',
  'fill',
  'liquidation',
  'funding',
  'settle',
  'amm-immediate',
] as const;
export type ExchangePause = (typeof EXCHANGE_PAUSES)[number];
/** `pausedOperations` of a perp market, and of a spot market. */
const PERP_PAUSES = ['funding', 'amm-fill', 'fill', 'settle', 'settle-with-position', 'liquidation'] as const;
const SPOT_PAUSES = ['interest', 'fill', 'deposit', 'withdraw', 'liquidation'] as const;
export type PerpPause = (typeof PERP_PAUSES)[number];
export type SpotPause = (typeof SPOT_PAUSES)[number];
/** As Drift's `MarketStatus` has them. */
export type MarketStatusName =
  | 'initialized'
  | 'active'
  | 'fundingPaused'
  | 'ammPaused'
  | 'fillPaused'
  | 'withdrawPaused'
  | 'reduceOnly'
  | 'settlement'
  | 'delisted';

export interface Pauses {
  /** Of the whole exchange: exactly these; none lifts all. `'all'`: the seven flags of v2.84 and so `ExchangePaused`. */
  exchange(paused: readonly ExchangePause[] | 'all'): void;
  perp(paused: readonly PerpPause[], marketIndex?: number): void;
  spot(paused: readonly SpotPause[], marketIndex?: number): void;
  perpStatus(status: MarketStatusName, marketIndex?: number): void;
  spotStatus(status: MarketStatusName, marketIndex?: number): void;
}

/** v2.84 calls itself paused when its flags are all set; the eighth came later. */
const ALL_FLAGS = 0b111_1111n;

const addressOf = (of: AccountOfDrift): string => {
  if (of.kind === 'State') return stateAddress();
  if (of.kind === 'PerpMarket') return perpMarketAddress(of.index);
  if (of.kind === 'User') return userAddress(of.authority, of.subAccount ?? 0);
  return spotMarketAddress(of.index);
};

function bits(names: readonly string[], known: readonly string[]): bigint {
  return names.reduce((sum, name) => {
    const bit = known.indexOf(name);
    if (bit < 0)
      throw new ValidationError('LOCALNET_PAUSE', `${name} cannot be paused. There are: ${known.join(', ')}.`);
    return sum | (1n << BigInt(bit));
  }, 0n);
}

export class DriftAccounts {
  readonly #chain: Chain;
  readonly #changes: ((block: BlockOpening) => void)[] = [];
  readonly pauses: Pauses = {
    exchange: (paused) =>
      this.write({ kind: 'State' }, 'exchangeStatus', paused === 'all' ? ALL_FLAGS : bits(paused, EXCHANGE_PAUSES)),
    perp: (paused, index = 0) =>
      this.write({ kind: 'PerpMarket', index }, 'pausedOperations', bits(paused, PERP_PAUSES)),
    spot: (paused, index = 0) =>
      this.write({ kind: 'SpotMarket', index }, 'pausedOperations', bits(paused, SPOT_PAUSES)),
    perpStatus: (status, index = 0) => this.write({ kind: 'PerpMarket', index }, 'status', status),
    spotStatus: (status, index = 0) => this.write({ kind: 'SpotMarket', index }, 'status', status),
  };

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  /**
   * From the next block on. What the block's transactions then do to the account stands.
   *
   * @param path as `amm.minOrderSize`; @param value whole, or the name of an enum's variant
   * @throws ValidationError LOCALNET_FIELD, at once
   */
  write(of: AccountOfDrift, path: string, value: bigint | string): void {
    const address = addressOf(of);
    const now = this.#chain.bank.accountAt(this.#chain.head, address);
    if (now === null)
      throw new ValidationError('LOCALNET_FIELD', `There is no such ${of.kind} on this chain.`, { address });
    withField(now, of.kind, path, value);
    this.#changes.push((block) => {
      const account = block.account(address);
      if (account !== null) block.write(address, withField(account, of.kind, path, value));
    });
  }

  /** As of the newest block. Null: there is no such account. */
  read(of: AccountOfDrift, path: string): bigint | null {
    const account = this.#chain.bank.accountAt(this.#chain.head, addressOf(of));
    return account === null ? null : readField(account, of.kind, path);
  }

  apply(block: BlockOpening): void {
    for (const change of this.#changes.splice(0)) change(block);
  }
}
