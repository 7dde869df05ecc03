/** A run as JSON. Rows are written as they happen: a year's rows as objects would weigh more than all the rest. */
import type { BacktestAccount } from './account.ts';
import type { BacktestRun, RowRecorder } from './run.ts';
import type { BacktestSummary } from './summary.ts';
import { seconds } from './time-text.ts';
import type { WalkForwardMonth } from './walk-forward.ts';

export const REPORT_FORMAT = 'driftless-backtest/1';
/** In the order in which a row's sources stand. */
export const EQUITY_COLUMNS = ['price', 'basis', 'slippage', 'funding', 'interest', 'fees', 'gas', 'external'] as const;
type EquityColumn = (typeof EQUITY_COLUMNS)[number];

/** Texts of integers that seldom change from one row to the next. */
class TextMemory {
  #value = 0n;
  #text = '0';

  of(value: bigint): string {
    if (value !== this.#value) {
      this.#value = value;
      this.#text = value.toString();
    }
    return this.#text;
  }
}

/** Keeps the rows of a run as text. */
export class RowTexts implements RowRecorder {
  readonly fundingRows: string[] = [];
  readonly equityRows: string[] = [];
  readonly #memory = Object.fromEntries(EQUITY_COLUMNS.map((name) => [name, new TextMemory()])) as Record<
    EquityColumn,
    TextMemory
  >;

  funding(tsMs: number, rate: bigint, position: bigint, amount: bigint): void {
    this.fundingRows.push(`{"ts":${seconds(tsMs)},"rate":${rate},"position":${position},"amount":${amount}}`);
  }

  equity(tsMs: number, account: BacktestAccount): void {
    const { basis, slippage, fees, gas, external } = account.sources;
    const { price, funding, interest } = account;
    const values = { price, basis, slippage, funding, interest, fees, gas, external };
    const sources = EQUITY_COLUMNS.map((name) => `"${name}_femto":"${this.#memory[name].of(values[name])}"`).join(',');
    this.equityRows.push(`{"ts":${seconds(tsMs)},"equity_femto":"${account.equity}",${sources}}`);
  }
}

export interface ReportedRun {
  readonly run: BacktestRun;
  readonly summary: BacktestSummary;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly rows: RowTexts | null;
  readonly walkForward: readonly WalkForwardMonth[] | null;
}

/** One run is the object itself; several are a list, each with its policy and market. */
export function reportJson(runs: readonly ReportedRun[]): string {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) return `{${runFields(only)}}\n`;
  const each = runs.map(
    (reported) =>
      `{"policy":${JSON.stringify(reported.run.policy)},"market":${JSON.stringify(reported.run.market.name)},${runFields(reported)}}`,
  );
  return `{"format":"${REPORT_FORMAT}","runs":[\n${each.join(',\n')}\n]}\n`;
}

function runFields({ run, summary, parameters, rows, walkForward }: ReportedRun): string {
  const fields = [
    `"parameters":${JSON.stringify(parameters)}`,
    `"rows":${run.rows}`,
    `"trades":${list(run.trades.map(tradeText))}`,
    `"funding":${list(rows?.fundingRows ?? [])}`,
    `"equity":${list(rows?.equityRows ?? [])}`,
    `"summary":${JSON.stringify(summary)}`,
  ];
  if (walkForward !== null) fields.push(`"walk_forward":${JSON.stringify(walkForward)}`);
  return fields.join(',\n');
}

const list = (items: readonly string[]): string => (items.length === 0 ? '[]' : `[\n${items.join(',\n')}\n]`);

export const TRADE_COLUMNS = [
  'ts',
  'side',
  'size',
  'price',
  'quote',
  'fee',
  'mark',
  'oracle',
  'before',
  'after',
  'why',
] as const;

const tradeText = (trade: BacktestRun['trades'][number]): string =>
  `{"ts":${seconds(trade.tsMs)},"side":"${trade.side}","size":${trade.size},"price":${trade.price},"quote":${trade.quote},` +
  `"fee":${trade.fee},"mark":${trade.mark},"oracle":${trade.oracle},"before":${trade.before},"after":${trade.after},"why":"${trade.why}"}`;
