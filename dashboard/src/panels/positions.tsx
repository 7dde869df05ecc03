import { sol, toneOf, UNKNOWN, usd } from '../format/number.ts';
import { stats } from '../state/store.ts';
import { Panel } from './parts.tsx';
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
                  <button type="button" class="button button-quiet" onClick={askClose}>
                    Close
                  </button>
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
    </Panel>
  );
}

/** The server's null is "none" or "unknown": the account says which. */
function liquidation(price: number | null | undefined): string {
  if (typeof price === 'number') return usd(price);
  return price === null && stats.value?.account?.liq_kind !== 'unknown' ? 'none' : UNKNOWN;
}
