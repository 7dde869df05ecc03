/** What the commands print for a person. Null is unknown, never zero. */
import type { ListItem } from '../protocol/api.ts';
import type { EngineInfo } from '../protocol/history.ts';
import type { CommandResult, Preview } from '../protocol/result.ts';
import type { State } from '../protocol/state.ts';
import { type Paint, PLAIN } from './paint.ts';

const UNKNOWN = 'unknown';

const number = (value: number | null | undefined, decimals: number, unit: string): string =>
  value == null ? UNKNOWN : `${value.toFixed(decimals)}${unit}`;
const sol = (value: number | null | undefined): string =>
  number(value, 9, '').replace(/\.?0+$/, '') + (value == null ? '' : ' SOL');
const usd = (value: number | null | undefined): string => number(value, 2, ' USD');

/** Columns as wide as their widest cell; numbers read best when they end alike, so all but the first are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], { bold }: Paint = PLAIN): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const set = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  const [first = '', ...rest] = lines.map((line) => line.map(set).join('  ').trimEnd());
  return [bold(first), ...rest].join('\n');
}

const pairs = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${value}`).join('\n');
};

const ageText = (ageMs: number | null): string =>
  ageMs === null ? 'never read' : `${(ageMs / 1_000).toFixed(1)} s ago`;

/** Green where all is well, red where nothing more may be enlarged. */
function tradingPaint(state: string | null, { good, warn, bad }: Paint): (text: string) => string {
  if (state === 'active') return good;
  return state === 'halted' ? bad : warn;
}

export function statusText(
  { engine, drift_state: drift, account, age_ms: ageMs }: State,
  paint: Paint = PLAIN,
  { runs = true }: { readonly runs?: boolean } = {},
): string {
  const operation =
    engine.operation === null
      ? 'none'
      : `${engine.operation.kind} (${engine.operation.stage}), ${engine.operation.operation_id}`;
  const holds = engine.holds?.map(({ code, reason }) => `  ${code}: ${reason}`) ?? null;
  return [
    pairs([
      ['Engine', engine.engine_id],
      ['Mode', engine.mode],
      // Nothing of a stopped product runs, whatever the engine wrote last.
      ['State', runs ? (engine.state ?? UNKNOWN) : `not running (last: ${engine.state ?? UNKNOWN})`],
      [
        'Trading',
        tradingPaint(
          engine.trading_state,
          paint,
        )([engine.trading_state ?? UNKNOWN, engine.reason ?? ''].filter((part) => part !== '').join(': ')),
      ],
      ['Operation', operation],
      ['Unresolved', engine.unresolved === null ? UNKNOWN : engine.unresolved.join(', ') || 'none'],
      ['Decision', engine.decision?.message ?? UNKNOWN],
      ['Account read', ageText(ageMs)],
      ['Equity', usd(account?.equity_usd)],
      ['Health', drift.health === null ? UNKNOWN : String(drift.health)],
      ['Leverage', number(drift.leverage, 2, 'x')],
      ['Net delta', sol(drift.net_delta)],
      ['Hedge target', number(engine.hedge_target === null ? null : engine.hedge_target * 100, 1, ' %')],
      ['Hedge deviation', number(account?.drift_from_target_pct, 2, ' %')],
    ]),
    holds === null
      ? 'Restrictions: unknown'
      : holds.length === 0
        ? 'Restrictions: none'
        : ['Restrictions:', ...holds].join('\n'),
  ].join('\n');
}

export function positionsText({ drift_state: { positions }, age_ms: ageMs }: State, paint: Paint = PLAIN): string {
  if (positions === null) return 'Positions: unknown. The account could not be read.';
  if (positions.length === 0) return `No open position (read ${ageText(ageMs)}).`;
  const rows = positions.map((position) => [
    position.market,
    position.amount < 0 ? 'short' : 'long',
    sol(Math.abs(position.amount)),
    usd(position.entry_price),
    usd(position.mark_price),
    usd(position.pnl),
    position.liq_price === null ? 'none or unknown' : usd(position.liq_price),
  ]);
  return table(['MARKET', 'SIDE', 'SIZE', 'ENTRY', 'MARK', 'PNL', 'LIQUIDATION'], rows, paint);
}

export function historyText(operations: readonly ListItem<'operations'>[], paint: Paint = PLAIN): string {
  if (operations.length === 0) return 'No operation yet.';
  const rows = operations.map(({ operation_id: id, kind, status, created_at: createdAt, error }) => [
    ...[id, kind, status, new Date(createdAt).toISOString().slice(0, 19), error?.code ?? ''],
  ]);
  return table(['OPERATION', 'KIND', 'STATUS', 'BEGAN (UTC)', 'ERROR'], rows, paint);
}

