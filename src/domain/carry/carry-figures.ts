/** The carry verdict as figures and in words, as `/api/carry` and previews give it. */
import { SOL_PERP } from '../account/account.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { carryTerms, type Policy } from '../hedge/policy.ts';
import { percentText } from '../money/display.ts';
import { solNumber, usdNumber } from '../money/units.ts';
import type { Confidence } from './confidence.ts';
import { type CarryVerdict, carryVerdict, givenUpAprPct, type HedgeOutlook, yearlyPct } from './verdict.ts';

const HOURS_PER_DAY = 24;
const MS_PER_DAY = 86_400_000;

/** Per cent a year and USD a day; null: unknown. */
export function carryFigures(snapshot: Snapshot, policy: Policy, verdict: CarryVerdict) {
  const { periodMs, confidence, hedge, lastRate, z } = verdict;
  const terms = carryTerms(policy);
  const apr = (perPeriod: number | null): number | null => (perPeriod === null ? null : yearlyPct(perPeriod, periodMs));
  const { window } = snapshot.funding;
  return {
    market: SOL_PERP,
    holding: verdict.holding,
    apr_now: apr(lastRate),
    apr_mean: apr(confidence?.mean ?? null),
    apr_error: apr(confidence?.error ?? null),
    apr_lower: apr(confidence === null ? null : confidence.mean - z * confidence.error),
    apr_after_our_size: apr(hedge?.afterOurs ?? null),
    apr_expected: apr(hedge?.expected ?? null),
    apr_costs: hedge === null ? null : costsAprPct(verdict, hedge),
    apr_net: hedge === null ? null : netAprPct(verdict, hedge),
    apr_given_up: givenUpAprPct(snapshot, terms),
    per_day: hedge === null ? null : perDayUsd(verdict, hedge),
    break_even_days: hedge === null ? null : breakEvenDays(verdict, hedge),
    pays: hedge?.pays ?? null,
    sentence: carrySentence(verdict),
    size: hedge === null ? null : solNumber(hedge.size),
    size_base: hedge === null ? null : hedge.size.toString(),
    notional: hedge === null ? null : usdNumber(hedge.notional),
    round_trip_pct: hedge === null ? null : hedge.cost.roundTrip * 100,
    round_trip: hedge === null ? null : (hedge.cost.roundTrip * Number(hedge.notional)) / 1e6,
    horizon_hours: policy.holdingHorizonHours,
    window_hours: terms.windowHours,
    known_periods: window?.hours === terms.windowHours ? window.total.known : null,
    wanted_periods: window?.hours === terms.windowHours ? window.wanted : null,
    z,
    missing: [...verdict.missing],
  };
}

/** The round trip, spread over the horizon, and what is given up. */
function costsAprPct({ periodMs, horizonPeriods }: CarryVerdict, { cost }: HedgeOutlook): number {
  return yearlyPct(cost.roundTrip / horizonPeriods + cost.perPeriod, periodMs);
}

/** With a short open the way in is paid, so only what comes counts. */
function netAprPct(verdict: CarryVerdict, hedge: HedgeOutlook): number {
  const { periodMs, holding } = verdict;
  return holding
    ? yearlyPct(hedge.expected - hedge.cost.perPeriod, periodMs)
    : yearlyPct(hedge.expected, periodMs) - costsAprPct(verdict, hedge);
}

const perDayUsd = ({ periodMs }: CarryVerdict, { expected, cost, notional }: HedgeOutlook): number =>
  (((expected - cost.perPeriod) * MS_PER_DAY) / periodMs) * (Number(notional) / 1e6);

/** Until the round trip is earned; null: never. */
function breakEvenDays({ periodMs }: CarryVerdict, { expected, cost }: HedgeOutlook): number | null {
  const perPeriod = expected - cost.perPeriod;
  return perPeriod > 0 ? (cost.roundTrip / perPeriod) * (periodMs / MS_PER_DAY) : null;
}

/** A venue publishes its rates more finely than anybody can know a cost. */
const FUNDING_DECIMALS = 2;
const fundingText = (perPeriod: number, periodMs: number): string =>
  percentText(yearlyPct(perPeriod, periodMs), FUNDING_DECIMALS);

const daysText = (days: number): string => {
  if (days >= 1) {
    const whole = Math.round(days);
    return `${whole} ${whole === 1 ? 'day' : 'days'}`;
  }
  const hours = Math.max(1, Math.round(days * HOURS_PER_DAY));
  return `${hours} ${hours === 1 ? 'hour' : 'hours'}`;
};

/** The rule's verdict beside the profit gate, on the preview of a trade that adds to the hedge. */
export function carryBeside(snapshot: Snapshot, policy: Policy): { pays: boolean | null; sentence: string } {
  const verdict = carryVerdict(snapshot, policy, false);
  return { pays: verdict.hedge?.pays ?? null, sentence: carrySentence(verdict) };
}

export function carrySentence(verdict: CarryVerdict): string {
  const { hedge, confidence, missing } = verdict;
  if (hedge === null || confidence === null) {
    return `${verdict.holding ? 'Whether the hedge pays is not known' : 'Stay unhedged: whether hedging would pay is not known'}. What is missing: ${missing.join('; ')}.`;
  }
  return verdict.holding ? stayingSentence(verdict, hedge) : enteringSentence(verdict, hedge, confidence);
}

function stayingSentence(verdict: CarryVerdict, hedge: HedgeOutlook): string {
  const net = netAprPct(verdict, hedge);
  const funding = fundingText(hedge.expected, verdict.periodMs);
  const givenUp = yearlyPct(hedge.cost.perPeriod, verdict.periodMs);
  const minus = givenUp > 0 ? `, minus ${percentText(givenUp)} given up elsewhere` : '';
  return hedge.pays
    ? `Keep the hedge: it earns about ${percentText(net)} a year (funding ${funding}${minus}).`
    : `Leave the hedge: it costs about ${percentText(-net)} a year (funding ${funding}${minus}). Stay unhedged until it pays again.`;
}

function enteringSentence(verdict: CarryVerdict, hedge: HedgeOutlook, confidence: Confidence): string {
  const { periodMs, z } = verdict;
  const net = netAprPct(verdict, hedge);
  const costs = percentText(costsAprPct(verdict, hedge));
  const funding = fundingText(hedge.expected, periodMs);
  const days = breakEvenDays(verdict, hedge);
  const sum = `(funding ${funding}, minus costs ${costs})`;
  if (hedge.pays) {
    const after = days === null ? '' : `; break-even after ${daysText(days)}`;
    return `Hedging now would earn about ${percentText(net)} a year ${sum}${after}.`;
  }
  if (net <= 0) return `Stay unhedged: hedging would cost about ${percentText(-net)} a year ${sum}.`;
  const margin = percentText(yearlyPct(z * confidence.error, periodMs));
  return `Stay unhedged: hedging would earn about ${percentText(net)} a year ${sum}, but the funding is uncertain by ${margin}.`;
}
