/** Checks of the account after the operation: margin, liquidation, exposure, and whether it pays. */

import { addedSize } from '../account/position.ts';
import { judgeProfitability, type OwnSizeEffect } from '../hedge/carry.ts';
import { countedSpot, driftPct, hedgeableSpot, reservedFor } from '../hedge/delta.ts';
import { annualizedRate } from '../hedge/funding.ts';
import { formatSol } from '../money/amounts.ts';
import { TELLING_DEVIATION_PCT } from '../money/display.ts';
import { abs, type Lamports, lamports, solNumber, usdNumber } from '../money/units.ts';
import { whatHoldsBack } from './gate-size-checks.ts';
import {
  type GateCheck,
  type GateSubject,
  liquidationDistancePct,
  unknownAs,
  walletSolChange,
} from './gate-subject.ts';

/** The trade's limits whatever MAX_LEVERAGE says; the setting may only lower them. */
const LEVERAGE_CAP = { live: 5, paper: 10 } as const;
/** Health after an increase, and after a withdrawal. */
const MIN_HEALTH_AFTER = 60;
const MIN_HEALTH_AFTER_WITHDRAW = 80;

export function leverage({ margin, policy }: GateSubject): GateCheck {
  const need = Math.min(policy.maxLeverage, LEVERAGE_CAP[policy.mode]);
  if (margin.kind === 'unknown') return unknownAs('x', need, margin.missing);
  const { figures } = margin;
  // Nothing left to owe against: the ratio is then zero or negative, and no number is high enough to say so.
  const owing = figures.maintenanceMargin > 0n && figures.netValue <= 0n;
  return {
    pass: !owing && figures.leverage <= need,
    have: owing ? null : figures.leverage,
    need,
    unit: 'x',
    remedy: 'Choose a smaller size or deposit more.',
  };
}

export function healthAfter({ margin, operation, snapshot }: GateSubject): GateCheck {
  const need = operation.kind === 'withdraw' ? MIN_HEALTH_AFTER_WITHDRAW : MIN_HEALTH_AFTER;
  if (margin.kind === 'unknown') return unknownAs('%', need, margin.missing);
  return {
    pass: margin.figures.healthExact >= need,
    have: margin.figures.healthExact,
    need,
    unit: '%',
    remedy:
      operation.kind === 'withdraw'
        ? `Withdraw less, or close and settle first.${whatHoldsBack(snapshot)}`
        : 'Choose a smaller size or deposit more.',
  };
}

export function liquidationDistance({ after, snapshot, policy, operation, market }: GateSubject): GateCheck {
  const need = policy.minLiquidationDistancePct;
  const names = 'market' in operation ? [operation.market] : snapshot.markets.perps.map((perp) => perp.market);
  if (after === null || after.account === null || ('market' in operation && market === null)) {
    return unknownAs('%', need, ['the account after the operation']);
  }
  let nearest: number | 'none' = 'none';
  for (const name of names) {
    const distance = liquidationDistancePct(after.account, snapshot.markets, name);
    if (distance === null) return unknownAs('%', need, [`the liquidation price of ${name}`]);
    if (distance !== 'none' && (nearest === 'none' || distance < nearest)) nearest = distance;
  }
  return {
    pass: nearest === 'none' || nearest >= need,
    have: nearest,
    need,
    unit: '%',
    remedy: 'Choose a smaller size or deposit more.',
  };
}

interface DeltaAfter {
  readonly spot: Lamports;
  readonly perp: Lamports;
  readonly net: Lamports;
}

/** As it would stand after the operation; null: spot is unknown. */
export function deltaAfter({ snapshot, operation, amount, policy, perp, delta }: GateSubject): DeltaAfter | null {
  const before = countedSpot(snapshot, policy);
  if (before === null) return null;
  const moved = policy.hedgeWalletSol ? 0n : -walletSolChange({ operation, amount });
  const spot = lamports(before + moved);
  return { spot, perp: lamports(perp + delta), net: lamports(spot + perp + delta) };
}

