/**
 * An administrator may change a venue's parameters at any time. What changed between two reads, and what that does to the
 * account: the same account at the same prices, under the parameters of before and of now.
 */
import type { Account, Markets, PerpMarket, SpotMarket } from '../account/account.ts';
import { SOL_PERP } from '../account/account.ts';
import { assessMargin, liquidationPrice } from '../margin/margin.ts';
import { formatUsd } from '../money/amounts.ts';
import { type AlertDraft, raised } from './alert.ts';

type ShownParameter = (value: unknown) => string;

const plain: ShownParameter = (value) => (value === undefined || value === null ? 'none' : String(value));
/** Of 1e4. */
const percent: ShownParameter = (value) => `${Number(value) / 100} %`;
const millionths: ShownParameter = (value) => `${Number(value) / 10_000} %`;

type ParameterTable<M> = readonly (readonly [key: keyof M, name: string, written: ShownParameter])[];

const PERP_PARAMETERS: ParameterTable<PerpMarket> = [
  ['initialMarginRatio', 'initial margin ratio', percent],
  ['maintenanceMarginRatio', 'maintenance margin ratio', percent],
  ['imfFactor', 'margin by size', plain],
  ['unrealizedPnlInitialAssetWeight', 'initial weight of profits', percent],
  ['unrealizedPnlMaintenanceAssetWeight', 'maintenance weight of profits', percent],
  ['unrealizedPnlMaxImbalance', 'limit of unpaid profits', plain],
  ['takerFee', 'taker fee of this account', millionths],
  ['liquidatorFee', "liquidator's fee", millionths],
  ['oracleId', 'oracle', plain],
  ['status', 'status', plain],
  ['stepSize', 'step of sizes', plain],
  ['minimumSize', 'smallest order', plain],
  ['fundingPeriodMs', 'funding period in ms', plain],
];

const SPOT_PARAMETERS: ParameterTable<SpotMarket> = [
  ['initialAssetWeight', 'initial weight of deposits', percent],
  ['maintenanceAssetWeight', 'maintenance weight of deposits', percent],
  ['initialLiabilityWeight', 'initial weight of debts', percent],
  ['maintenanceLiabilityWeight', 'maintenance weight of debts', percent],
  ['imfFactor', 'weight by size', plain],
  ['scaleInitialAssetWeightStart', 'value of all deposits from which their weight falls', plain],
  ['withdrawGuardThreshold', 'withdraw guard', plain],
  ['oracleId', 'oracle', plain],
];

function changedIn<M>(name: string, parameters: ParameterTable<M>, before: M, now: M): readonly string[] {
  return parameters
    .filter(([key]) => before[key] !== now[key])
    .map(([key, what, written]) => `${name}: ${what} ${written(before[key])} → ${written(now[key])}`);
}

const capChange = (before: PerpMarket, now: PerpMarket): readonly string[] => {
  const [old, fresh] = [before.openInterest?.cap, now.openInterest?.cap];
  return old === fresh ? [] : [`${now.market}: cap of open interest ${plain(old)} → ${plain(fresh)}`];
};

/** What changed, one sentence part each; markets that only one of the reads has are left out. */
export function parameterChanges(before: Markets, now: Markets): readonly string[] {
  const perps = now.perps.flatMap((market) => {
    const old = before.perps.find((each) => each.marketIndex === market.marketIndex);
    return old === undefined
      ? []
      : [...changedIn(market.market, PERP_PARAMETERS, old, market), ...capChange(old, market)];
  });
  const spot = now.spot.flatMap((market) => {
    const old = before.spot.find((each) => each.marketIndex === market.marketIndex);
    return old === undefined ? [] : changedIn(market.asset, SPOT_PARAMETERS, old, market);
  });
  return [...perps, ...spot];
}

const withParametersOf = <M extends { readonly marketIndex: number }>(
  now: readonly M[],
  before: readonly M[],
  parameters: ParameterTable<M>,
): M[] =>
  now.map((market) => {
    const old = before.find((each) => each.marketIndex === market.marketIndex);
    const kept = parameters.map(([key]) => [key, (old ?? market)[key]]);
    return { ...market, ...Object.fromEntries(kept) };
  });

interface Standing {
  readonly health: number | null;
  readonly liquidation_price: string | null;
}

function standingOf(account: Account | null, markets: Markets): Standing {
  if (account === null) return { health: null, liquidation_price: null };
  const margin = assessMargin(account, markets);
  const liquidation = liquidationPrice(account, markets, SOL_PERP);
  return {
    health: margin.kind === 'known' ? margin.figures.healthExact : null,
    liquidation_price: liquidation.kind === 'price' ? formatUsd(liquidation.price) : null,
  };
}

/** Null: nothing changed. */
export function parameterAlert(account: Account | null, before: Markets, now: Markets): AlertDraft | null {
  const changes = parameterChanges(before, now);
  if (changes.length === 0) return null;
  const old: Markets = {
    spot: withParametersOf(now.spot, before.spot, SPOT_PARAMETERS),
    perps: withParametersOf(now.perps, before.perps, PERP_PARAMETERS),
  };
  return raised('PARAMETERS_CHANGED', {
    changes,
    before: standingOf(account, old),
    now: standingOf(account, now),
  });
}
