import type { State } from '../../../src/protocol/state.ts';
import { percent, sol, times, toneOf, UNKNOWN, usd } from '../format/number.ts';
import { blockedBy } from '../state/availability.ts';
import { cooldownWords } from '../state/exposure-figures.ts';
import { availability, sinceStatsMs, stats } from '../state/store.ts';
import { ActionButton, Figure, Panel } from './parts.tsx';
import { askClose } from './way-out.tsx';

export function PositionsPanel() {
  const positions = stats.value?.drift_state.positions ?? null;
  const open = positions?.filter((position) => position.amount !== 0) ?? [];
  return (
    <Panel id="positions" title="Positions">
      <div class="table-scroll">
        <table class="table table-cards" data-testid="positions">
          <thead>
            <tr>
              <th scope="col">Market</th>
              <th scope="col">Amount</th>
              <th scope="col">Entry</th>
              <th scope="col">Mark</th>
              <th scope="col">PnL</th>
              <th scope="col">Liquidation</th>
              <th scope="col">
                <span class="sr-only">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {open.map((position) => (
              <tr key={position.market} data-testid="position-row" data-market={position.market}>
                <th scope="row">
                  {position.market}
                  <span class="side">{position.amount === null ? '' : position.amount < 0 ? 'short' : 'long'}</span>
                </th>
                <td data-testid="position-amount" data-label="Amount">
                  {sol(position.amount, 'always')}
                </td>
                <td data-label="Entry">{usd(position.entry_price)}</td>
                <td data-label="Mark">{usd(position.mark_price)}</td>
                <td class={`tone-${toneOf(position.pnl)}`} data-testid="position-pnl" data-label="PnL">
                  {usd(position.pnl, 'always')}
                </td>
                <td data-label="Liquidation">{liquidation(position.liq_price)}</td>
                <td>
                  <ActionButton
                    label="Close"
                    testid="position-close"
                    kind="quiet"
                    onPress={askClose}
                    blocked={blockedBy('close', availability.value)}
                  />
                </td>
              </tr>
            ))}
            {open.length > 0 ? null : (
              <tr class="empty-row" data-testid="positions-empty">
                <td colSpan={7}>
                  {positions === null
                    ? 'Positions unknown. The account has not been read yet.'
                    : 'No open position. Deposited SOL earns lend interest only. Open a short to hedge it and earn funding.'}
                </td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <Margin />
    </Panel>
  );
}

/** What the position rests on, and what the engine is doing with it. */
function Margin() {
  const now = stats.value;
  const drift = now?.drift_state ?? null;
  const used =
    drift?.maintenance_margin != null && drift.total_collateral != null && drift.total_collateral > 0
      ? (drift.maintenance_margin / drift.total_collateral) * 100
      : null;
  const maxLeverage = now?.policy.max_leverage ?? null;
  return (
    <dl class="figures figures-6 margin">
      <Figure label="Total collateral" value={usd(drift?.total_collateral)} testid="total-collateral" />
      <Figure label="Free collateral" value={usd(drift?.free_collateral)} testid="free-collateral" />
      <Figure
        label="Maintenance"
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
      <Figure label="Cooldown" value={cooldownWords(now, sinceStatsMs.value)} testid="cooldown" />
      <Figure label="Operation" value={operationWords(now)} testid="operation" />
    </dl>
  );
}

function operationWords(now: State | null): string {
  if (now === null || now.engine.state === null) return UNKNOWN;
  const { operation } = now.engine;
  return operation === null ? 'None' : `${operation.kind} · ${operation.stage}`;
}

/** The server's null is "none" or "unknown": the account says which. */
function liquidation(price: number | null | undefined): string {
  if (typeof price === 'number') return usd(price);
  return price === null && stats.value?.account?.liq_kind !== 'unknown' ? 'none' : UNKNOWN;
}
