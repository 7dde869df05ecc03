import { describe, expect, it } from '@jest/globals';
import { chartPoint } from '../../../src/domain/figures/chart-point.ts';
import { EQUITY_SOURCES } from '../../../src/domain/figures/equity-sources.ts';
import { accountFigures, driftState, marketFigures } from '../../../src/domain/figures/figures.ts';
import { SERIES_NAMES, type SeriesName } from '../../../src/domain/figures/series-names.ts';
import { paperPolicy, type Scenario, snapshotOf } from '../../support/snapshots.ts';

const policy = paperPolicy();
const TARGET_PPM = 900_000;

const pointOf = (scenario: Scenario): Partial<Record<SeriesName, number | null>> => {
  const { values } = chartPoint(snapshotOf(scenario), policy, TARGET_PPM);
  return Object.fromEntries(SERIES_NAMES.map((name, place) => [name, values[place] ?? null]));
};

describe('the figures of charts', () => {
  it.each<Scenario>([
    { sol: '10.55', usdc: 500, perp: '-10.5', entryUsd: 145, oracleUsd: 147 },
    { sol: '3', usdc: 20, perp: '-9', entryUsd: 145, oracleUsd: 170 },
    { sol: '10', usdc: 500 },
  ])('are those that the page shows', (scenario) => {
    const snapshot = snapshotOf(scenario);
    const account = accountFigures(snapshot, policy, TARGET_PPM / 1e6);
    const market = marketFigures(snapshot);
    expect(pointOf(scenario)).toMatchObject({
      equity: account.equity,
      ...Object.fromEntries(EQUITY_SOURCES.map((source) => [`equity_${source}`, account.sources?.[source] ?? null])),
      price: market.oracle_price,
      mark: market.mark_price,
      funding_rate: market.funding.last_rate,
      health: account.health_exact,
      hedge_deviation: account.drift_from_target_pct,
      net_delta: driftState(snapshot, policy).net_delta,
    });
  });
});
