/** The figures of a read that charts show over time. For display: exact amounts are in the equity rows. */
import type { Snapshot } from '../account/snapshot.ts';
import { baseMarket } from '../account/spot-markets.ts';
import { driftFromTargetPct, exposure, reservedFor } from '../hedge/delta.ts';
import type { Policy } from '../hedge/policy.ts';
import { assessMargin } from '../margin/margin.ts';
import { solNumber } from '../money/units.ts';
import { equityFiguresOf } from './account-figures.ts';
import { EQUITY_SOURCES } from './equity-sources.ts';
import { marketFigures } from './market-figures.ts';
import { SERIES_NAMES, type SeriesName } from './series-names.ts';

export interface ChartPoint {
  /** Of the market. */
  readonly tsMs: number;
  /** One for each of `SERIES_NAMES`; null: unknown. USD, SOL, per cent and fractions. */
  readonly values: readonly (number | null)[];
}

/** Lend rates are yearly fractions at 1e6. */
const YEARLY_ONE = 1_000_000;

export function chartPoint(snapshot: Snapshot, policy: Policy, hedgeTargetPpm: number): ChartPoint {
  const account = equityFiguresOf(snapshot);
  const market = marketFigures(snapshot);
  const { spot, perp, netDelta } = exposure(snapshot, policy);
  const lendRate = baseMarket(snapshot.markets)?.depositRate ?? null;
  const sources = Object.fromEntries(
    EQUITY_SOURCES.map((source) => [`equity_${source}`, account.sources?.[source] ?? null]),
  ) as Record<`equity_${(typeof EQUITY_SOURCES)[number]}`, number | null>;
  const figures: Readonly<Record<SeriesName, number | null>> = {
    equity: account.equity,
    ...sources,
    price: market.oracle_valid ? market.oracle_price : null,
    mark: market.mark_price,
    funding_rate: market.funding.last_rate,
    lend_rate: lendRate === null ? null : Number(lendRate) / YEARLY_ONE,
    health: healthOf(snapshot),
    hedge_deviation: spot === null ? null : driftFromTargetPct(spot, perp, reservedFor(policy), hedgeTargetPpm),
    net_delta: netDelta === null ? null : solNumber(netDelta),
  };
  return {
    tsMs: snapshot.marketTimeMs,
    values: SERIES_NAMES.map((name) => {
      const value = figures[name];
      return value !== null && Number.isFinite(value) ? value : null;
    }),
  };
}

function healthOf({ account, markets }: Snapshot): number | null {
  const assessment = account === null ? null : assessMargin(account, markets);
  return assessment === null || assessment.kind === 'unknown' ? null : assessment.figures.healthExact;
}
