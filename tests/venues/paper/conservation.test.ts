import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import type { Intent } from '../../../src/domain/order/intent.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { openFeed } from '../../../src/market-data/open-feed.ts';
import type { SubmitFault } from '../../../src/venues/paper/faults.ts';
import { DEFAULT_PARAMETERS } from '../../../src/venues/paper/parameters.ts';
import type { SignedAttempt } from '../../../src/venues/venue.ts';
import { fundingCsv, historyFile, LEND_HEADER } from '../../market-data/history-file.ts';
import { runs } from '../../support/long.ts';
import { type Bench, deposit, memoryJournal, openBench, order, SOL, settle, USD, withdraw } from './support.ts';

let journal: Journal;
beforeAll(async () => {
  journal = await memoryJournal();
});
afterAll(() => journal.close());

const HOUR = 3_600_000;
const FEMTO = 1_000_000_000n;
const GAS = 5_000n;

/** A market that leaps about: hours of +-25 %, with basis, gaps, and funding both ways. */
const wild = (() => {
  let noise = 12345;
  const next = () => {
    noise = (Math.imul(noise, 1103515245) + 12345) >>> 0;
    return noise / 2 ** 32;
  };
  const rows = Array.from({ length: 400 }, (_, hour) => {
    const oracle = (150 * (0.75 + next() / 2)).toFixed(6);
    return {
      hour: hour + (hour > 100 ? 5 : 0),
      rate: ((next() - 0.5) / 10).toFixed(9),
      oracle,
      mark: (Number(oracle) * (0.995 + next() / 100)).toFixed(6),
    };
  });
  const lend = rows
    .filter((_, row) => row % 7 === 0)
    .map(
      ({ hour }) =>
        `${1_750_000_000 + hour * 3600 + 600},${(next() * 90).toFixed(4)},55.5,${(next() * 30).toFixed(4)},77.7`,
    );
  return openFeed(
    `replay:${historyFile(fundingCsv(rows))},${historyFile([LEND_HEADER, ...lend].join('\n'), 'lend.csv')}`,
  );
})();

/** Equity from nothing but the figures of the snapshot. */
function equityFrom({ account, markets, wallet }: Snapshot): bigint {
  const oracle = markets.perps[0]?.oracle.price ?? 0n;
  let micro = wallet.quote as bigint;
  let sol = wallet.sol as bigint;
  for (const { marketIndex, scaledBalance, kind } of account?.spot ?? []) {
    const signed = kind === 'borrow' ? -scaledBalance : scaledBalance;
    if (marketIndex === 0) micro += signed / 1_000n;
    else sol += signed;
  }
  for (const { baseAmount, quoteAmount } of account?.perps ?? []) {
    sol += baseAmount;
    micro += quoteAmount;
  }
  return sol * oracle + micro * FEMTO;
}

async function expectConserved({ venue }: Bench): Promise<Snapshot> {
  const snapshot = await venue.read('confirmed');
  const { equity, equityBaseline, sources } = snapshot;
  const sum = Object.values(sources ?? {}).reduce((total, amount) => total + amount, 0n);
  expect(equity).toBe(equityFrom(snapshot));
  expect(sources?.unexplained).toBe(0n);
  expect((equity ?? 0n) - (equityBaseline ?? 0n)).toBe(sum);
  return snapshot;
}

type Step =
  | { readonly kind: 'send'; readonly intent: Intent; readonly fault: SubmitFault | null; readonly times: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'restart' };

const amount = (most: bigint) => fc.bigInt({ min: 1n, max: most });
const intents: fc.Arbitrary<Intent> = fc.oneof(
  amount(3n * SOL).map((value) => deposit(value)),
  amount(3n * SOL).map((value) => withdraw(value)),
  amount(300n * USD).map((value) => withdraw(value, 'USDC')),
  amount(100n * USD).map((value) => deposit(value, 'USDC')),
  fc
    .tuple(fc.constantFrom('buy' as const, 'sell' as const), fc.integer({ min: 5, max: 60_000 }), fc.boolean())
    .map(([side, steps, reduceOnly]) =>
      order(side, BigInt(steps) * 1_000_000n, { reduceOnly, cancelOpenOrders: reduceOnly }),
    ),
  fc.constant(settle),
);
const faults: fc.Arbitrary<SubmitFault | null> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant<SubmitFault>({ kind: 'dropped' }) },
  { weight: 1, arbitrary: fc.constant<SubmitFault>({ kind: 'reply_lost' }) },
  { weight: 1, arbitrary: fc.constant<SubmitFault>({ kind: 'timeout' }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 149 }).map((slots): SubmitFault => ({ kind: 'late', slots })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.nat(60))
      .map(([ppm, afterSlots]): SubmitFault => ({ kind: 'fills', ppm, afterSlots })),
  },
  { weight: 1, arbitrary: fc.constant<SubmitFault>({ kind: 'fails', error: { code: 'X', message: 'told to' } }) },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(intents, faults, fc.integer({ min: 1, max: 3 }))
      .map(([intent, fault, times]): Step => ({ kind: 'send', intent, fault, times })),
  },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 9 * HOUR }).map((ms): Step => ({ kind: 'pass', ms })) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restart' }) },
);