/** Beyond tolerance, and farther from zero than before or on its other side. */
export function deltaExposed(subject: GateSubject): GateCheck {
  const { snapshot, policy, perp } = subject;
  const need = policy.driftTolerancePct;
  const spot = countedSpot(snapshot, policy);
  const exposed = deltaAfter(subject);
  if (spot === null || exposed === null) return unknownAs('%', need, ['spot']);
  const { spot: spotAfter, perp: perpAfter, net: after } = exposed;
  const before = spot + perp;
  const drift = driftPct(spotAfter, perpAfter, reservedFor(policy));
  const farther = abs(after) > abs(before) || (after !== 0n && before !== 0n && after > 0n !== before > 0n);
  // With next to no spot a percentage is meaningless, so the exposure is given in SOL.
  const inSol = Math.abs(drift) > TELLING_DEVIATION_PCT;
  const tolerated = Number(hedgeableSpot(spotAfter, reservedFor(policy))) * (need / 100);
  return {
    pass: Math.abs(drift) <= need || !farther,
    ...(inSol
      ? { have: solNumber(lamports(after)), need: solNumber(lamports(BigInt(Math.floor(tolerated)))), unit: 'SOL' }
      : { have: drift, need, unit: '%' }),
    remedy: 'Confirm that you want this exposure, or choose a size that hedges what you hold.',
  };
}

export function unprofitable({ snapshot, delta, perp, policy, operation }: GateSubject): GateCheck {
  const side = delta > 0n ? 'long' : 'short';
  const market = 'market' in operation ? operation.market : undefined;
  const judged = judgeProfitability(snapshot, addedSize(perp, delta), side, policy, market);
  if (judged.kind === 'unknown') return unknownAs('USD', 'the cost', judged.missing);
  const { profitability: at } = judged;
  const periodMs = snapshot.funding.periodMs;
  const breakEven =
    at.breakEvenDays === null
      ? "At today's rate the costs are never recovered."
      : `At today's rate the costs are recovered in ${at.breakEvenDays.toFixed(1)} days; the limit is ${at.horizonHours} h.`;
  const lastPassed = at.lastPassedTsMs === null ? null : new Date(at.lastPassedTsMs).toISOString();
  return {
    pass: at.pass,
    have: usdNumber(at.expected),
    need: usdNumber(at.cost.total),
    unit: 'USD',
    remedy:
      `${breakEven} Needs at least ${(annualizedRate(at.neededRate, periodMs) * 100).toFixed(2)} % APR` +
      `${lastPassed === null ? ', which no known period reached.' : `, last met at ${lastPassed}.`}` +
      `${at.shortHistory ? ' Less than 24 h of funding history is known.' : ''}` +
      ownSizeSentence(at.ownSize, periodMs),
    detail: {
      expected_usd: usdNumber(at.expected),
      fees_usd: usdNumber(at.cost.fees),
      slippage_usd: usdNumber(at.cost.slippage),
      gas_usd: usdNumber(at.cost.gas),
      extra_interest_usd: usdNumber(at.extraInterest),
      rate_pct_per_year: annualizedRate(at.rate, periodMs) * 100,
      needed_rate_pct_per_year: annualizedRate(at.neededRate, periodMs) * 100,
      break_even_days: at.breakEvenDays,
      last_passed: lastPassed,
      horizon_hours: at.horizonHours,
      short_history: at.shortHistory,
      ...ownSizeDetail(at.ownSize, periodMs),
    },
  };
}

const yearlyPct = (rate: bigint, periodMs: number): number => annualizedRate(rate, periodMs) * 100;

function ownSizeSentence(effect: OwnSizeEffect | null, periodMs: number): string {
  if (effect === null) return '';
  const { rateWithout, rateAfter, largestPaying } = effect;
  const moved = `${yearlyPct(rateWithout, periodMs).toFixed(2)} % to ${yearlyPct(rateAfter, periodMs).toFixed(2)} % APR`;
  const most = largestPaying === 0n ? 'No size pays now.' : `Up to ${formatSol(largestPaying)} SOL would pay.`;
  return ` This size alone moves what the market pays a short from ${moved}. ${most}`;
}

const ownSizeDetail = (effect: OwnSizeEffect | null, periodMs: number) =>
  effect === null
    ? {}
    : {
        rate_without_trade_pct_per_year: yearlyPct(effect.rateWithout, periodMs),
        rate_after_trade_pct_per_year: yearlyPct(effect.rateAfter, periodMs),
        largest_paying_size: formatSol(effect.largestPaying),
      };
