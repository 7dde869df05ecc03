/**
 * When to hold the hedge: the policies of the backtest, as pure definitions. Each answers after a period's end, from the
 * periods up to it, whether it wants the short from then on. The confidence rule is what the engine offers.
 */
import { periodsPerYear } from '../hedge/funding.ts';
import { MS_PER_HOUR } from '../money/units.ts';
import { type ConfidenceRule, confidenceOf, isWorthEntering, isWorthHolding, rateWindow } from './confidence.ts';
import type { RateHistory } from './rate-history.ts';

const PERCENT = 100;
/** The profit gate's own trailing mean, which its exit reads too. */
export const GATE_MEAN_HOURS = 168;

/** What a policy may know when it decides. */
export interface CarrySituation {
  readonly rates: RateHistory;
  readonly nowMs: number;
  /** A short is open. */
  readonly holding: boolean;
  /** When the short was opened; null while flat. */
  readonly openedAtMs: number | null;
  readonly horizonHours: number;
  /** Opening and closing what would be opened now: fees, slippage and gas as a fraction of the notional; null unknown. */
  roundTrip(): number | null;
}

export interface CarryPolicy {
  /** As it is written: name and parameters. */
  readonly text: string;
  /** Opening must also pass the seed's profit gate. */
  readonly profitGate: boolean;
  wantsShort(situation: CarrySituation): boolean;
}

const yearly = (mean: number, rates: RateHistory): number => mean * periodsPerYear(rates.periodMs) * PERCENT;

export const neverPolicy = (text = 'never'): CarryPolicy => ({ text, profitGate: false, wantsShort: () => false });

export const alwaysPolicy = (text = 'always'): CarryPolicy => ({ text, profitGate: false, wantsShort: () => true });

/** Between the two thresholds (per cent a year) it stays as it is. */
export interface Hysteresis {
  readonly enterAprPct: number;
  readonly exitAprPct: number;
}

function hysteresis(meanApr: number | null, holding: boolean, { enterAprPct, exitAprPct }: Hysteresis): boolean {
  if (meanApr === null) return holding;
  return holding ? meanApr >= exitAprPct : meanApr >= enterAprPct;
}

export const meanPolicy = (text: string, hours: number, limits: Hysteresis): CarryPolicy => ({
  text,
  profitGate: false,
  wantsShort({ rates, holding }) {
    const mean = rates.mean(hours);
    return hysteresis(mean === null ? null : yearly(mean, rates), holding, limits);
  },
});

/**
 * Weights halve every `halfLifeHours`, over all that is known; the first half-life decides nothing. It goes on from where
 * it was, so one instance follows one history.
 */
export function ewmaPolicy(text: string, halfLifeHours: number, limits: Hysteresis): CarryPolicy {
  let weighted = 0;
  let weight = 0;
  let seen = 0;
  return {
    text,
    profitGate: false,
    wantsShort({ rates, holding }) {
      const fade = 0.5 ** (rates.periodMs / MS_PER_HOUR / halfLifeHours);
      for (; seen < rates.known; seen += 1) {
        const elapsed = seen === 0 ? 0 : rates.slotAt(seen) - rates.slotAt(seen - 1);
        const kept = elapsed === 1 ? fade : fade ** elapsed;
        weighted = weighted * kept + rates.rateAt(seen);
        weight = weight * kept + 1;
      }
      const known = rates.known >= rates.periodsIn(halfLifeHours);
      return hysteresis(known ? yearly(weighted / weight, rates) : null, holding, limits);
    },
  };
}

/** What the gate rounds away at most, per period, and the part of the cost that it certainly asks for. */
const GATE_ROUNDING = 2e-9;
const GATE_PART = 0.9;

/**
 * Whether it is worth asking the seed's gate, which looks at the whole account: half of the lower of the last rate and the
 * mean must come near the round trip. Not a judgement; the gate's own decides.
 */
export function couldPay(rates: RateHistory, horizonHours: number, roundTrip: number | null): boolean {
  const mean = rates.meanOfKnown(GATE_MEAN_HOURS);
  if (mean === null || roundTrip === null) return false;
  const rate = Math.min(mean, rates.rateAt(rates.known - 1)) + GATE_ROUNDING;
  return (rate / 2) * rates.periodsIn(horizonHours) >= roundTrip * GATE_PART;
}

export type GateExit = 'none' | 'horizon' | 'mean_negative';

/** The seed's gate at the door, and one way out or none. */
export const gatePolicy = (text: string, exit: GateExit): CarryPolicy => ({
  text,
  profitGate: true,
  wantsShort({ rates, holding, openedAtMs, nowMs, horizonHours, roundTrip }) {
    if (!holding) return couldPay(rates, horizonHours, roundTrip());
    switch (exit) {
      case 'none':
        return true;
      case 'horizon': {
        // Rows some seconds off the hour still count as whole hours.
        const heldMs = nowMs - (openedAtMs ?? nowMs);
        return Math.round(heldMs / rates.periodMs) < rates.periodsIn(horizonHours);
      }
      case 'mean_negative':
        return (rates.meanOfKnown(GATE_MEAN_HOURS) ?? 0) >= 0;
    }
  },
});

/**
 * @param perPeriod what each period of holding costs beside the round trip, as a fraction
 * Enters when the mean, less `z` times its error, pays the round trip within the horizon; leaves when the mean is below
 * the exit. An error of the mean, unlike a halved rate, does not punish what is steady.
 */
export const confidencePolicy = (text: string, rule: ConfidenceRule, perPeriod = 0): CarryPolicy => ({
  text,
  profitGate: false,
  wantsShort({ rates, holding, horizonHours, roundTrip }) {
    const mean = rates.mean(rule.hours);
    if (holding) return isWorthHolding(mean === null ? null : yearly(mean, rates), rule.exitAprPct);
    // What the mean itself does not pay, it does not pay with certainty either.
    if (mean === null || mean <= 0) return false;
    const confidence = confidenceOf(rateWindow(rates, rule));
    const cost = confidence === null ? null : roundTrip();
    if (confidence === null || cost === null) return false;
    return isWorthEntering(confidence, rule.z, rates.periodsIn(horizonHours), { roundTrip: cost, perPeriod });
  },
});

export interface ScheduledPolicy {
  /** In force from here on. */
  readonly fromMs: number;
  readonly policy: CarryPolicy;
}

/** One policy after another, in order of time; before the first, never. */
export function scheduledPolicy(text: string, schedule: readonly ScheduledPolicy[]): CarryPolicy {
  let at = -1;
  const current = (nowMs: number): CarryPolicy | null => {
    while (at + 1 < schedule.length && (schedule[at + 1] as ScheduledPolicy).fromMs <= nowMs) at += 1;
    return schedule[at]?.policy ?? null;
  };
  return {
    text,
    get profitGate() {
      return schedule[at]?.policy.profitGate ?? false;
    },
    wantsShort: (situation) => current(situation.nowMs)?.wantsShort(situation) ?? false,
  };
}
