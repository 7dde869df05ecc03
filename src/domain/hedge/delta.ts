/** Delta in SOL: the exposure to the price, its distance from neutral and from the hedge that a person chose. */
import { type Account, type Markets, SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { perpMarketOf, perpSize, spotHeld } from '../margin/margin.ts';
import { abs, divFloor, type Lamports, lamports, max } from '../money/units.ts';
import type { Policy } from './policy.ts';

/** A hedge target of 1, in ppm. */
export const FULL_HEDGE_PPM = 1_000_000;
const PPM = BigInt(FULL_HEDGE_PPM);
/** Lower bound of hedgeable spot, so that the hedge deviation is defined without any spot. */
export const MIN_HEDGEABLE: Lamports = lamports(1_000_000n);

type CorrectionDirection = 'EXPAND_SHORT' | 'REDUCE_SHORT';

export interface Exposure {
  /** SOL that counts; null if unknown. */
  readonly spot: Lamports | null;
  readonly perp: Lamports;
  readonly netDelta: Lamports | null;
  readonly hedgeable: Lamports | null;
  /** Deviation from full neutrality, signed, in per cent of hedgeable spot. */
  readonly driftPct: number | null;
  /** The short exceeds spot by more than tolerance, or there is no spot, or spot is unknown. */
  readonly naked: boolean;
}

/** The hedgeable part of `spot`: without the reserve, and at least `MIN_HEDGEABLE`. */
export const hedgeableSpot = (spot: Lamports, reserved: Lamports): Lamports =>
  max(lamports(spot - reserved), MIN_HEDGEABLE);

/** Interest, gas and rounding change net delta by less than this: a ten-thousandth of hedgeable spot. */
export const deltaSlack = (spot: Lamports, reserved: Lamports): bigint => hedgeableSpot(spot, reserved) / 10_000n;

/** (spot + perp) / hedgeable x 100; perp is negative for a short. Signed: positive is net long. */
export const driftPct = (spot: Lamports, perp: Lamports, reserved: Lamports): number =>
  driftFromTargetPct(spot, perp, reserved, FULL_HEDGE_PPM);

/** The short that the target asks for, as positive lamports, rounded down. */
export const targetShort = (spot: Lamports, targetPpm: number): Lamports =>
  lamports(divFloor(max(spot, lamports(0n)) * BigInt(targetPpm), PPM));

/** The same formula for the part of spot that a person chose to hedge: 0 if the short is as chosen. */
export function driftFromTargetPct(spot: Lamports, perp: Lamports, reserved: Lamports, targetPpm: number): number {
  const wanted = targetPpm === FULL_HEDGE_PPM ? spot : targetShort(spot, targetPpm);
  return (Number(wanted + perp) / Number(hedgeableSpot(spot, reserved))) * 100;
}

/** Null if there is nothing to correct. */
export function correctionDirection(netDelta: Lamports): CorrectionDirection | null {
  if (netDelta === 0n) return null;
  return netDelta > 0n ? 'EXPAND_SHORT' : 'REDUCE_SHORT';
}

/** A short without spot is naked, whatever its size; tolerance is a part of hedgeable spot. `spot` null: unknown. */
export function isNaked(spot: Lamports | null, perp: Lamports, reserved: Lamports, tolerancePct: number): boolean {
  if (perp >= 0n) return false;
  if (spot === null || spot <= 0n) return true;
  return driftPct(spot, perp, reserved) < -tolerancePct;
}

/** The part of a short that exceeds spot, lamports; 0 if spot covers it. */
export const excessOf = (spot: Lamports, perp: Lamports): bigint => {
  const net = spot + perp;
  return net < 0n && perp < 0n ? -net : 0n;
};

/** Short / spot from 0 to 1, in ppm, rounded: the hedge target that opening sets. Without spot or short: 0. */
export function hedgeTargetPpm(spot: Lamports, perp: Lamports): number {
  if (perp >= 0n || spot <= 0n) return 0;
  const ppm = (abs(perp) * PPM + spot / 2n) / spot;
  return Number(ppm > PPM ? PPM : ppm);
}

/**
 * The trade that restores the target: signed lamports, positive = buy, whole steps. The nearest step, unless that would leave
 * a naked short: then one step less short. It never crosses zero and does not depend on the price.
 */
export function correctionTo(
  targetPpm: number,
  { spot, perp }: { readonly spot: Lamports; readonly perp: Lamports },
  step: Lamports,
  policy: Policy,
): Lamports {
  const unit = max(step, lamports(1n));
  const delta = toNearest(lamports(-(wantedShort(targetPpm, spot) + perp)), unit);
  const isTooShort = (size: bigint): boolean =>
    isNaked(spot, lamports(perp + size), reservedFor(policy), policy.driftTolerancePct);
  if (perp + delta > 0n) return lamports(delta - unit);
  const less = lamports(delta + unit);
  return isTooShort(delta) && !isTooShort(less) && perp + less <= 0n ? less : delta;
}

const wantedShort = (targetPpm: number, spot: Lamports): Lamports =>
  targetPpm === FULL_HEDGE_PPM ? max(spot, lamports(0n)) : targetShort(spot, targetPpm);

/** By how many lamports the perp differs from what the target asks for, without a sign. */
export const offTarget = (targetPpm: number, spot: Lamports, perp: Lamports): Lamports =>
  abs(lamports(wantedShort(targetPpm, spot) + perp));

/** Half a step is rounded toward zero. */
function toNearest(size: Lamports, unit: Lamports): Lamports {
  const units = (2n * abs(size) + unit - 1n) / (2n * unit);
  return lamports(size < 0n ? -units * unit : units * unit);
}

/** The reserve matters only if wallet SOL counts. */
export const reservedFor = (policy: Policy): Lamports => (policy.hedgeWalletSol ? policy.reservedSol : lamports(0n));

/**
 * Deposited SOL, and the wallet's with HEDGE_WALLET_SOL; a borrow counts against it. Null: unknown, because the venue
 * did not report the spot market.
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

/** For any account and wallet, not only the snapshot's own: gates use it for the account after a trade. */
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
