/** What several engines are worth together. Sub-accounts of one wallet share it, and each counts it in its own equity. */
import type { Snapshot } from '../account/snapshot.ts';
import { baseMarket, quoteMarket } from '../account/spot-markets.ts';
import { type MicroUsd, microUsd } from '../money/units.ts';

const LAMPORTS_PER_SOL = 1_000_000_000n;
const PRICE_ONE = 1_000_000n;

/** USD of the wallet's SOL and quote asset; null: a price that it needs is unknown. */
export function walletWorth({ wallet, markets }: Pick<Snapshot, 'wallet' | 'markets'>): MicroUsd | null {
  const [solPrice, quotePrice] = [baseMarket(markets)?.oracle.price, quoteMarket(markets)?.oracle.price];
  if ((wallet.sol !== 0n && solPrice == null) || (wallet.quote !== 0n && quotePrice == null)) return null;
  return microUsd((wallet.sol * (solPrice ?? 0n)) / LAMPORTS_PER_SOL + (wallet.quote * (quotePrice ?? 0n)) / PRICE_ONE);
}

export interface EngineWorth {
  /** With the wallet, 1e-6 USD; null: unknown. */
  readonly equity: bigint | null;
  /** Of it, the wallet. */
  readonly wallet: bigint | null;
  /** Whose wallet it is; null: the engine's own (paper). */
  readonly authority: string | null;
}

export interface TotalEquity {
  /** Of those that are known; null: none is. */
  readonly sum: bigint | null;
  readonly unknown: number;
}

/** Each wallet counts once, at the most that one of its engines saw in it. */
export function totalEquity(engines: readonly EngineWorth[]): TotalEquity {
  const wallets = new Map<string, bigint>();
  let [sum, known] = [0n, 0];
  for (const { equity, wallet, authority } of engines) {
    if (equity === null) continue;
    known += 1;
    if (authority === null || wallet === null) {
      sum += equity;
      continue;
    }
    sum += equity - wallet;
    const seen = wallets.get(authority) ?? 0n;
    wallets.set(authority, wallet > seen ? wallet : seen);
  }
  for (const wallet of wallets.values()) sum += wallet;
  return { sum: known === 0 ? null : sum, unknown: engines.length - known };
}