/** Null when none is known. Where some are not, the sum is of the others, and says so. */
function sumText(values: readonly (number | null)[], show: (sum: number | null) => string): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return UNKNOWN;
  const missing = values.length - known.length;
  const sum = show(known.reduce((total, value) => total + value, 0));
  return missing === 0 ? sum : `${sum} and ${missing} unknown`;
}

const MOST_NAMED = 8;

/** Below the state of one engine: that there are others, and which of them wait for a person. Null: there is only this one. */
export function othersText(engines: readonly EngineInfo[]): string | null {
  const here = engines.filter(({ served }) => served);
  if (here.length < 2) return null;
  const totals = (['live', 'paper'] as const).flatMap((mode) => {
    const own = here.filter((engine) => engine.mode === mode);
    if (own.length === 0) return [];
    return [
      `${mode} ${sumText(
        own.map(({ equity }) => equity),
        usd,
      )}`,
    ];
  });
  const waiting = here.filter(({ holds, unresolved }) => holds.length + unresolved.length > 0);
  const names = waiting
    .slice(0, MOST_NAMED)
    .map(({ name, engine_id: id, current }) => (current ? 'own' : (name ?? id)));
  const rest = waiting.length - names.length;
  const wait = waiting.length === 0 ? 'none waits for a person' : `waiting for a person: ${names.join(', ')}`;
  return `All ${here.length} engines: ${totals.join(', ')}; ${wait}${rest > 0 ? ` and ${rest} more` : ''} (driftless engines)`;
}

/** Play money and real money have sums of their own. */
export function enginesText(engines: readonly EngineInfo[], paint: Paint = PLAIN): string {
  if (engines.length === 0) return 'No engine yet.';
  const rows = engines.map((engine) => [
    ...[engine.name ?? engine.engine_id, engine.mode, engine.state, engine.trading_state, usd(engine.equity)],
    ...[sol(engine.perp_sol), sol(engine.net_delta), String(engine.unresolved.length)],
  ]);
  const totals = (['live', 'paper'] as const).flatMap((mode) => {
    const own = engines.filter((engine) => engine.mode === mode);
    if (own.length === 0) return [];
    const unresolved = own.reduce((sum, engine) => sum + engine.unresolved.length, 0);
    return [
      [
        ...[
          `total of ${own.length}`,
          mode,
          '',
          '',
          sumText(
            own.map(({ equity }) => equity),
            usd,
          ),
        ],
        sumText(
          own.map(({ perp_sol }) => perp_sol),
          sol,
        ),
        sumText(
          own.map(({ net_delta }) => net_delta),
          sol,
        ),
        String(unresolved),
      ],
    ];
  });
  const head = ['ENGINE', 'MODE', 'STATE', 'TRADING', 'EQUITY', 'PERP', 'NET DELTA', 'UNRESOLVED'];
  return table(head, [...rows, ...totals], paint);
}

/** What is asked to be confirmed. */
export function previewText(preview: Preview | undefined): string {
  // Of a restored folder there is nothing to calculate: the message says it all.
  if (preview === undefined || preview.kind === 'restored') return '';
  const rows: (readonly [string, string])[] = [
    [
      'What',
      [
        preview.kind,
        preview.size === undefined ? '' : sol(preview.size),
        preview.amount === undefined ? '' : `${preview.amount} ${preview.asset ?? ''}`,
      ]
        .filter((part) => part !== '')
        .join(' '),
    ],
    ['Why it is asked', preview.reasons.join(', ')],
    ['Worst price', usd(preview.price_limit)],
    ['Value', usd(preview.value_usd)],
    ['Leverage after', figure(preview.leverage_after)],
    ['Health after', figure(preview.health_after)],
    ['Net delta after', figure(preview.delta_after)],
  ];
  return pairs(rows);
}

const figure = (value: number | string | null): string => (value === null ? UNKNOWN : String(value));

/** The end of a command: its sentence, and for a refusal what helps. */
export function resultText({ message, data, error }: CommandResult): string {
  const remedies = [
    ...(error?.details?.remedy === undefined ? [] : [error.details.remedy]),
    ...(error?.details?.gates ?? []).filter(({ blocks }) => blocks).map(({ remedy }) => remedy),
  ];
  return [
    error === undefined ? message : `${error.code}: ${message}`,
    ...(data.operation_id === undefined ? [] : [`Operation ${data.operation_id}`]),
    ...(data.tx_signature === undefined ? [] : [`Transaction ${data.tx_signature}`]),
    ...remedies.filter((remedy) => !message.includes(remedy)).map((remedy) => `Remedy: ${remedy}`),
  ].join('\n');
}
