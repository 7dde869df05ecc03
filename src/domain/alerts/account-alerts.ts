/** Alerts about the account and its position. Raised by `account-conditions.ts` and by the watch. */
import { type FailedGate, gateSentence } from '../gates/gate-words.ts';
import { GUARD_LIQUIDATION_DISTANCE_PCT } from '../gates/guard.ts';
import { percentText, shownSol, shownUsd, signedDeviation, timeText } from '../money/display.ts';
import { condition, withPeriod } from './alert-row.ts';

export const HEALTH_WARNING_BELOW = 50;
export const HEALTH_CRITICAL_BELOW = 20;
/** Over only this far beyond the line, so that a figure that hovers around it raises one alert and not one a poll. */
export const HEALTH_HYSTERESIS = 5;
export const LIQUIDATION_HYSTERESIS_PCT = 2;
/** Part of MAX_QUOTE_DEPEG_PCT within which a quote asset counts as back at its peg. */
export const DEPEG_OVER = 0.8;

/** Amounts in details are exact decimals: SOL and USD. */
type MarginDetails = { readonly health: number | null; readonly liquidation_price: string | null };
type ExposureDetails = { readonly spot: string | null; readonly perp: string };
type QuoteDetails = {
  readonly quote_asset: string;
  readonly quote_price: string;
  readonly off_pct: number;
  readonly limit_pct: number;
};
type CarryDetails = {
  readonly critical: boolean;
  readonly net_per_day: string;
  readonly funding_per_day: string;
  readonly interest_per_day: string;
  readonly funding_so_far: string | null;
  readonly break_even_rate_pct_per_year: number;
  readonly notional: string;
  /** What the page offers as the way out. */
  readonly command: string;
};
/**
 * The gates that block with their figures, and the codes of all that blocks, joined by commas; `why`: in words, where no
 * gate does. Beside them the figures of the decision.
 */
type BlockedDetails = {
  readonly blocking: string;
  readonly gates: readonly FailedGate[];
  readonly why?: string;
  readonly drift_pct?: number;
};

const RESCUE =
  'Deposit collateral, repay what is borrowed, or close the position now. If the guard is on, it also reduces the ' +
  'position where that helps.';

const liquidationAt = ({ liquidation_price }: MarginDetails): string =>
  liquidation_price === null ? '' : ` The liquidation price is ${shownUsd(liquidation_price)}.`;

const health = (details: MarginDetails, line: string): string =>
  `Account health is ${percentText(details.health ?? 0)}, below the ${line}.${liquidationAt(details)}`;

const spotText = (spot: string): string => `${shownSol(spot)} SOL of spot`;
/** Without its sign. */
const size = (perp: string): string => `${shownSol(perp.replace('-', ''))} SOL`;

function carry(details: CarryDetails): string {
  const { funding_so_far: soFar } = details;
  const paid = soFar?.startsWith('-') === true;
  const total =
    soFar === null ? '' : ` Funding ${paid ? 'paid' : 'received'} so far: ${shownUsd(soFar.replace('-', ''))}.`;
  return (
    `At the funding of the last 24 hours the short costs ${shownUsd(details.net_per_day.replace('-', ''))} a day.${total} ` +
    `It breaks even at a funding rate of ${percentText(details.break_even_rate_pct_per_year, 2)} APR.`
  );
}

const reasons = ({ gates, why }: BlockedDetails): string =>
  [...gates.map(gateSentence), ...(why === undefined ? [] : [why])].join(' ');

const deviation = ({ drift_pct }: { readonly drift_pct?: number }): string =>
  drift_pct === undefined ? '' : ` The hedge deviation is ${signedDeviation(drift_pct)}.`;

