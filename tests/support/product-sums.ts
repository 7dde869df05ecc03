/** What must add up in any account of the product, whatever happened to it: taken from its lists and its state. */
import type { ProductRun, StateView } from './product-run.ts';

export const SOURCES = [
  'price',
  'basis',
  'slippage',
  'funding',
  'interest',
  'fees',
  'gas',
  'transfers',
  'external',
  'unexplained',
] as const;

const sumOf = (values: readonly string[]): bigint => values.reduce((sum, value) => sum + BigInt(value), 0n);

/** Everything that does not add up, in words; empty when all does. */
export async function imbalances(run: ProductRun): Promise<readonly string[]> {
  const wrong: string[] = [];
  const says = (holds: boolean, text: string): void => {
    if (!holds) wrong.push(text);
  };
  const { account } = await run.state();
  const shown = sumOf(SOURCES.map((source) => account.sources_base[source]));
  says(shown === BigInt(account.equity_change_base), `stats: sources ${shown}, change ${account.equity_change_base}`);
  says(account.sources_base.unexplained === '0', `stats: unexplained ${account.sources_base.unexplained}`);
  for (const row of await run.list('equity')) {
    const sum = sumOf(SOURCES.map((source) => row[`${source}_base`]));
    const change = BigInt(row.equity_base) - BigInt(row.baseline_base);
    says(sum === change, `equity of ${row.ts}: sources ${sum}, change ${change}`);
    says(row.unexplained_base === '0', `equity of ${row.ts}: unexplained ${row.unexplained_base}`);
  }
  const trades = await run.list('trades');
  const traded = tradedPerp(trades);
  says(
    traded === BigInt(account.perp_sol_base),
    `trades add up to ${traded}, the position is ${account.perp_sol_base}`,
  );
  const fills = new Set(trades.map((trade) => `${trade.signature}/${trade.index}`));
  says(fills.size === trades.length, `${trades.length} trades, of which ${fills.size} are different fills`);
  // Read last: a period may have been paid since the state was.
  const funding = await run.list('funding');
  const again = (await run.state()).account.sources_base.funding;
  const paid = sumOf(funding.map((row) => row.amount_base));
  const known = [account.sources_base.funding, again].map(BigInt);
  says(
    known.some((total) => abs(total - paid) <= 1n),
    `funding list ${paid}, source ${known.join(' then ')}`,
  );
  const periods = new Set(funding.map((row) => row.period_ts));
  says(periods.size === funding.length, `${funding.length} payments for ${periods.size} periods`);
  return wrong;
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);

export const tradedPerp = (trades: readonly StateView[]): bigint =>
  trades.reduce((sum, { side, size_base }) => sum + (side === 'buy' ? BigInt(size_base) : -BigInt(size_base)), 0n);

/** SOL that left the wallet: deposits, less withdrawals, and 5,000 lamports for each transaction that landed. */
export const GAS_LAMPORTS = 5_000n;
