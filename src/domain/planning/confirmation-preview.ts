/** What a person is shown before confirming: size, price limit, costs, and the account as it would stand after. Pure. */

import type { Json } from '../../lib/errors.ts';
import { SOL_PERP } from '../account/account.ts';
import { assetDecimals } from '../account/spot-markets.ts';
import { carryBeside } from '../carry/carry-figures.ts';
import { gateSubject, openingCost } from '../gates/gate-subject.ts';
import { type ConfirmationNeed, type GateInput, type GateReport, gatesJson } from '../gates/gates.ts';
import { takerFeeOn } from '../hedge/account-after.ts';
import { liquidationPrice } from '../margin/margin.ts';
import { abs, lamports, microUsd, type Price, solNumber, usdNumber, valueAt } from '../money/units.ts';
import { sideOf } from '../order/intent.ts';
import { limitReference } from '../order/slippage.ts';

/** @param limit the worst price accepted; null for what is no trade, or without a price */
export function confirmationPreview(
  input: GateInput,
  report: GateReport,
  limit: Price | null,
  { value, reasons }: ConfirmationNeed,
): Json {
  const { snapshot, operation } = input;
  const subject = gateSubject(input, report.column, report.reducing);
  const figure = (code: string): Json => report.gates.find((gate) => gate.code === code)?.have ?? null;
  const margin = subject.margin.kind === 'known' ? subject.margin.figures : null;
  const opening = openingCost(snapshot, operation.kind);
  const network = lamports(snapshot.transactionCostLamports + opening);
  return {
    kind: 'size' in operation ? 'trade' : operation.kind,
    reasons,
    ...('size' in operation ? { size: solNumber(subject.delta), size_base: operation.size } : {}),
    ...('amount' in operation
      ? {
          asset: operation.asset,
          amount: Number(subject.amount) / 10 ** assetDecimals(operation.asset),
          amount_base: operation.amount,
        }
      : {}),
    ...(opening === 0n ? {} : { opening_cost: solNumber(lamports(opening)), opening_cost_base: opening.toString() }),
    ...marketPrices(subject),
    price_limit: limit === null ? null : usdNumber(limit),
    price_limit_base: limit === null ? null : limit.toString(),
    value_usd: value === null ? null : usdNumber(value),
    costs: { ...tradingCosts(subject, limit), network_sol: solNumber(network), network_sol_base: network.toString() },
    leverage_after: figure('LEVERAGE'),
    health_after: figure('HEALTH_AFTER'),
    margin_after:
      margin === null
        ? null
        : {
            total_collateral: usdNumber(margin.totalCollateralMaintenance),
            free_collateral: usdNumber(margin.freeCollateral),
            initial_margin: usdNumber(margin.initialMargin),
            maintenance_margin: usdNumber(margin.maintenanceMargin),
          },
    liquidation_price_after: liquidationAfter(subject),
    liquidation_distance_after_pct: figure('LIQUIDATION_DISTANCE'),
    delta_after: figure('DELTA_EXPOSED'),
    ...('size' in operation && !report.reducing ? { carry: carryBeside(snapshot, input.policy) } : {}),
    gates: gatesJson(report),
  };
}

/** Of a trade: what the venue fills by now and what its oracle says, beside the limit. */
export function marketPrices({ market, operation }: ReturnType<typeof gateSubject>) {
  if (!('size' in operation)) return {};
  const usd = (price: Price | null | undefined) => (price == null ? null : usdNumber(price));
  return { mark_price: usd(market?.markPrice), oracle_price: usd(market?.oracle.price) };
}

/** Of a trade: its fee, and what the price limit lets it lose at most against where the fill begins. */
export function tradingCosts({ market, delta, operation }: ReturnType<typeof gateSubject>, limit: Price | null) {
  if (!('size' in operation)) return {};
  const reference = market === null ? null : limitReference(market, sideOf(delta));
  if (market === null || limit === null || reference === null) return { fees_usd: null, slippage_at_most_usd: null };
  const fee = microUsd(takerFeeOn(valueAt(delta, limit), market.takerFee));
  const slippage = abs(microUsd(valueAt(delta, limit) - valueAt(delta, reference)));
  return { fees_usd: usdNumber(fee), slippage_at_most_usd: usdNumber(microUsd(slippage)) };
}

/** USD; `none` when no price of SOL liquidates; null when it is not known. */
function liquidationAfter({ after, snapshot, operation }: ReturnType<typeof gateSubject>): Json {
  const account = after?.account ?? null;
  if (account === null) return null;
  const found = liquidationPrice(account, snapshot.markets, 'market' in operation ? operation.market : SOL_PERP);
  return found.kind === 'price' ? usdNumber(found.price) : found.kind === 'none' ? 'none' : null;
}