/** What the journal's own rows say: fees of the trades, and the funding. */
async function expectJournalAgrees({ engineId }: Bench, { sources }: Snapshot): Promise<void> {
  const trades = (await journal.trades({ engineId, limit: 1_000 })).items;
  const paid = (await journal.funding({ engineId, limit: 1_000 })).items;
  const [equity] = (await journal.equity({ engineId, limit: 1 })).items;
  expect(sources?.fees).toBe(-FEMTO * trades.reduce((sum, { fee }) => sum + BigInt(fee), 0n));
  expect(sources?.funding).toBe(FEMTO * paid.reduce((sum, { amount: each }) => sum + BigInt(each), 0n));
  const { equity: total, baseline, ...rest } = equity ?? { equity: '0', baseline: '0' };
  const booked = Object.entries(rest)
    .filter(([source]) => source in (sources ?? {}))
    .reduce((sum, [, each]) => sum + BigInt(String(each)), 0n);
  expect(BigInt(total) - BigInt(baseline)).toBe(booked);
}

describe('value', () => {
  it('is conserved to the unit, whatever is sent, when, how often, and however the chain behaves', async () => {
    const feeds = fc.constantFrom(wild, openFeed('synthetic:conservation'));
    await fc.assert(
      fc.asyncProperty(feeds, fc.array(step, { minLength: 3, maxLength: 10 }), async (feed, steps) => {
        let bench = await openBench(journal, { feed });
        const sent: SignedAttempt[] = [];
        for (const each of steps) {
          if (each.kind === 'pass') bench.clock.pass(each.ms);
          else if (each.kind === 'restart') bench = await openBench(journal, { ...bench });
          else {
            const attempt = await bench.venue.sign(each.intent);
            sent.push(attempt);
            if (each.fault !== null) bench.faults.onSubmit(each.fault);
            for (let time = 0; time < each.times; time += 1) {
              await bench.venue.submit(attempt, time).catch(() => undefined);
            }
          }
          await expectConserved(bench);
        }
        bench.clock.pass(10 * 60_000);
        const landed = (await Promise.all(sent.map((attempt) => bench.venue.status(attempt)))).filter(
          (sighting) => sighting.kind === 'landed',
        );
        const end = await expectConserved(bench);
        await expectJournalAgrees(bench, end);
        expect(landed.length === 0).toBe(end.sources?.gas === 0n);
      }),
      { numRuns: runs(100) },
    );
  });

  it('of a gas fee, a fill and an oracle move is booked each under its own name', async () => {
    const feed = openFeed(
      `replay:${historyFile(
        fundingCsv([
          { hour: 0, rate: '0', oracle: '100', mark: '101' },
          { hour: 1, rate: '0.5', oracle: '90', mark: '90' },
        ]),
      )}`,
    );
    const bench = await openBench(journal, { feed });
    const attempt = await bench.venue.sign(order('sell', 2n * SOL));
    await bench.venue.submit(attempt, 0);
    bench.clock.pass(HOUR);
    const { sources } = await expectConserved(bench);
    // Sold 2 SOL at 101 less 0.1 %: 100.899; fee 2.5 bps of 201.798; then the oracle falls by 10 on 15 - gas - 2 SOL.
    expect(sources).toEqual({
      price: -(13n * SOL - GAS) * 10n * USD,
      basis: 2n * USD * SOL,
      slippage: -202_000n * SOL,
      funding: USD * SOL,
      interest: 0n,
      fees: -50_450n * SOL,
      gas: -GAS * 100n * USD,
      transfers: 0n,
      external: 0n,
      unexplained: 0n,
    });
    expect(DEFAULT_PARAMETERS.transactionCost).toBe(GAS);
  });
});
