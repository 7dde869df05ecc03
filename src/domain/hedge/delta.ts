/** Delta, counted in SOL: what the price moves, how far that is from neutral, and from what a person chose to hedge. */
import { type Account, type Markets, SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { perpMarketOf, perpSize, spotHeld } from '../margin/margin.ts';
import { abs, divFloor, type Lamports, lamports, max } from '../money/units.ts';
import type { Policy } from './policy.ts';

/** A hedge target of 1, in ppm. */
export const FULL_HEDGE_PPM = 1_000_000;
const PPM = BigInt(FULL_HEDGE_PPM);
/** Seed, property 1: hedgeable spot is never taken as less, so that drift is defined with no spot at all. */
export const MIN_HEDGEABLE: Lamports = lamports(1_000_000n);

type CorrectionDirection = 'EXPAND_SHORT' | 'REDUCE_SHORT';

export interface Exposure {
  /** SOL that counts; null when it cannot be known. */
  readonly spot: Lamports | null;
  readonly perp: Lamports;
  readonly netDelta: Lamports | null;
  readonly hedgeable: Lamports | null;
  /** From full neutrality, signed, per cent of hedgeable. */
  readonly driftPct: number | null;
  /** The short exceeds spot by more than tolerance, or stands against no or unknown spot. */
  readonly naked: boolean;
}

/** What is hedgeable of `spot`: less the reserve, and at least `MIN_HEDGEABLE`. */
export const hedgeableSpot = (spot: Lamports, reserved: Lamports): Lamports =>
  max(lamports(spot - reserved), MIN_HEDGEABLE);

/** Interest, gas and rounding move a net delta by less than this: a ten-thousandth of what can be hedged. */
export const deltaSlack = (spot: Lamports, reserved: Lamports): bigint => hedgeableSpot(spot, reserved) / 10_000n;

/** (spot + perp) / hedgeable x 100; perp is negative for a short. Signed: positive is net long. */
export const driftPct = (spot: Lamports, perp: Lamports, reserved: Lamports): number =>
  driftFromTargetPct(spot, perp, reserved, FULL_HEDGE_PPM);

/** The short that the target asks for, as positive lamports, rounded down. */
export const targetShort = (spot: Lamports, targetPpm: number): Lamports =>
  lamports(divFloor(max(spot, lamports(0n)) * BigInt(targetPpm), PPM));

/** The same formula against the part of spot that a person chose to hedge: 0 where the short is what was chosen. */
export function driftFromTargetPct(spot: Lamports, perp: Lamports, reserved: Lamports, targetPpm: number): number {
  const wanted = targetPpm === FULL_HEDGE_PPM ? spot : targetShort(spot, targetPpm);
  return (Number(wanted + perp) / Number(hedgeableSpot(spot, reserved))) * 100;
}

/** Seed, property 8. Null when there is nothing to correct. */
export function correctionDirection(netDelta: Lamports): CorrectionDirection | null {
  if (netDelta === 0n) return null;
  return netDelta > 0n ? 'EXPAND_SHORT' : 'REDUCE_SHORT';
}

/** A short against no spot is naked whatever its size; tolerance is of hedgeable spot. `spot` null: unknown. */
export function isNaked(spot: Lamports | null, perp: Lamports, reserved: Lamports, tolerancePct: number): boolean {
  if (perp >= 0n) return false;
  if (spot === null || spot <= 0n) return true;
  return driftPct(spot, perp, reserved) < -tolerancePct;
}

/** What of a short lies beyond spot, lamports; 0 when spot covers it. */
export const excessOf = (spot: Lamports, perp: Lamports): bigint => {
  const net = spot + perp;
  return net < 0n && perp < 0n ? -net : 0n;
};

/** Short / spot from 0 to 1, in ppm, to the nearest: what a person chose by opening. No spot or no short: 0. */
export function hedgeTargetPpm(spot: Lamports, perp: Lamports): number {
  if (perp >= 0n || spot <= 0n) return 0;
  const ppm = (abs(perp) * PPM + spot / 2n) / spot;
  return Number(ppm > PPM ? PPM : ppm);
}

/**
 * The trade that restores the target: signed lamports, positive = buy, rounded toward zero to `step`. Price is nowhere
 * in it.
 */
export function correctionTo(targetPpm: number, spot: Lamports, perp: Lamports, step: Lamports): Lamports {
  const wanted = targetPpm === FULL_HEDGE_PPM ? max(spot, lamports(0n)) : targetShort(spot, targetPpm);
  const delta = -(wanted + perp);
  const unit = max(step, lamports(1n));
  return lamports((delta / unit) * unit);
}

/** The reserve counts only where wallet SOL does. */
export const reservedFor = (policy: Policy): Lamports => (policy.hedgeWalletSol ? policy.reservedSol : lamports(0n));

/**
 * Deposited SOL, and the wallet's with HEDGE_WALLET_SOL; a borrow counts against it. Null: unknown, because the venue
 * did not tell of the spot market.
 */
function spotCounted(
  account: Account | null,
  markets: Markets,
  walletSol: Lamports,
  policy: Policy,
  market = SOL_PERP,
): Lamports | null {
  const asset = perpMarketOf(markets, market)?.baseAsset;
  if (asset === undefined || !markets.spot.some((spot) => spot.asset === asset)) return null;
  const deposited = account === null ? 0n : spotHeld(account, markets, asset);
  return lamports(policy.hedgeWalletSol ? deposited + walletSol : deposited);
}

export const countedSpot = (snapshot: Snapshot, policy: Policy, market = SOL_PERP): Lamports | null =>
  spotCounted(snapshot.account, snapshot.markets, snapshot.wallet.sol, policy, market);

/** Of an account and wallet that need not be the snapshot's own: gates ask it of the account after a trade. */
function exposureOf(
  account: Account | null,
  markets: Markets,
  walletSol: Lamports,
  policy: Policy,
  market = SOL_PERP,
): Exposure {
  const spot = spotCounted(account, markets, walletSol, policy, market);
  const perp = account === null ? lamports(0n) : perpSize(account, markets, market);
  const reserved = reservedFor(policy);
  const naked = isNaked(spot, perp, reserved, policy.driftTolerancePct);
  if (spot === null) return { spot, perp, netDelta: null, hedgeable: null, driftPct: null, naked };
  return {
    spot,
    perp,
    netDelta: lamports(spot + perp),
    hedgeable: hedgeableSpot(spot, reserved),
    driftPct: driftPct(spot, perp, reserved),
    naked,
  };
}

export const exposure = (snapshot: Snapshot, policy: Policy, market = SOL_PERP): Exposure =>
  exposureOf(snapshot.account, snapshot.markets, snapshot.wallet.sol, policy, market);
