/** The tax file adds up to what the journal has: every fee, every payment, all interest, and the cash of every position. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TAX_COLUMNS, type TaxFill, type TaxLine, type TaxRecords, taxLines } from '../../../src/domain/figures/tax.ts';
import { baseUnitsOf } from '../../../src/domain/money/amounts.ts';
import { lamports, price, valueAt } from '../../../src/domain/money/units.ts';

const DAY = 86_400_000;
const SOL = 1_000_000_000n;
const fill = (tsMs: number, side: 'buy' | 'sell', sol: bigint, usd: bigint, fee = 100n): TaxFill => ({
  ...{ tsMs, side, market: 'SOL-PERP', size: sol * SOL, price: usd * 1_000_000n, fee },
  reference: `sig-${tsMs}`,
});
const records = (change: Partial<TaxRecords>): TaxRecords => ({
  ...{ fills: [], payments: [], accruals: [], fromMs: null, quoteAsset: 'USDC', ...change },
});
const of = (lines: readonly TaxLine[], kind: string) => lines.filter((line) => line.kind === kind);
const sum = (lines: readonly TaxLine[], column: 'gain' | 'gain_usd' = 'gain'): bigint =>
  lines.reduce((total, line) => total + baseUnitsOf(line[column], 6), 0n);

describe('a tax file', () => {
  it('has the columns of its chapter', () => {
    const chapter = readFileSync(join(import.meta.dirname, '../../../docs/architecture/bridge.md'), 'utf8');
    const table = chapter.split('## The tax file')[1]?.split('\n## ')[0] ?? '';
    const named = [...table.matchAll(/^\| (\w+) \| /gm)].map(([, name]) => name).filter((name) => name !== 'column');
    expect(named).toEqual([...TAX_COLUMNS]);
  });

  it('counts a short as gained what it was opened at less what it was bought back for', () => {
    const lines = taxLines(records({ fills: [fill(1, 'sell', 10n, 150n), fill(2, 'buy', 4n, 140n)] }));
    expect(of(lines, 'disposal')).toEqual([
      expect.objectContaining({ quantity: '4', proceeds: '600', cost: '560', gain: '40', reference: 'sig-2' }),
    ]);
    expect(sum(of(lines, 'trading_fee'))).toBe(-200n);
  });

  it('counts a fill that crosses zero as closing first, and the rest as opened at its price', () => {
    const fills = [fill(1, 'sell', 10n, 150n), fill(2, 'buy', 15n, 160n), fill(3, 'sell', 5n, 170n)];
    const gains = of(taxLines(records({ fills })), 'disposal').map(({ quantity, gain }) => [quantity, gain]);
    expect(gains).toEqual([
      ['10', '-100'],
      ['5', '50'],
    ]);
  });

  it('of positions that are closed adds up to the cash of all fills', () => {
    const one = fc.record({
      isBuy: fc.boolean(),
      size: fc.bigInt(1n, 50n * SOL),
      at: fc.bigInt(1_000_000n, 400_000_000n),
    });
    fc.assert(
      fc.property(
        fc.array(one, { minLength: 1, maxLength: 20 }),
        fc.bigInt(1_000_000n, 400_000_000n),
        (drawn, last) => {
          const given = drawn.map(
            ({ isBuy, size, at }, tsMs): TaxFill => ({
              ...{ tsMs, market: 'M', side: isBuy ? 'buy' : 'sell', size, price: at, fee: 0n, reference: '' },
            }),
          );
          const held = given.reduce((total, { side, size }) => total + (side === 'buy' ? size : -size), 0n);
          const closing: TaxFill[] =
            held === 0n
              ? []
              : [
                  {
                    ...{
                      tsMs: 1_000,
                      market: 'M',
                      side: held > 0n ? 'sell' : 'buy',
                      price: last,
                      fee: 0n,
                      reference: '',
                    },
                    size: held < 0n ? -held : held,
                  },
                ];
          const fills = [...given, ...closing];
          const cash = fills.reduce(
            (total, { side, size, price: at }) => total - valueAt(lamports(side === 'buy' ? size : -size), price(at)),
            0n,
          );
          expect(sum(of(taxLines(records({ fills })), 'disposal'))).toBe(cash);
        },
      ),
    );
  });

  it('has all funding, and all interest and gas that grew from day to day', () => {
    const accrual = (day: number, interest: bigint, gas: bigint) => ({
      ...{ tsMs: day * DAY + 5, interest, gas, quotePrice: 999_800n },
    });
    const accruals = [accrual(0, 0n, 0n), accrual(0.5, 40n, -5n), accrual(1, 100n, -5n), accrual(3, 700n, -25n)];
    const payments = [5n, -3n, 11n].map((amount, tsMs) => ({ tsMs, market: 'M', amount, reference: '' }));
    const lines = taxLines(records({ accruals, payments }));
    expect(sum(of(lines, 'funding'))).toBe(13n);
    expect(sum(of(lines, 'interest'))).toBe(700n);
    expect(sum(of(lines, 'network_fee'))).toBe(-25n);
    expect(of(lines, 'interest')).toHaveLength(3);
  });

  it('knows no USD value before a price of the quote asset was written down, and shows none', () => {
    const accruals = [{ tsMs: 10, interest: 0n, gas: 0n, quotePrice: 2_000_000n }];
    const payments = [5, 15].map((tsMs) => ({ tsMs, market: 'M', amount: 7n, reference: '' }));
    const usd = of(taxLines(records({ payments, accruals })), 'funding').map((line) => line.gain_usd);
    expect(usd).toEqual(['', '0.000014']);
  });

  it('of a range has its lines alone, with the cost of what was opened before', () => {
    const fills = [fill(1, 'sell', 10n, 150n), fill(20, 'buy', 10n, 149n)];
    const lines = taxLines(records({ fills, fromMs: 10 }));
    expect(lines.map(({ kind }) => kind)).toEqual(['disposal', 'trading_fee']);
    expect(sum(of(lines, 'disposal'))).toBe(10_000_000n);
  });
});
