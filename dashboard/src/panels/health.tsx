import { percent, times, usd } from '../format/number.ts';
import { stats } from '../state/store.ts';
import { HealthGauge } from './gauge.tsx';
import { Figure, Panel } from './parts.tsx';

export function HealthPanel() {
  const drift = stats.value?.drift_state ?? null;
  const account = stats.value?.account ?? null;
  const maxLeverage = stats.value?.policy.max_leverage ?? null;
  const used =
    drift?.maintenance_margin != null && drift.total_collateral != null && drift.total_collateral > 0
      ? (drift.maintenance_margin / drift.total_collateral) * 100
      : null;
  return (
    <Panel id="health" title="Account health">
      {account?.exists === false ? <p class="note">No account yet. Your first deposit opens it.</p> : null}
      <div class="health">
        <HealthGauge health={drift?.health ?? null} />
        <dl class="figures figures-2">
          <Figure label="Total collateral" value={usd(drift?.total_collateral)} testid="total-collateral" large />
          <Figure label="Free collateral" value={usd(drift?.free_collateral)} testid="free-collateral" large />
          <Figure
            label="Maintenance margin"
            value={usd(drift?.maintenance_margin)}
            hint={used === null ? undefined : `${percent(used, 1)} of collateral`}
            testid="maintenance-margin"
          />
          <Figure
            label="Leverage"
            value={times(drift?.leverage)}
            hint={maxLeverage === null ? undefined : `limit ${times(maxLeverage, 0)}`}
            testid="leverage"
          />
        </dl>
      </div>
    </Panel>
  );
}
