/** Checks of the amount: that the money is there, and that the market takes the size. */
import { type Account, type Asset, BASE_ASSET, type PerpMarket } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { assetDecimals, marketOfAsset, quoteAsset } from '../account/spot-markets.ts';
import type { Policy } from '../hedge/policy.ts';
import { tokenAmount, withdrawable } from '../margin/margin.ts';
import { formatAmount, formatUsd } from '../money/amounts.ts';
import {
  abs,
  type Lamports,
  type MicroUsd,
  max,
  microUsd,
  min,
  solNumber,
  usdNumber,
  valueAt,
} from '../money/units.ts';
import type { TradeKind } from '../order/operations.ts';
import { valuationPrice } from '../order/slippage.ts';
import { type GateCheck, type GateSubject, openingCost, unknownAs } from './gate-subject.ts';

/**
 * Base units that a withdrawal from Drift may ask for beyond what there is, and does not get: it rounds each deposit down
 * by up to one, and who deposited 2 SOL may ask for 2 SOL back. Paper's balances are exact.
 */
export const WITHDRAW_ROUNDING = 10n;

const assetNumber = (asset: Asset, amount: bigint): number => Number(amount) / 10 ** assetDecimals(asset);

export function insufficientFunds(subject: GateSubject): GateCheck {
  const { snapshot, operation, policy, margin, amount } = subject;
  if (!('asset' in operation)) {
    if (margin.kind === 'unknown') return unknownAs('USD', 0, margin.missing);
    const free = margin.figures.totalCollateralInitial - margin.figures.initialMargin;
    return {
      pass: free >= 0n,
      have: Number(free) / 1e6,
      need: 0,
      unit: 'USD',
      remedy: 'The free collateral is too small for this size. Deposit more or choose a smaller size.',
    };
  }
  const { asset } = operation;
  const need = assetNumber(asset, amount);
  if (marketOfAsset(snapshot.markets, asset) === null) return unknownAs(asset, need, [`the market of ${asset}`]);
  const available =
    operation.kind === 'deposit' ? depositable(snapshot, asset, policy) : withdrawableOf(snapshot, asset);
  if (available === null) return unknownAs(asset, need, ['what can be withdrawn']);
  const rounds = policy.mode === 'live' && operation.kind === 'withdraw' && available > 0n;
  const rounding = rounds ? WITHDRAW_ROUNDING : 0n;
  return {
    pass: amount > 0n && amount <= available + rounding,
    have: assetNumber(asset, available),
    need,
    unit: asset,
    remedy:
      operation.kind === 'deposit'
        ? depositRemedy(snapshot, asset, available)
        : withdrawRemedy(snapshot, asset, available),
  };
}

function depositRemedy(snapshot: Snapshot, asset: Asset, available: bigint): string {
  if (depositRoom(snapshot, asset) === available)
    return `The venue takes no more ${asset} than this before its deposit cap. Deposit less, or wait until others withdraw.`;
  return asset !== BASE_ASSET
    ? `That is what the wallet holds. Send ${asset} to it first, or deposit less.`
    : 'That is what the wallet holds after the gas reserve, the transaction fee and the cost of opening an account.';
}

/** What limits a withdrawal to that much, and what to do. */
export function withdrawRemedy(
  snapshot: Pick<Snapshot, 'account' | 'markets'>,
  asset: Asset,
  available: bigint,
): string {
  return marketOfAsset(snapshot.markets, asset)?.withdrawLimit === available
    ? `The venue lets no more ${asset} leave this market now: its withdraw guard slows a run. More is free within a day.`
    : `More than this cannot be withdrawn without borrowing.${whatHoldsBack(snapshot)}`;
}

/** What the market still takes of this account: first it repays a debt, then the cap counts. Null: it has no cap. */
function depositRoom({ account, markets }: Snapshot, asset: Asset): bigint | null {
  const market = marketOfAsset(markets, asset);
  if (market?.depositLimit === undefined) return null;
  const balance = account?.spot.find(({ marketIndex }) => marketIndex === market.marketIndex);
  const owed = balance === undefined ? 0n : max<bigint>(-tokenAmount(balance, market), 0n);
  return market.depositLimit + owed;
}

