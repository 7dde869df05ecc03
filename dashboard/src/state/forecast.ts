/** A command's preview as the lines that a person reads: before and after, costs, and why it is not possible now. */
import type { CommandPreview, CostsInfo, StandingInfo } from '../../../src/protocol/preview.ts';
import { percent, ratio, sol, times, UNKNOWN, usd, usdFine } from '../format/number.ts';
import { days } from '../format/time.ts';

export interface ForecastRow {
  readonly label: string;
  readonly before: string;
  readonly after: string;
  readonly changed: boolean;
}

const FIGURES: readonly (readonly [string, (of: StandingInfo) => string])[] = [
  ['Hedged', ({ hedged_pct: hedged }) => percent(hedged, 1)],
  ['Net delta', ({ net_delta_sol: net }) => sol(net, 'always')],
  ['Spot', ({ spot_sol: spot }) => sol(spot)],
  ['Perp', ({ perp_sol: perp }) => sol(perp, 'always')],
  ['Hedge target', ({ hedge_target: target }) => ratio(target, 1)],
  ['Health', ({ health }) => (health === null ? UNKNOWN : String(health))],
  ['Leverage', ({ leverage }) => times(leverage)],
  ['Liquidation', liquidationWords],
  ['Free collateral', ({ free_collateral_usd: free }) => usd(free)],
  ['In the wallet', ({ wallet_sol: wallet }) => sol(wallet)],
];
/** Shown even if they stay as they are: what a person looks for first. */
const ALWAYS = new Set(['Hedged', 'Health', 'Leverage', 'Liquidation']);

function liquidationWords({ liquidation_kind: kind, liquidation_price_usd: price }: StandingInfo): string {
  return kind === 'none' ? 'none' : usd(price);
}

export const forecastRows = ({ before, after }: CommandPreview): readonly ForecastRow[] =>
  FIGURES.map(([label, of]) => ({
    label,
    before: of(before),
    after: of(after),
    changed: of(before) !== of(after),
  })).filter(({ label, changed }) => changed || ALWAYS.has(label));

type CostRow = readonly [label: string, value: string];

/** Only the costs that this command has: a deposit has no price, a reduction earns nothing. */
export function costRows({ costs, size_sol: size }: CommandPreview): readonly CostRow[] {
  const trade = size !== null;
  const rows: (CostRow | null)[] = [
    trade ? ['Trade', `${size < 0 ? 'Sell' : 'Buy'} ${sol(Math.abs(size))}`] : null,
    trade ? ['Worst price', usd(costs.worst_price_usd)] : null,
    trade ? ['Fees', usdFine(costs.fees_usd)] : null,
    trade ? ['Slippage, at most', usdFine(costs.slippage_at_most_usd)] : null,
    costs.network_sol === null ? null : ['Network fee', sol(costs.network_sol, 'negative', 6)],
    costs.opening_sol === null || costs.opening_sol === 0 ? null : ['Opening the account', sol(costs.opening_sol)],
    ...earningRows(costs),
  ];
  return rows.filter((row) => row !== null);
}

function earningRows({
  expected_funding_usd: expected,
  horizon_hours: hours,
  break_even_days: breakEven,
}: CostsInfo): readonly CostRow[] {
  if (expected === null || hours === null) return [];
  return [
    [`Expected funding, ${days(hours / 24)}`, usd(expected, 'always')],
    ['Break-even', breakEven === null ? 'Not at current rates' : days(breakEven)],
  ];
}

/** Why the engine would refuse the command now. Never of an exit but for a missing permission: the engine decides. */
export function refusalWords({ action, refusal }: CommandPreview): string | null {
  if (refusal === null) return null;
  const isExit = action === 'DRIFT_CLOSE_POSITION' || action === 'FLATTEN';
  return isExit && refusal.code !== 'PERMISSION_DENIED' ? null : refusal.message;
}
