/** The largest deposit or withdrawal that is possible now: figures for people, consistent with the gates. */
import { type Account, type Asset, BASE_ASSET } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { marketOfAsset } from '../account/spot-markets.ts';
import { FULL_HEDGE_PPM } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin, spotHeld } from '../margin/margin.ts';
import { divCeil, max } from '../money/units.ts';
import { GATE_CHECKS } from './gate-checks.ts';
import { depositable, withdrawableOf } from './gate-size-checks.ts';
import { gateSubject } from './gate-subject.ts';

/** Gates of a withdrawal that turn on its amount; the others are for or against any. */
const AMOUNT_GATES = ['INSUFFICIENT_FUNDS', 'LEVERAGE', 'HEALTH_AFTER', 'LIQUIDATION_DISTANCE'] as const;
/** Where margin is the limit it moves with prices: a hundredth of the collateral stays, so that the figure holds for a while. */
const COLLATERAL_SLACK = 100n;
/** How near the search comes: a part of this of what is deposited. */
const PRECISION = 10_000n;

/**
 * Transactions that the wallet can pay for after a deposit of all that it may take: open, close and the settles of a round
 * trip, and as many again, since fees change and the next trade must find the reserve whole.
 */
const KEPT_TRANSACTIONS = 8n;

/** Base units. */
export function mostToDeposit(snapshot: Snapshot, asset: Asset, policy: Policy): bigint {
  const most = depositable(snapshot, asset, policy);
  return asset === BASE_ASSET ? max<bigint>(most - KEPT_TRANSACTIONS * snapshot.transactionCostLamports, 0n) : most;
}

type GatesOutcome = 'passes' | 'refused' | 'unknown';

function judge(snapshot: Snapshot, asset: Asset, amount: bigint, policy: Policy): GatesOutcome {
  const operation = { kind: 'withdraw', asset, amount: amount.toString() } as const;
  const consent = { automatic: false, exposureConfirmed: true, hedgeTargetPpm: FULL_HEDGE_PPM };
  const input = { snapshot, operation, ...consent, policy, nowMs: snapshot.takenAtMs };
  const subject = gateSubject(input, 'withdraw', false);
  if (subject.margin.kind === 'unknown' || !GATE_CHECKS.ORACLE_INVALID(subject).pass) return 'unknown';
  return AMOUNT_GATES.every((code) => GATE_CHECKS[code](subject).pass) ? 'passes' : 'refused';
}

/** Base units; null: a price that it depends on is not known. The more is asked for the less is left: so halving finds it. */
export function mostToWithdraw(snapshot: Snapshot, asset: Asset, policy: Policy): bigint | null {
  const { account, markets } = snapshot;
  const limit = withdrawableOf(snapshot, asset);
  if (limit === null || limit === 0n || account === null) return limit;
  const verdict = judge(snapshot, asset, limit, policy);
  if (verdict === 'unknown') return null;
  const held = spotHeld(account, markets, marketOfAsset(markets, asset)?.asset ?? asset);
  if (verdict === 'passes' && limit === held) return limit;
  let [passes, refused] = verdict === 'passes' ? [limit, limit] : [0n, limit];
  while (refused - passes > limit / PRECISION + 1n) {
    const half = (passes + refused) / 2n;
    if (judge(snapshot, asset, half, policy) === 'passes') passes = half;
    else refused = half;
  }
  return max<bigint>(passes - slack(account, snapshot, asset), 0n);
}

/** Base units of the asset worth a part of the account's collateral. */
function slack(account: Account, { markets }: Snapshot, asset: Asset): bigint {
  const market = marketOfAsset(markets, asset);
  const margin = assessMargin(account, markets);
  if (market?.oracle.price == null || margin.kind === 'unknown') return 0n;
  const value = max<bigint>(margin.figures.totalCollateralMaintenance, 0n) / COLLATERAL_SLACK;
  return divCeil(value * 10n ** BigInt(market.decimals), market.oracle.price);
}
