/** A paper account that replays a file at `max`, and the backtest of the same file: the same trades, payments and equity. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { marketBetween } from '../../src/backtest/market.ts';
import { type BacktestOptions, DEFAULT_OPTIONS } from '../../src/backtest/options.ts';
import { type Decider, type FileOrder, runBacktest } from '../../src/backtest/run.ts';
import { SOL_PERP } from '../../src/domain/account/account.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { type CarryPolicy, confidencePolicy } from '../../src/domain/carry/policies.ts';
import { RateHistory } from '../../src/domain/carry/rate-history.ts';
import { enableAutoCarry, noteCarryTrade } from '../../src/domain/engine/auto-carry.ts';
import { decide } from '../../src/domain/engine/decide.ts';
import { decisionContext, initialEngine } from '../../src/domain/engine/engine-state.ts';
import { roundTripCost } from '../../src/domain/hedge/carry.ts';
import { correctionTo, countedSpot, hedgeTargetPpm as targetOf } from '../../src/domain/hedge/delta.ts';
import { DEFAULT_POLICY, decodePolicy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import { perpMarketOf, perpSize } from '../../src/domain/margin/margin.ts';
import { lamports, type Price, valueAt } from '../../src/domain/money/units.ts';
import { type Goal, PLAIN_TERMS, planIntent } from '../../src/domain/order/intent-plan.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { readFundingFile, readLendFile } from '../../src/market-data/history-file.ts';
import { openFeed } from '../../src/market-data/open-feed.ts';
import { ROOT } from '../architecture/imports.ts';
import { FIRST_TS, fundingCsv, historyFile, LEND_HEADER } from '../market-data/history-file.ts';
import { LONG } from '../support/long.ts';
import { type Bench, land, memoryJournal, openBench, SOL } from '../venues/paper/support.ts';

const HOUR = 3_600_000;
const HOURS = 180;
const { limits, parameters } = DEFAULT_OPTIONS;

let journal: Journal;
beforeAll(async () => {
  journal = await memoryJournal();
});
afterAll(() => journal.close());

/** Three days in which longs pay well, then some in which shorts do, then longs again; with a hole of two hours. */
const FUNDING = historyFile(
  fundingCsv(
    Array.from({ length: HOURS }, (_, hour) => ({
      hour: hour < 100 ? hour : hour + 2,
      rate: (hour < 70 || hour > 120 ? 0.02 + (hour % 5) / 1_000 : -0.03).toFixed(9),
      oracle: (150 + 8 * Math.sin(hour / 9)).toFixed(6),
      mark: (150.05 + 8 * Math.sin(hour / 9)).toFixed(6),
    })),
  ),
);
const LEND = historyFile(
  [LEND_HEADER, `${FIRST_TS - 60},400,900,300,800`, `${FIRST_TS + 90_000},350,900,200,800`, ''].join('\n'),
  'lend.csv',
);

async function market(files: Files = MADE) {
  const { funding } = await readFundingFile(files.funding, HOUR);
  const lend = await readLendFile(files.lend);
  const history = { name: 'SOL', file: files.funding, funding, lend, periodMs: HOUR, notes: [] };
  const made = marketBetween(history, null, null);
  if (made === null) throw new RangeError('an empty history');
  return made;
}

const DATA = join(ROOT, '../shared/data');
const DRIFT: Files = {
  funding: join(DATA, 'drift-sol-perp-funding-hourly-2025.csv'),
  lend: join(DATA, 'drift-lend-rates-hourly-2025.csv'),
};

interface Files {
  readonly funding: string;
  readonly lend: string;
}
const MADE: Files = { funding: FUNDING, lend: LEND };

interface Lived {
  readonly trades: readonly (readonly [string, string, string, string])[];
  readonly payments: readonly (readonly [number, string, string])[];
  readonly equity: bigint | null;
}