/** Losses of positions that are closed, not settled yet: they bind collateral until they are. Micro-USD, positive. */
const unsettledLoss = (account: Account | null): MicroUsd =>
  microUsd(
    (account?.perps ?? [])
      .filter(({ baseAmount, quoteAmount }) => baseAmount === 0n && quoteAmount < 0n)
      .reduce((sum, { quoteAmount }) => sum - quoteAmount, 0n),
  );

/** Sentences on what binds deposits though no position is open, each with the way to free them; empty when nothing does. */
export function whatHoldsBack({ account, markets }: Pick<Snapshot, 'account' | 'markets'>): string {
  const loss = unsettledLoss(account);
  const debts = (account?.spot ?? []).flatMap((balance) => {
    const market = markets.spot.find((each) => each.marketIndex === balance.marketIndex);
    if (market === undefined || balance.kind !== 'borrow' || balance.scaledBalance === 0n) return [];
    const debt = `${formatAmount(-tokenAmount(balance, market), market.decimals)} ${market.asset}`;
    return [` A debt of ${debt} blocks the rest. Deposit a little more than that first.`];
  });
  return loss === 0n
    ? debts.join('')
    : ` An unsettled loss of ${formatUsd(loss)} ${quoteAsset(markets) ?? 'USD'} from a closed position blocks the rest. Send SETTLE_PNL first.${debts.join('')}`;
}

export function depositable(snapshot: Snapshot, asset: Asset, policy: Policy): bigint {
  const room = depositRoom(snapshot, asset);
  const held = spendable(snapshot, asset, policy);
  return room === null ? held : min(held, room);
}

/** What the wallet can part with. */
function spendable(snapshot: Snapshot, asset: Asset, policy: Policy): bigint {
  const { wallet, transactionCostLamports, boundByDepositLamports = 0n } = snapshot;
  if (asset !== BASE_ASSET) return wallet.quote;
  // The reserve may be lent to the deposit: it comes back with its transaction.
  const kept = max<bigint>(policy.reservedSol, boundByDepositLamports);
  const costs = kept + transactionCostLamports + openingCost(snapshot, 'deposit');
  return max<bigint>(wallet.sol - costs, 0n);
}

export function withdrawableOf({ account, markets }: Snapshot, asset: Asset): bigint | null {
  if (account === null) return 0n;
  const name = marketOfAsset(markets, asset)?.asset;
  return name === undefined ? null : withdrawable(account, markets, name);
}

/** An automatic or commanded correction also minds MIN_TRADE_SIZE; an OPEN only the market. */
export const minimumSize = (market: PerpMarket, policy: Policy, purpose: TradeKind): Lamports =>
  purpose === 'open' ? market.minimumSize : max(market.minimumSize, policy.minTradeSize);

export function minimumSizeCheck({ market, policy, operation, delta }: GateSubject): GateCheck {
  const purpose = 'size' in operation ? operation.kind : 'open';
  const need = market === null ? null : minimumSize(market, policy, purpose);
  return {
    pass: need !== null && abs(delta) >= need && delta !== 0n,
    have: solNumber(abs(delta)),
    need: need === null ? null : solNumber(need),
    unit: 'SOL',
    remedy: 'Choose a larger size.',
  };
}

export function stepSize({ market, delta }: GateSubject): GateCheck {
  const step = market?.stepSize ?? null;
  return {
    pass: step !== null && (step <= 0n || delta % step === 0n),
    have: solNumber(abs(delta)),
    need: step === null ? null : solNumber(step),
    unit: 'SOL',
    remedy: 'Choose a multiple of the step.',
  };
}

export function maxAutoTrade({ market, delta, policy }: GateSubject): GateCheck {
  const at = market === null ? null : valuationPrice(market);
  const need = usdNumber(policy.maxAutoTradeUsd);
  if (at === null) return unknownAs('USD', need, ['the price']);
  const notional = valueAt(abs(delta), at);
  return {
    pass: notional <= policy.maxAutoTradeUsd,
    have: usdNumber(notional),
    need,
    unit: 'USD',
    remedy: 'Above the automatic trade limit (MAX_AUTO_TRADE_USD). Use Rebalance.',
  };
}
