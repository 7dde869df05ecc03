/** How an engine stands, and how all of them stand, in a message that a phone shows whole. */
import type { EngineNames } from '../../domain/engine/engine-names.ts';
import type * as z from '../../lib/codec.ts';
import type { EngineInfo } from '../../protocol/history.ts';
import type { State } from '../../protocol/state.ts';
import { totalsOf } from '../account-answers.ts';
import { byUrgency } from '../urgency.ts';

export type StateJson = z.input<typeof State>;
type EngineJson = z.input<typeof EngineInfo>;

/** Lines of single engines: a message of Telegram has room for forty of them. */
const MOST_LINES = 20;
const MOST_LINE_CHARS = 180;

const usd = (value: number | null | undefined): string =>
  value == null ? 'unknown' : `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(2)}`;
const sol = (value: number | null | undefined): string => (value == null ? 'unknown' : `${value.toFixed(4)} SOL`);

export function statusText({ engine, account, drift_state: drift, age_ms: ageMs }: StateJson): string {
  const age = ageMs === null ? 'never read' : `read ${Math.round(ageMs / 1_000)} s ago`;
  const unresolved = engine.unresolved === null ? 'unknown' : engine.unresolved.join(', ') || 'none';
  const holds = engine.holds === null ? ['unknown'] : engine.holds.map(({ reason }) => reason);
  return [
    `${engine.engine_id}, ${engine.mode} mode`,
    `Engine ${engine.state ?? 'unknown'}, trading ${engine.trading_state ?? 'unknown'}`,
    `Equity ${usd(account?.equity_usd)}, health ${drift.health ?? 'unknown'}, liquidation ${liquidationText(account)}`,
    `Spot ${sol(account?.spot_sol)}, perp ${sol(account?.perp_sol)}, net ${sol(drift.net_delta)}`,
    `Operation: ${engine.operation === null ? 'none' : `${engine.operation.kind} (${engine.operation.stage})`}`,
    `Transactions with an unknown outcome: ${unresolved}`,
    `Restrictions: ${holds.join('; ') || 'none'}`,
    `Figures: ${age}`,
  ].join('\n');
}

function liquidationText(account: StateJson['account']): string {
  if (account === null || account.liq_kind === 'unknown') return 'unknown';
  return account.liq_kind === 'none' ? 'at no price' : usd(account.liq_price);
}

/** The totals, then the engines that most need a person, and how many more there are. */
export function enginesText(names: EngineNames, items: readonly EngineJson[]): string {
  const known = new Map(items.map((item) => [item.engine_id, item]));
  const rows = names.all.map(({ engineId, name }) => ({ name, engine: known.get(engineId) ?? null }));
  const totals = totalsOf(rows.flatMap(({ engine }) => (engine === null ? [] : [engine])));
  const shown = rows.toSorted((a, b) => byUrgency(a.engine, b.engine)).slice(0, MOST_LINES);
  const rest = rows.length - shown.length;
  return [
    `${names.all.length} engines`,
    ...totals.map(
      ({ mode, engines, equity, equity_unknown: unknown, waiting }) =>
        `${mode}: ${engines}, equity ${usd(equity)}${unknown === 0 ? '' : ` and ${unknown} unknown`}, ` +
        `${waiting === 0 ? 'none waits' : `${waiting} ${waiting === 1 ? 'waits' : 'wait'}`} for a person`,
    ),
    ...shown.map(({ name, engine }) =>
      cut(`- ${name}: ${engine === null ? 'not known yet' : engineLine(engine)}`, MOST_LINE_CHARS),
    ),
    ...(rest === 0 ? [] : [`and ${rest} more`]),
    'One of them: /status <engine>',
  ].join('\n');
}

function engineLine(engine: EngineJson): string {
  const { state, trading_state: trading, equity, health, perp_sol: perp, holds, unresolved } = engine;
  return [
    `${state}, ${trading}`,
    `${usd(equity)}, health ${health ?? 'unknown'}, perp ${sol(perp)}`,
    ...(unresolved.length === 0 ? [] : [`${unresolved.length} of unknown outcome`]),
    ...(holds.length === 0 ? [] : [holds.join(', ')]),
  ].join('; ');
}

const cut = (text: string, limit: number): string => (text.length > limit ? `${text.slice(0, limit - 1)}…` : text);
