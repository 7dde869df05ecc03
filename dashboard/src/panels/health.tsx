import { percent, times, usd } from '../format/number.ts';
import { stats } from '../state/store.ts';
import { HealthGauge } from './gauge.tsx';
import { Figure, Panel } from './parts.tsx';

export function HealthPanel() {
  const drift = stats.value?.drift ?? null;
  const account = stats.value?.account ?? null;
  const maxLeverage = stats.value?.policy.maxLeverage ?? null;
  const used =
    drift?.maintenanceMargin != null && drift.totalCollateral != null && drift.totalCollateral > 0
      ? (drift.maintenanceMargin / drift.totalCollateral) * 100
      : null;
  return (
    <Panel id="health" title="Account health">
      {account?.exists === false ? <p class="note">No account yet. Your first deposit opens it.</p> : null}
      <div class="health">
        <HealthGauge health={drift?.health ?? null} />
        <dl class="figures figures-2">
          <Figure label="Total collateral" value={usd(drift?.totalCollateral)} testid="total-collateral" large />
          <Figure label="Free collateral" value={usd(drift?.freeCollateral)} testid="free-collateral" large />
          <Figure
            label="Maintenance margin"
            value={usd(drift?.maintenanceMargin)}
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
