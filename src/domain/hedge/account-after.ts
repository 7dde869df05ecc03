/** The account as it would be after a trade, a deposit or a withdrawal. Gates judge it; nothing is sent. */
import {
  type Account,
  type Asset,
  BASE_ASSET,
  type Markets,
  type SpotBalance,
  type SpotMarket,
} from '../account/account.ts';
import { applyFill, emptyPosition } from '../account/position.ts';
import type { Snapshot, Wallet } from '../account/snapshot.ts';
import { marketOfAsset } from '../account/spot-markets.ts';
import { perpMarketOf, perpPosition, tokenAmount, unsettledFunding } from '../margin/margin.ts';
import { abs, divCeil, divFloor, type Lamports, lamports, microUsd, type Price, valueAt } from '../money/units.ts';

export type AccountChange =
  | { readonly kind: 'none' }
  /** Signed lamports, positive = buy, filled at `price`; the market's taker fee is paid. */
  | { readonly kind: 'trade'; readonly market: string; readonly delta: Lamports; readonly price: Price }
  | { readonly kind: 'deposit' | 'withdraw'; readonly asset: Asset; readonly amount: bigint };

export interface AccountAfter {
  readonly account: Account | null;
  readonly wallet: Wallet;
}

/** Drift: token amount = scaled balance x cumulative interest / 10^(19 - decimals). */
const SCALED_EXPONENT = 19;
const FEE_PRECISION = 1_000_000n;

const emptyAccount: Account = {
  subAccount: 0,
  status: 'active',
  maxMarginRatio: 0,
  highLeverageMode: false,
  spot: [],
  perps: [],
  orders: [],
};

/** The taker fee of a trade of this value, micro-USD, rounded up. `takerFee`: fraction at 1e6. */
export const takerFeeOn = (value: bigint, takerFee: bigint): bigint => divCeil(abs(value) * takerFee, FEE_PRECISION);

/** Null if the market or account that the change needs is missing; the account afterwards is then unknown. */
export function accountAfter(snapshot: Snapshot, change: AccountChange): AccountAfter | null {
  const { account, markets, wallet } = snapshot;
  switch (change.kind) {
    case 'none':
      return { account, wallet };
    case 'trade': {
      const after = account === null ? null : afterTrade(account, markets, change);
      return after === null ? null : { account: after, wallet };
    }
    case 'deposit':
    case 'withdraw': {
      const market = marketOfAsset(markets, change.asset);
      if (market === null || (account === null && change.kind === 'withdraw')) return null;
      const inward = change.kind === 'deposit' ? change.amount : -change.amount;
      return {
        account: withTokens(account ?? emptyAccount, market, inward),
        wallet:
          change.asset === BASE_ASSET
            ? { ...wallet, sol: lamports(wallet.sol - inward) }
            : { ...wallet, quote: microUsd(wallet.quote - inward) },
      };
    }
  }
}

function afterTrade(
  account: Account,
  markets: Markets,
  trade: { readonly market: string; readonly delta: Lamports; readonly price: Price },
): Account | null {
  const market = perpMarketOf(markets, trade.market);
  if (market === null) return null;
  const before = perpPosition(account, trade.market, markets) ?? emptyPosition(market.marketIndex, 0n);
  const value = valueAt(trade.delta, trade.price);
  const settled = { ...before, quoteAmount: microUsd(before.quoteAmount + unsettledFunding(before, market)) };
  const filled = applyFill(
    settled,
    trade.delta,
    microUsd(-value),
    microUsd(takerFeeOn(value, market.takerFee)),
  ).position;
  const position = {
    ...filled,
    lastCumulativeFundingRate:
      filled.baseAmount < 0n ? market.cumulativeFundingRateShort : market.cumulativeFundingRateLong,
  };
  const others = account.perps.filter((perp) => perp.marketIndex !== market.marketIndex);
  return { ...account, perps: [...others, position] };
}

/** The account with `change` more tokens, in base units of the asset; a withdrawal beyond the deposit becomes a borrow. */
export function withTokens(account: Account, market: SpotMarket, change: bigint): Account {
  const before = account.spot.find((balance) => balance.marketIndex === market.marketIndex);
  const tokens = (before === undefined ? 0n : tokenAmount(before, market)) + change;
  const scale = 10n ** BigInt(SCALED_EXPONENT - market.decimals);
  const balance: SpotBalance = {
    ...(before ?? { marketIndex: market.marketIndex, openOrders: 0, openBids: 0n, openAsks: 0n }),
    kind: tokens < 0n ? 'borrow' : 'deposit',
    // The program's rounding: a deposit down, a borrow up, never in the account's favour.
    scaledBalance:
      tokens < 0n
        ? divCeil(-tokens * scale, market.cumulativeBorrowInterest)
        : divFloor(tokens * scale, market.cumulativeDepositInterest),
  };
  const others = account.spot.filter((other) => other.marketIndex !== market.marketIndex);
  return { ...account, spot: [...others, balance] };
}