export const ACCOUNT_ALERTS = {
  HEALTH_WARNING: condition<MarginDetails>({
    severity: 'warning',
    title: 'Account health is low',
    happened: (details) => health(details, `warning level of ${HEALTH_WARNING_BELOW} %`),
    action: 'Deposit collateral, or close part of the position.',
    needsPerson: true,
    over: `Account health is at ${HEALTH_WARNING_BELOW + HEALTH_HYSTERESIS} % or more again.`,
  }),
  HEALTH_CRITICAL: condition<MarginDetails>({
    severity: 'critical',
    title: 'Account health is critical',
    happened: (details) => health(details, `critical level of ${HEALTH_CRITICAL_BELOW} %`),
    action: RESCUE,
    needsPerson: true,
    over: `Account health is at ${HEALTH_CRITICAL_BELOW + HEALTH_HYSTERESIS} % or more again.`,
  }),
  LIQUIDATION_NEAR: condition<MarginDetails & { readonly distance_pct: number }>({
    severity: 'critical',
    title: 'Liquidation is near',
    happened: (details) =>
      `The liquidation price is only ${percentText(details.distance_pct)} away from the market.${liquidationAt(details)}`,
    action: RESCUE,
    needsPerson: true,
    over: `The liquidation price is at least ${GUARD_LIQUIDATION_DISTANCE_PCT + LIQUIDATION_HYSTERESIS_PCT} % away again, or the position is closed.`,
  }),
  NAKED_SHORT: condition<ExposureDetails>({
    severity: 'critical',
    title: 'The short is not hedged',
    happened: ({ spot, perp }) =>
      spot === null
        ? `The spot holding is unknown, so the short of ${size(perp)} may not be hedged. It loses money if the price rises.`
        : `The short of ${size(perp)} is larger than the ${spotText(spot)}. The difference loses money if the price rises.`,
    action: 'Deposit SOL, or use Rebalance or Close.',
    needsPerson: true,
    over: 'The short is hedged by the spot holding again, or closed.',
  }),
  LONG_POSITION: condition<ExposureDetails>({
    severity: 'warning',
    title: 'The position is long',
    happened: ({ spot, perp }) =>
      `The perp position is long ${size(perp)}, on top of ${spot === null ? 'an unknown spot holding' : spotText(spot)}. It hedges nothing, and Driftless leaves it as it is.`,
    action: 'Use Close to end it, or Rebalance to turn it into a full hedge.',
    needsPerson: true,
    over: 'The position is no longer long.',
  }),
  ACCOUNT_FIGURES_UNKNOWN: condition<{ readonly missing: readonly string[] }>({
    severity: 'warning',
    title: 'Account figures are unknown',
    happened: ({ missing }) => `Health and margin cannot be calculated. Missing: ${missing.join(', ')}.`,
    action: 'No action needed yet. Until the figures are known, only Close, Flatten and other reductions are possible.',
    needsPerson: false,
    over: 'Health and margin are known again.',
  }),
  CARRY_NEGATIVE: condition<CarryDetails>({
    severity: ({ critical }) => (critical ? 'critical' : 'warning'),
    title: 'The position costs money',
    happened: carry,
    action: 'Use Close if you do not expect funding to recover. Driftless does not close the position by itself.',
    needsPerson: true,
    over: 'The position no longer costs money, or it is closed.',
  }),
  FEED_ENDED: condition<{ readonly feed: string; readonly row: number | null; readonly rows: number | null }>({
    severity: 'info',
    title: 'The market data has ended',
    happened: ({ feed }) => `The market data of ${feed} has ended. Prices no longer change.`,
    action: 'Close the position, or start again with another feed.',
    needsPerson: false,
    over: 'The market data continues.',
  }),
  VENUE_PAUSED: condition<{ readonly forbids: readonly string[]; readonly detail?: string }>({
    severity: 'warning',
    title: 'The venue is paused',
    happened: ({ forbids, detail }) => withPeriod(detail ?? `The venue has paused ${forbids.join(', ')}`),
    action:
      'If the message names a way out, take it. Otherwise no action needed: Driftless does not try what is paused, and continues when ' +
      'the venue lifts the pause.',
    needsPerson: false,
    over: 'The venue has lifted its pause.',
  }),
  CLOCK_DIFFERS: condition<{ readonly clocks: string }>({
    severity: 'warning',
    title: 'Clocks do not agree',
    happened: ({ clocks }) =>
      `${withPeriod(clocks)} The age of the account data is not certain: nothing is opened or enlarged on data that is too old. Exits and the guard work.`,
    action: "Correct this computer's clock if it is the wrong one; otherwise replace the node in RPC_URL.",
    needsPerson: true,
    over: 'The clocks agree again.',
  }),
  NODES_DISAGREE: condition<{ readonly nodes: string }>({
    severity: 'critical',
    title: 'The nodes do not agree',
    happened: ({ nodes }) =>
      `${withPeriod(nodes)} Driftless reads the account from the node that has it, and only reduces. Exits and the guard work.`,
    action: 'Take the node that is wrong out of RPC_URL.',
    needsPerson: true,
    over: 'No node denies the account any more.',
  }),
  QUOTE_DEPEGGED: condition<QuoteDetails>({
    severity: 'critical',
    title: 'The quote asset has lost its peg',
    happened: ({ quote_asset, quote_price, off_pct, limit_pct }) =>
      `${quote_asset} is at $${quote_price}, ${percentText(off_pct, 2)} away from 1 USD; the limit is ${percentText(limit_pct, 2)}. ` +
      `Collateral, funding and PnL in ${quote_asset} are worth that much more or less. Nothing is opened or enlarged; exits and the guard work.`,
    action:
      'Decide whether to stay in it: Close ends the position, Withdraw takes what is deposited. Otherwise no action needed; ' +
      'trading resumes when the price is back.',
    needsPerson: true,
    over: 'The quote asset is back near 1 USD.',
  }),
  SETTLED_INTO_DEBT: condition<{ readonly quote_asset: string; readonly owed: string }>({
    severity: 'warning',
    title: 'The account owes its quote asset',
    happened: ({ quote_asset, owed }) =>
      `The account owes ${owed} ${quote_asset}. Driftless does not borrow: a loss of the position was settled, which anybody may do ` +
      'at any time, and the deposit did not cover it. Nothing is lost by that, but the debt costs interest and blocks withdrawals.',
    action: ({ quote_asset, owed }) => `Deposit a little more than ${owed} ${quote_asset}.`,
    needsPerson: true,
    over: 'The debt is repaid.',
  }),
  GATE_BLOCKED: condition<BlockedDetails>({
    severity: 'warning',
    title: 'Automatic correction blocked',
    happened: (details) => `An automatic correction is due, but blocked. ${reasons(details)}${deviation(details)}`,
    action:
      'No action needed. Driftless trades as soon as nothing blocks it. Use Rebalance if you do not want to wait.',
    needsPerson: false,
    over: 'The automatic correction is no longer blocked, or no longer needed.',
  }),
  GUARD_BLOCKED: condition<BlockedDetails>({
    severity: 'critical',
    title: 'The guard cannot act',
    happened: (details) =>
      `The account is near liquidation, and the guard cannot reduce the position. ${reasons(details)}`,
    action: 'Deposit collateral, or use Close or Flatten.',
    needsPerson: true,
    over: 'The guard is no longer blocked, or no longer needed.',
  }),
  BELOW_MINIMUM: condition<BlockedDetails & { readonly off_target?: string; readonly minimum?: string | null }>({
    severity: 'warning',
    title: 'The hedge cannot be corrected',
    happened: (details) =>
      `The hedge is off its target by more than the tolerance, and less than the smallest trade${
        details.minimum == null ? '' : ` of ${shownSol(details.minimum)} SOL`
      } would correct it.${details.off_target === undefined ? '' : ` The difference is ${shownSol(details.off_target)} SOL.`}${deviation(details)}`,
    action:
      'Deposit or withdraw the difference in SOL, or allow a larger deviation in the settings. Until then the position stays as it is.',
    needsPerson: true,
    over: 'The hedge is within its tolerance, or it can be corrected again.',
  }),
  COOLDOWN: condition<BlockedDetails & { readonly remaining_ms?: number }>({
    severity: 'info',
    title: 'Waiting for the cooldown',
    happened: (details) =>
      `An automatic correction is due and waits for the cooldown after the last one${
        details.remaining_ms === undefined ? '' : `: ${Math.ceil(details.remaining_ms / 1_000)} s left`
      }.${deviation(details)}`,
    action: 'No action needed.',
    needsPerson: false,
    over: 'The cooldown is over, or the correction is no longer needed.',
  }),
  BOOKS_BEHIND: condition<{ readonly since_ms: number; readonly reason: string }>({
    severity: 'warning',
    title: 'Trades are not being recorded',
    happened: ({ since_ms, reason }) =>
      `Trades, funding and equity have not been recorded since ${timeText(since_ms)}: ${withPeriod(reason)}`,
    action:
      'Check that the node in RPC_URL answers getSignaturesForAddress and getTransaction. Nothing is lost: recording catches up.',
    needsPerson: true,
    over: 'Trades, funding and equity are being recorded again.',
  }),
} as const;
