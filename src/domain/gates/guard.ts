/**
 * The guard: near liquidation, the least reduce-only trade that brings the account back. Needs no consent, cooldown or
 * delta gate; only shrinks, never crosses zero.
 */
import { type Account, SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { accountAfter } from '../hedge/account-after.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin, perpMarketOf, perpSize } from '../margin/margin.ts';
import { abs, divCeil, type Lamports, lamports, max, min } from '../money/units.ts';
import { liquidationDistancePct, worstPriceOf } from './gate-subject.ts';

const GUARD_HEALTH = 20;
export const GUARD_LIQUIDATION_DISTANCE_PCT = 10;
/** What the guard's trade restores. */
const GUARD_TARGET_HEALTH = 50;

interface Danger {
  /** 0 to 100; null unknown. */
  readonly health: number | null;
  /** Per cent from the oracle; 'none' when no price liquidates; null unknown. */
  readonly liquidationDistancePct: number | 'none' | null;
}

export function dangerOf(account: Account, markets: Snapshot['markets'], market = SOL_PERP): Danger {
  const margin = assessMargin(account, markets);
  return {
    health: margin.kind === 'known' ? margin.figures.healthExact : null,
    liquidationDistancePct: liquidationDistancePct(account, markets, market),
  };
}

const isNear = (distance: Danger['liquidationDistancePct'], limit: number): boolean =>
  distance !== null && distance !== 'none' && distance < limit;

/** Known danger only: for unknown figures there is an alert, because no size could be computed. */
export const isInDanger = (danger: Danger): boolean =>
  (danger.health !== null && danger.health < GUARD_HEALTH) ||
  isNear(danger.liquidationDistancePct, GUARD_LIQUIDATION_DISTANCE_PCT);

interface GuardTrade {
  /** Signed lamports, positive = buy. */
  readonly delta: Lamports;
  readonly danger: Danger;
  /** As it would stand after the trade at its worst price; null: even flat it is not restored. */
  readonly healthAfter: number | null;
}

/**
 * The least multiple of the step (at most the whole position) after which health is 50 and liquidation no nearer than
 * 10 %, at the worst price that the limit allows. Where even flat would not restore that: the whole position if
 * liquidation is near, for then the position is the danger; else nothing, for then a borrow is, and closing the hedge
 * would only expose the collateral that stands behind it. Null too without danger, position, or price to size with.
 */
export function guardTrade(snapshot: Snapshot, policy: Policy, marketName = SOL_PERP): GuardTrade | null {
  const { account, markets } = snapshot;
  const market = perpMarketOf(markets, marketName);
  if (account === null || market === null) return null;
  const position = perpSize(account, markets, marketName);
  const danger = dangerOf(account, markets, marketName);
  if (position === 0n || !isInDanger(danger)) return null;
  const sign = position < 0n ? 1n : -1n;
  const price = worstPriceOf(market, lamports(sign), policy);
  if (price === null) return null;

  const size = abs(position);
  const step = max(market.stepSize, lamports(1n));
  const deltaOf = (steps: bigint): Lamports => lamports(sign * min<bigint>(steps * step, size));
  /** Null where that many steps are not enough. */
  const restoredHealth = (steps: bigint): number | null => {
    const after = accountAfter(snapshot, { kind: 'trade', market: marketName, delta: deltaOf(steps), price });
    if (after === null || after.account === null) return null;
    const { health, liquidationDistancePct: distance } = dangerOf(after.account, markets, marketName);
    if (health === null || health < GUARD_TARGET_HEALTH) return null;
    return isNear(distance, GUARD_LIQUIDATION_DISTANCE_PCT) ? null : health;
  };

  let enough = divCeil(size, step);
  if (restoredHealth(enough) === null) {
    const near = isNear(danger.liquidationDistancePct, GUARD_LIQUIDATION_DISTANCE_PCT);
    return near ? { delta: lamports(-position), danger, healthAfter: null } : null;
  }
  let tooFew = 0n;
  // Halves the span each time: at most 64 rounds for a 64-bit position.
  while (enough - tooFew > 1n) {
    const middle = (enough + tooFew) / 2n;
    if (restoredHealth(middle) === null) tooFew = middle;
    else enough = middle;
  }
  return { delta: deltaOf(enough), danger, healthAfter: restoredHealth(enough) };
}
