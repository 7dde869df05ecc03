/** The figures of the daily summary, from the journal. What is not known is left out or said to be unknown. */
import type { Summary } from '../alerts/daily-summary.ts';
import { statisticsView } from '../bridge/account-answers.ts';
import { decodeSnapshot } from '../domain/account/snapshot.ts';
import { alertTitle } from '../domain/alerts/alert-table.ts';
import { accountFigures, driftState } from '../domain/figures/figures.ts';
import { decodePolicy, type PolicyJson } from '../domain/hedge/policy.ts';
import { percentText } from '../domain/money/display.ts';
import type { Journal } from '../journal/journal.ts';
import { newestAlerts } from '../journal/standing-alerts.ts';

interface FigurePorts {
  readonly journal: Journal;
  readonly engineId: string;
  readonly policy: PolicyJson;
}

export const HOUR_MS = 3_600_000;

export async function summaryFigures({ journal, engineId, policy }: FigurePorts): Promise<Summary | null> {
  const [latest, statistics, newest] = await Promise.all([
    journal.latestSnapshot(engineId),
    journal.statistics(engineId),
    newestAlerts(journal.db, engineId),
  ]);
  if (latest === null) return null;
  const account = [decodeSnapshot(latest.snapshot), decodePolicy(policy)] as const;
  const { health } = driftState(...account);
  const { equity_usd: equity, liq_price, spot_sol, perp_sol } = accountFigures(...account, null);
  const { spans } = statisticsView(statistics, HOUR_MS);
  const standing = [...newest.values()].filter(({ kind, severity }) => kind === 'alert' && severity !== 'info');
  const alerts = standing.map(({ code }) => alertTitle(code));
  return {
    lines: [
      `Equity: ${usd(equity)}. Health: ${health === null ? 'unknown' : percentText(health)}${liq_price === null ? '' : `, liquidation at ${usd(liq_price)}`}.`,
      `Spot ${sol(spot_sol)}, perp ${sol(perp_sol)}.`,
      ...(spans === null
        ? ['Earnings: nothing recorded yet.']
        : [earned('Today', spans.today), earned('Last 7 days', spans.week), earned('Since the start', spans.all)]),
      alerts.length === 0 ? 'No alert stands.' : `Standing alerts: ${alerts.join('; ')}.`,
    ],
    data: {
      engine_id: engineId,
      ...{ equity, health, liq_price, spot_sol, perp_sol },
      earnings: spans as never,
      standing_alerts: standing.map(({ id, code }) => ({ id, code, title: alertTitle(code) })),
    },
  };
}

interface Earned {
  readonly net: number;
  readonly funding: number;
  readonly costs: number;
  readonly net_apr_pct: number | null;
  readonly caution: string | null;
}

export const usd = (value: number | null): string =>
  value === null ? 'unknown' : `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(2)}`;
const sol = (value: number | null): string => (value === null ? 'unknown' : `${value.toFixed(4)} SOL`);

/** A yearly figure only where it needs no caution: the summary has no room for one. */
export const earned = (when: string, { net, funding, costs, net_apr_pct, caution }: Earned): string =>
  `${when}: ${usd(net)} (funding ${usd(funding)}, costs ${usd(costs)})` +
  `${net_apr_pct === null || caution !== null ? '' : `, ${percentText(net_apr_pct)} a year`}.`;
