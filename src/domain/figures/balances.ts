/** What the account and its wallet hold, asset by asset. */
import { BASE_ASSET, type SpotMarket } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { baseMarket, quoteMarket } from '../account/spot-markets.ts';
import { isHeld, tokenAmount } from '../margin/holdings.ts';
import { assetWeight, liabilityWeight, tokenValue, WEIGHT_ONE } from '../margin/margin-weights.ts';
import { type MicroUsd, microUsd } from '../money/units.ts';

/** Lend rates are yearly fractions at 1e6. */
const YEARLY_ONE = 1_000_000;

export interface Balance {
  readonly asset: string;
  readonly decimals: number;
  /** Base units of the asset. Null: unknown. */
  readonly deposited: bigint | null;
  readonly borrowed: bigint | null;
  /** Null: this asset's wallet is not read. */
  readonly wallet: bigint | null;
  /** Deposits and wallet less what is borrowed. Null: no price, or nothing is known of the asset. */
  readonly usd: MicroUsd | null;
  /** By which margin counts the deposit or the debt, as a fraction. Null: unknown. */
  readonly weight: number | null;
  /** A year's interest as a fraction: received on a deposit, negative on a debt. Null: unknown. */
  readonly apr: number | null;
}

/** SOL and the quote asset, held or not, then whatever else the account holds. */
export function balancesOf(snapshot: Snapshot): readonly Balance[] {
  const { account, markets, wallet } = snapshot;
  const [base, quote] = [baseMarket(markets), quoteMarket(markets)];
  const held = (account?.spot ?? []).filter(isHeld).map(({ marketIndex }) => marketIndex);
  const others = markets.spot.filter(
    (market) => market !== base && market !== quote && held.includes(market.marketIndex),
  );
  return [
    ...(base === null ? [ofWalletAlone(BASE_ASSET, wallet.sol)] : [balanceOf(snapshot, base, wallet.sol)]),
    ...(quote === null ? [] : [balanceOf(snapshot, quote, wallet.quote)]),
    ...others.map((market) => balanceOf(snapshot, market, null)),
  ];
}

/** The venue's market of the asset is unknown, and with it everything but the wallet. */
const ofWalletAlone = (asset: string, wallet: bigint): Balance => ({
  ...{ asset, decimals: 9, wallet },
  ...{ deposited: null, borrowed: null, usd: null, weight: null, apr: null },
});

function balanceOf({ account }: Snapshot, market: SpotMarket, wallet: bigint | null): Balance {
  const balance = account?.spot.find(({ marketIndex }) => marketIndex === market.marketIndex);
  const tokens = balance === undefined ? 0n : tokenAmount(balance, market);
  const price: bigint | null = market.oracle.price;
  const owes = tokens < 0n;
  // The maintenance weight does not follow the price.
  const weight = owes
    ? liabilityWeight(-tokens, market, 'maintenance')
    : assetWeight(tokens, price ?? 0n, market, 'maintenance');
  const rate = owes ? market.borrowRate : market.depositRate;
  return {
    asset: market.asset,
    decimals: market.decimals,
    deposited: owes ? 0n : tokens,
    borrowed: owes ? -tokens : 0n,
    wallet,
    usd: price === null ? null : microUsd(tokenValue(tokens + (wallet ?? 0n), price, market.decimals)),
    weight: Number(weight) / Number(WEIGHT_ONE),
    apr: rate === null ? null : (owes ? -Number(rate) : Number(rate)) / YEARLY_ONE,
  };
}
