/**
 * An account's ledger as a bookkeeper would keep it, with fractions to 24 decimals and none of the product's code: deposits
 * that earn, a position that is paid, orders that fill at the mark less slippage. What `naive.ts` leaves out is interest and equity.
 */
import type { MadeLend, MadeRow } from './histories.ts';

const ONE = 10n ** 24n;
const HOUR_MS = 3_600_000;
const YEAR_MS = BigInt(8_766 * HOUR_MS);

export interface LedgerOrder {
  readonly hour: number;
  /** Signed lamports. */
  readonly size: bigint;
}

export interface LedgerTerms {
  /** Lamports, micro-USD. */
  readonly sol: bigint;
  readonly usdc: bigint;
  readonly walletSol: bigint;
  /** Millionths. */
  readonly fee: bigint;
  readonly slippage: bigint;
  readonly gasLamports: bigint;
}

/** USD. */
export interface LedgerRow {
  readonly equity: number;
  readonly funding: number;
  readonly interest: number;
  readonly fees: number;
}

const times = (a: bigint, b: bigint): bigint => (a * b) / ONE;
const of = (units: bigint, decimals: number): bigint => units * 10n ** BigInt(24 - decimals);
const part = (value: bigint, millionths: bigint): bigint => (value * millionths) / 1_000_000n;
const usd = (value: bigint): number => Number(value / 10n ** 9n) / 1e15;

export function ledgerOf(
  rows: readonly MadeRow[],
  lend: readonly MadeLend[],
  orders: readonly LedgerOrder[],
  terms: LedgerTerms,
): readonly LedgerRow[] {
  let sol = of(terms.sol, 9);
  let wallet = of(terms.walletSol, 9);
  let usdc = of(terms.usdc, 6);
  let base = 0n;
  let quote = 0n;
  const total = { funding: 0n, interest: 0n, fees: 0n };
  let nowMs = 0;
  /** The price that interest in SOL is worth when it comes. */
  let price = of(BigInt(rows[0]?.oracle ?? 0), 6);

  const earn = (toMs: number): void => {
    const rates = lend.findLast(({ offsetMs }) => offsetMs <= nowMs)?.rates;
    if (rates !== undefined && toMs > nowMs) {
      const grown = (held: bigint, rate: number): bigint =>
        (held * BigInt(rate) * BigInt(toMs - nowMs)) / (1_000_000n * YEAR_MS);
      const [solEarned, usdcEarned] = [grown(sol, rates[0]), grown(usdc, rates[2])];
      sol += solEarned;
      usdc += usdcEarned;
      total.interest += times(solEarned, price) + usdcEarned;
    }
    nowMs = toMs;
  };

  return rows.map(({ hour, rate, oracle, mark }, index) => {
    const atMs = hour * HOUR_MS;
    if (index === 0) nowMs = atMs;
    // Where rates change, and at the end of hours that are missing, interest is worth what SOL was worth last.
    const missing = Array.from({ length: hour }, (_, each) => each * HOUR_MS);
    const stops = [...lend.map(({ offsetMs }) => offsetMs), ...missing].sort((a, b) => a - b);
    for (const stop of stops) if (stop > nowMs && stop < atMs) earn(stop);
    price = of(BigInt(oracle), 6);
    // The last stretch before a row is worth what SOL is at the row.
    earn(atMs);
    if (index > 0) {
      const paid = -times(base, of(BigInt(rate), 9));
      quote += paid;
      total.funding += paid;
    }
    const equity = times(sol + wallet + base, price) + usdc + quote;
    const row = {
      equity: usd(equity),
      funding: usd(total.funding),
      interest: usd(total.interest),
      fees: usd(total.fees),
    };
    for (const { size } of orders.filter((order) => order.hour === hour)) {
      const at = of(BigInt(mark), 6);
      const fill = size < 0n ? at - part(at, terms.slippage) : at + part(at, terms.slippage);
      const worth = times(of(size, 9), fill);
      const fee = part(worth < 0n ? -worth : worth, terms.fee);
      base += of(size, 9);
      quote -= worth + fee;
      total.fees -= fee;
      wallet -= of(terms.gasLamports, 9);
    }
    return row;
  });
}