/** Of a list that gives the newest first, oldest first. */
async function everyItem<Item>(
  read: (page: {
    limit: number;
    cursor?: string;
  }) => Promise<{ readonly items: readonly Item[]; readonly nextCursor: string | null }>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof read>> = await read({
      limit: 1_000,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items.reverse();
}

async function livedBy(bench: Bench): Promise<Lived> {
  const { engineId } = bench;
  const trades = await everyItem((page) => journal.trades({ engineId, ...page }));
  const payments = await everyItem((page) => journal.funding({ engineId, ...page }));
  return {
    trades: trades.map(({ side, size, price, fee }) => [side, size, price, fee] as const),
    payments: payments.map(({ periodTsMs, position, amount }) => [periodTsMs, position, amount] as const),
    equity: (await bench.venue.read('confirmed')).equity,
  };
}

/** What the engine does by itself. At the file's end it only reduces, and here there is nothing to reduce. */
function corrected(bench: Bench, snapshot: Snapshot, target: number, cooldownUntilMs: number | null): Goal | null {
  const context = {
    hedgeTargetPpm: target,
    cooldownUntilMs,
    holds: [],
    engineRunning: true,
    busy: false,
    carryWarnedAtMs: null,
  };
  const { action } = decide(snapshot, context, limits, bench.clock.nowMs());
  if (action.kind === 'none' || snapshot.feed.ended) return null;
  return { kind: action.kind, market: SOL_PERP, size: action.delta.toString() };
}

/** The venue, row by row; what `wish` answers is planned on the venue's own snapshot and sent to it. */
async function paper(wish: (bench: Bench, nowMs: number) => Promise<Goal | null>): Promise<Lived> {
  const feed = openFeed(`replay:${FUNDING},${LEND}`);
  const bench = await openBench(journal, { feed, speed: 'max' });
  const rows = (await market()).funding;
  const ends = new Set(rows.tsMs.slice(0, rows.rows));
  // As the engine carries it: the target of the last OPEN, the cooldown of the last correction.
  let hedgeTarget = 0;
  let cooldownUntilMs: number | null = null;
  for (;;) {
    const snapshot = await bench.venue.read('confirmed');
    const { marketTimeMs } = snapshot;
    const wished = ends.has(marketTimeMs) ? await wish(bench, marketTimeMs) : null;
    const goal = wished ?? (ends.has(marketTimeMs) ? corrected(bench, snapshot, hedgeTarget, cooldownUntilMs) : null);
    if (goal !== null) {
      const planned = planIntent(goal, PLAIN_TERMS, snapshot, {
        maxSlippageBps: limits.maxSlippageBps,
        orderLifeMs: 60_000,
        nowMs: bench.clock.nowMs(),
      });
      if (planned.kind === 'intent') await land(bench.venue, planned.intent);
      const { account, markets } = await bench.venue.read('confirmed');
      const perp = account === null ? lamports(0n) : perpSize(account, markets, SOL_PERP);
      if (goal.kind === 'correct') cooldownUntilMs = marketTimeMs + limits.cooldownMs;
      else hedgeTarget = targetOf(countedSpot(snapshot, limits) ?? lamports(0n), perp);
    }
    if (!(await bench.venue.advance()).moved) break;
  }
  return await livedBy(bench);
}

/** The engine's own decisions under a consent, on what its venue shows it; its starter remembers what it traded on. */
async function automatic(files: Files, policyJson: PolicyJson): Promise<Lived> {
  const policy = decodePolicy(policyJson);
  const feed = openFeed(`replay:${files.funding},${files.lend}`);
  const { carryWindowHours = 0 } = policyJson;
  const bench = await openBench(journal, { feed, speed: 'max', carryWindowHours });
  const { funding } = await market(files);
  const ends = new Set(funding.tsMs.slice(0, funding.rows));
  let engine = enableAutoCarry(initialEngine('epoch'), {
    ...{ policyHash: 'hash', market: SOL_PERP, sinceMs: 0, operator: 'test' },
  });
  let hedgeTargetPpm = 0;
  let cooldownUntilMs: number | null = null;
  for (;;) {
    const snapshot = await bench.venue.read('confirmed');
    const { marketTimeMs } = snapshot;
    const context = { ...decisionContext(engine), hedgeTargetPpm, cooldownUntilMs, engineRunning: true };
    const { action } = decide(snapshot, context, policy, bench.clock.nowMs());
    if (ends.has(marketTimeMs) && action.kind !== 'none' && (action.kind === 'leave' || !snapshot.feed.ended)) {
      const goal: Goal = { kind: action.kind, market: SOL_PERP, size: action.delta.toString() };
      const planned = planIntent(goal, PLAIN_TERMS, snapshot, {
        maxSlippageBps: policy.maxSlippageBps,
        orderLifeMs: 60_000,
        nowMs: bench.clock.nowMs(),
      });
      if (planned.kind !== 'intent') throw new Error(`${action.kind} was not planned`);
      await land(bench.venue, planned.intent);
      const { account, markets } = await bench.venue.read('confirmed');
      const perp = account === null ? lamports(0n) : perpSize(account, markets, SOL_PERP);
      if (action.kind === 'enter' || action.kind === 'leave') {
        const { periodMs } = action;
        engine = noteCarryTrade(engine, { periodMs, marketTimeMs, enters: action.kind === 'enter' });
        hedgeTargetPpm = targetOf(countedSpot(snapshot, policy) ?? lamports(0n), perp);
      } else cooldownUntilMs = marketTimeMs + policy.cooldownMs;
    }
    if (!(await bench.venue.advance()).moved) break;
  }
  return await livedBy(bench);
}

/** Limits that never bind: the backtest of a policy has none. */
const AUTO: PolicyJson = {
  ...DEFAULT_POLICY,
  carryPolicy: 'auto',
  ...{ maxHedgeSol: (1_000n * SOL).toString(), maxTradesPerDay: 1_000 },
  maxAutoTradeUsd: '1000000000000',
};

async function backtest(
  decider: Decider,
  files: Files = MADE,
  limits: BacktestOptions['limits'] = DEFAULT_OPTIONS.limits,
): Promise<Lived> {
  const payments: (readonly [number, string, string])[] = [];
  let equity = 0n;
  const run = runBacktest(
    await market(files),
    decider,
    { ...DEFAULT_OPTIONS, limits, closeAtEnd: false },
    {
      funding: (tsMs, _, position, amount) => void payments.push([tsMs, position.toString(), amount.toString()]),
      equity: (_, account) => {
        equity = account.equity;
      },
    },
  );
  return {
    trades: run.trades.map(
      ({ side, size, price, fee }) => [side, size, price, fee].map(String) as [string, string, string, string],
    ),
    payments,
    equity,
  };
}

describe('paper at max speed and the backtest', () => {
  it('agree on the confidence rule', async () => {
    const make = (): CarryPolicy => confidencePolicy('confidence', { hours: 40, blockHours: 8, z: 1, exitAprPct: 0 });
    const policy = make();
    const { rates, funding } = await market();
    const lived = await paper(async ({ venue }, nowMs) => {
      const snapshot = await venue.read('confirmed');
      const perp = snapshot.account === null ? 0n : perpSize(snapshot.account, snapshot.markets, SOL_PERP);
      const spot = countedSpot(snapshot, limits);
      const perpMarket = perpMarketOf(snapshot.markets, SOL_PERP);
      if (spot === null || perpMarket === null) throw new Error('an account without SOL');
      const size = correctionTo(1_000_000, { spot, perp: lamports(0n) }, perpMarket.stepSize, limits);
      const oracle = perpMarket.oracle.price as Price;
      const cost = roundTripCost(size, oracle, perpMarket, parameters.transactionCost);
      const wants = policy.wantsShort({
        rates: new RateHistory(rates, funding.tsMs.indexOf(nowMs) + 1),
        nowMs,
        holding: perp !== 0n,
        openedAtMs: null,
        horizonHours: limits.holdingHorizonHours,
        roundTrip: () => Number(cost.total) / Number(valueAt(lamports(-size), oracle)),
      });
      // A row that is the file's last opens nothing.
      if (wants === (perp !== 0n) || (wants && snapshot.feed.ended)) return null;
      return wants ? { kind: 'open', market: SOL_PERP, size: size.toString() } : { kind: 'close', market: SOL_PERP };
    });
    const tested = await backtest(make());
    expect(tested.trades.map(([side]) => side)).toEqual(['sell', 'sell', 'buy', 'sell', 'sell']);
    expect(tested).toEqual(lived);
  });

  it('agree under CARRY_POLICY=auto', async () => {
    const policy = { ...AUTO, carryWindowHours: 42 };
    const lived = await automatic(MADE, policy);
    const rule = confidencePolicy('confidence', { hours: 42, blockHours: 6, z: 1, exitAprPct: 0 });
    const tested = await backtest(rule, MADE, decodePolicy(policy));
    expect(tested.trades.map(([side]) => side)).toEqual(['sell', 'sell', 'buy', 'sell', 'sell']);
    expect(tested).toEqual(lived);
  });

  itUnless(
    !existsSync(DRIFT.funding) ? 'no recorded history beside the checkout' : !LONG && 'npm run test:long runs it',
  )(
    'agree under CARRY_POLICY=auto on all of Drift in 2025',
    async () => {
      const policy = { ...AUTO, carryWindowHours: 336 };
      const lived = await automatic(DRIFT, policy);
      const rule = confidencePolicy('confidence', { hours: 336, blockHours: 48, z: 1, exitAprPct: 0 });
      const tested = await backtest(rule, DRIFT, decodePolicy(policy));
      expect(tested.trades.length).toBeGreaterThanOrEqual(4);
      expect(tested).toEqual(lived);
    },
    900_000,
  );

  it('agree on the trades of a file', async () => {
    const orders: readonly FileOrder[] = [
      { tsMs: (FIRST_TS + 5 * 3_600) * 1_000, size: lamports(-10n * SOL) },
      { tsMs: (FIRST_TS + 90 * 3_600) * 1_000, size: lamports(4n * SOL) },
      { tsMs: (FIRST_TS + 130 * 3_600) * 1_000, size: lamports(6n * SOL) },
      { tsMs: (FIRST_TS + 150 * 3_600) * 1_000, size: lamports(-3n * SOL) },
    ];
    const lived = await paper(async (_, nowMs) => {
      const due = orders.find(({ tsMs }) => tsMs === nowMs);
      if (due === undefined) return null;
      return { kind: 'open', market: SOL_PERP, size: due.size.toString() };
    });
    const tested = await backtest({ text: 'trades', orders });
    // Four of the file, two by which the engine keeps the hedge.
    expect(tested.trades).toHaveLength(6);
    expect(tested).toEqual(lived);
  });
});
