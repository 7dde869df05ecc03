/** What gates judge: the operation, the snapshot, and the account as it would stand after, computed once for all. */

import type { Json } from '../../lib/errors.ts';
import { type Asset, BASE_ASSET, type PerpMarket, SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { marketOfAsset } from '../account/spot-markets.ts';
import { type AccountAfter, type AccountChange, accountAfter } from '../hedge/account-after.ts';
import type { Policy } from '../hedge/policy.ts';
import { type Assessment, assessMargin, liquidationPrice, perpMarketOf, perpSize, spotHeld } from '../margin/margin.ts';
import { type Lamports, lamports, max, min, type Price } from '../money/units.ts';
import { sideOf } from '../order/intent.ts';
import type { SizedOperation } from '../order/operation-request.ts';
import type { GateColumn, OperationKind } from '../order/operations.ts';
import { limitReference, priceLimit } from '../order/slippage.ts';

/** What the gates judge besides the operation itself. */
export interface GateInput {
  readonly snapshot: Snapshot;
  readonly operation: SizedOperation;
  /** The engine decided it, so no person can confirm. */
  readonly automatic: boolean;
  /** A person confirmed going beyond tolerance. */
  readonly exposureConfirmed: boolean;
  /**
   * With `exposureConfirmed`: the net delta after that was shown, and nothing worse is covered. Null: it was unknown. Absent:
   * an operation of an older version, whose confirmation covers whatever comes.
   */
  readonly shownNetDelta?: Lamports | null;
  /** What the drift is measured from, for waiving profitability: 1e6 for REBALANCE. */
  readonly hedgeTargetPpm: number;
  readonly policy: Policy;
  /** Wall clock. */
  readonly nowMs: number;
}

export interface GateCheck {
  readonly pass: boolean;
  /** Null: unknown. Numbers are for display, in `unit`. */
  readonly have: number | string | null;
  readonly need: number | string | null;
  readonly unit: string;
  /** What would let it pass, in words. */
  readonly remedy: string;
  readonly detail?: Json;
}

/** The input with what several checks need, computed once. */
export interface GateSubject extends GateInput {
  readonly column: GateColumn;
  readonly market: PerpMarket | null;
  /** Signed lamports by which the perp would change; 0 for what is no trade. */
  readonly delta: Lamports;
  /** Base units of the asset that moves; 0 for what is no deposit or withdrawal. */
  readonly amount: bigint;
  /** The position in the operation's market; for capital, in the market that hedges it. */
  readonly perp: Lamports;
  readonly reducing: boolean;
  /** The worst price accepted; null for what is no trade, or without a price. */
  readonly worstPrice: Price | null;
  readonly after: AccountAfter | null;
  readonly margin: Assessment;
}

/** The worst price of a trade at the policy's tolerance, `multiple` times (FLATTEN widens); null without any price. */
export function worstPriceOf(market: PerpMarket, delta: Lamports, policy: Policy, multiple = 1): Price | null {
  const side = sideOf(delta);
  const reference = limitReference(market, side);
  if (reference === null || reference <= 0n) return null;
  return priceLimit(reference, policy.maxSlippageBps * multiple, side, market.tickSize);
}

export function gateSubject(input: GateInput, column: GateColumn, reducing: boolean): GateSubject {
  const { snapshot, operation, policy } = input;
  const { account, markets } = snapshot;
  const market = 'market' in operation ? perpMarketOf(markets, operation.market) : null;
  const delta = lamports('size' in operation ? BigInt(operation.size) : 0n);
  const amount = 'amount' in operation ? BigInt(operation.amount) : 0n;
  const hedge = 'market' in operation ? operation.market : SOL_PERP;
  const perp = account === null ? lamports(0n) : perpSize(account, markets, hedge);
  const worstPrice = market === null || !('size' in operation) ? null : worstPriceOf(market, delta, policy);
  const after = afterOf(snapshot, changeOf(operation, { delta, amount, worstPrice }, snapshot));
  const margin: Assessment =
    after === null || after.account === null
      ? { kind: 'unknown', missing: ['the account after the operation'] }
      : assessMargin(after.account, markets);
  return { ...input, column, market, delta, amount, perp, reducing, worstPrice, after, margin };
}

const afterOf = (snapshot: Snapshot, change: AccountChange | null): AccountAfter | null =>
  change === null ? null : accountAfter(snapshot, change);

function changeOf(
  operation: SizedOperation,
  { delta, amount, worstPrice }: Pick<GateSubject, 'delta' | 'amount' | 'worstPrice'>,
  snapshot: Snapshot,
): AccountChange | null {
  switch (operation.kind) {
    case 'deposit':
      return { kind: 'deposit', asset: operation.asset, amount };
    case 'withdraw': {
      // Withdrawals are reduce-only: what is asked for beyond the deposit is not given, and never owed.
      const { asset } = operation;
      return { kind: 'withdraw', asset, amount: min(amount, max<bigint>(deposited(snapshot, asset), 0n)) };
    }
    case 'settle':
      return { kind: 'none' };
    default:
      return worstPrice === null ? null : { kind: 'trade', market: operation.market, delta, price: worstPrice };
  }
}

/** Signed base units of the asset in the sub-account. */
function deposited({ account, markets }: Snapshot, asset: Asset): bigint {
  const market = marketOfAsset(markets, asset);
  return account === null || market === null ? 0n : spotHeld(account, markets, market.asset);
}

/** Per cent from the oracle to the liquidation price of `market`; 'none' when no price liquidates; null unknown. */
export function liquidationDistancePct(
  account: NonNullable<Snapshot['account']>,
  markets: Snapshot['markets'],
  market: string,
): number | 'none' | null {
  const liquidation = liquidationPrice(account, markets, market);
  if (liquidation.kind === 'none') return 'none';
  const oracle = perpMarketOf(markets, market)?.oracle.price ?? null;
  if (liquidation.kind === 'unknown' || oracle === null || oracle <= 0n) return null;
  return (Math.abs(Number(liquidation.price - oracle)) / Number(oracle)) * 100;
}

/** A failed check that names the unknown figure. */
export const unknownAs = (unit: string, need: number | string, missing: readonly string[]): GateCheck => ({
  pass: false,
  have: null,
  need,
  unit,
  remedy: `Not known: ${missing.join(', ')}. Wait until the account has been read completely.`,
});

/** SOL that comes into the wallet (negative: leaves) by the operation itself, the transaction's cost aside. */
export function walletSolChange({ operation, amount }: Pick<GateSubject, 'operation' | 'amount'>): bigint {
  if (!('asset' in operation) || operation.asset !== BASE_ASSET) return 0n;
  return operation.kind === 'deposit' ? -amount : amount;
}

/** What this deposit pays once beside its amount, to open the account; 0 for all else. */
export const openingCost = ({ account, openingCostLamports }: Snapshot, kind: OperationKind): bigint =>
  account === null && kind === 'deposit' ? (openingCostLamports ?? 0n) : 0n;
