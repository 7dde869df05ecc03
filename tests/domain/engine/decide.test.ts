import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DecisionContext, decide, planRebalance } from '../../../src/domain/engine/decide.ts';
import { HOLD_CODES, type Hold, type HoldCode } from '../../../src/domain/engine/hold.ts';
import { driftFromTargetPct, FULL_HEDGE_PPM, targetShort } from '../../../src/domain/hedge/delta.ts';
import type { Policy } from '../../../src/domain/hedge/policy.ts';
import { abs, lamports } from '../../../src/domain/money/units.ts';
import { contextOf, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol, usd } from '../../support/snapshots.ts';

const judge = (scenario: Scenario, context: Partial<DecisionContext> = {}, policy: Partial<Policy> = {}) =>
  decide(snapshotOf(scenario), contextOf(context), paperPolicy(policy), NOW_MS);
const why = (...given: Parameters<typeof judge>) => judge(...given).reasons.at(-1)?.code;

const holdOf = (code: HoldCode, permits: Hold['permits'] = 'reducing'): Hold => ({
  code,
  permits,
  sinceMs: NOW_MS,
  clearedBy: 'itself',
  reason: `held by ${code}`,
});
/** 3 % too little short: beyond tolerance, within MAX_UNHEDGED_PCT. */
const UNDER: Scenario = { perp: '-9.7' };
/** 1.5 % too much short: beyond tolerance, hence naked. */
const OVER: Scenario = { perp: '-10.15' };
/** Over its target of a half, and covered by spot all the same. */
const OVER_HALF: Scenario = { perp: '-5.2' };
const half = { hedgeTargetPpm: 500_000 };
const NEAR_LIQUIDATION: Scenario = { sol: 0, usdc: 90, perp: '-10' };
const STEP = sol('0.001');
const cooling = { cooldownUntilMs: NOW_MS + 60_000 };

const DOCUMENT = readFileSync(new URL('../../../docs/architecture/decide.md', import.meta.url), 'utf8');

describe('decide, row by row', () => {
  it('1: waits while an operation is under way', () => {
    expect(why(NEAR_LIQUIDATION, { busy: true })).toBe('BUSY');
  });

  it('2: has nothing to decide without an account', () => {
    expect(why({ account: null })).toBe('NO_ACCOUNT');
  });

  it('3a: corrects nothing while a fork has undone a trade of ours', () => {
    expect(why(OVER, { dropped: true })).toBe('BUSY');
  });

  it('3b: corrects nothing when stopped', () => {
    expect(why(UNDER, { engineRunning: false })).toBe('ENGINE_STOPPED');
  });

  it.each(['unresolved', 'resync', 'desync', 'connection', 'stores_diverged'] as const)(
    '4: corrects nothing while the truth is not known: %s',
    (code) => {
      expect(why(OVER, { holds: [holdOf(code)] })).toBe('HELD');
    },
  );

  it('4: corrects nothing under a hold that permits nothing', () => {
    expect(why(OVER, { holds: [holdOf('feed_ended', 'nothing')] })).toBe('HELD');
  });

  it('3: guards near liquidation, whatever cooldown, backoff, target or profit say', () => {
    const decision = judge(
      { ...NEAR_LIQUIDATION, lastRate: null },
      { ...cooling, hedgeTargetPpm: 0, holds: [holdOf('backoff'), holdOf('foreign_trade'), holdOf('guarded')] },
    );
    expect(decision.action.kind).toBe('guard');
    expect(decision.action.kind === 'guard' && decision.action.delta > 0n).toBe(true);
    expect(decision.gates?.column).toBe('guard');
  });

  it('3: does not guard when it is turned off', () => {
    expect(judge(NEAR_LIQUIDATION, {}, { guard: false }).action.kind).not.toBe('guard');
  });

  it('3: says what keeps the guard from reducing', () => {
    const decision = judge({ ...NEAR_LIQUIDATION, walletSol: 0 });
    expect(decision.action.kind).toBe('none');
    expect(decision.reasons[0]?.code).toBe('GUARD_BLOCKED');
    expect(decision.reasons[0]?.text).toContain('The wallet has');
  });

  it('5: has no target of its own for an account that it only watches', () => {
    const watching: Partial<Policy> = { mode: 'live', permissions: 'read-only' };
    const watched = judge({ perp: -10 }, { hedgeTargetPpm: 0 }, watching);
    expect(watched.reasons[0]?.code).toBe('WATCH_ONLY');
    expect(watched.alerts.raise).toEqual([]);
    expect(why({ perp: -10 }, { hedgeTargetPpm: 0 }, { ...watching, permissions: 'capital' })).not.toBe('WATCH_ONLY');
  });

  it('says of next to no spot no percentage without meaning', () => {
    expect(judge({ sol: 0, perp: '-0.5' }).reasons[0]?.text).toContain('less than \u22121,000 %');
  });

  it('6: never opens by itself, whatever the target says', () => {
    expect(why({})).toBe('NO_POSITION');
    expect(why({}, { hedgeTargetPpm: 0 })).toBe('NO_POSITION');
  });

  it('7: leaves a long that a person chose', () => {
    expect(why({ perp: 5 })).toBe('LONG_POSITION');
    expect(why({ perp: 5 }, { hedgeTargetPpm: 0 })).toBe('LONG_POSITION');
  });

  it('8: has no size to trade against unknown spot', () => {
    const snapshot = snapshotOf(UNDER);
    const blind = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    const decision = decide(blind, contextOf(), paperPolicy(), NOW_MS);
    expect(decision.reasons[0]?.code).toBe('SPOT_UNKNOWN');
    expect(decision.alerts.raise.map((alert) => alert.code)).toContain('NAKED_SHORT');
  });

  it('9: holds within tolerance of the target', () => {
    expect(why({ perp: '-9.9' })).toBe('WITHIN_TOLERANCE');
    expect(why({ perp: '-10.1' })).toBe('WITHIN_TOLERANCE');
    expect(why({ perp: '-5' }, half)).toBe('WITHIN_TOLERANCE');
  });

  it('9a: leaves a short beyond spot that a person confirmed, and buys back one that goes farther', () => {
    const naked: Scenario = { perp: '-12' };
    const confirmed = { confirmedExcess: sol('2').toString() };
    expect(why(naked)).toBe('CORRECT');
    expect(why(naked, confirmed)).toBe('NAKED_CONFIRMED');
    expect(judge(naked, confirmed).alerts.raise.map((alert) => alert.code)).toContain('NAKED_SHORT');
    expect(why({ perp: '-12.01' }, confirmed)).toBe('CORRECT');
    expect(judge({ perp: '-12.01' }, confirmed).action).toMatchObject({ kind: 'correct', delta: sol('2.01') });
    expect(why({ perp: '-11' }, confirmed)).toBe('NAKED_CONFIRMED');
    // It covers only a short beyond spot.
    expect(why(UNDER, confirmed)).toBe('CORRECT');
    expect(why({ ...NEAR_LIQUIDATION }, { confirmedExcess: sol('100').toString() })).toBe('GUARD');
  });

  it('10: leaves a foreign trade to a person, both ways', () => {
    expect(why(UNDER, { holds: [holdOf('foreign_trade')] })).toBe('HELD');
    expect(why(OVER, { holds: [holdOf('foreign_trade')] })).toBe('HELD');
  });

  it('11: waits for the backoff', () => {
    expect(why(OVER, { holds: [holdOf('backoff')] })).toBe('BACKOFF');
  });

  it('12: only reduces while reducing', () => {
    expect(why(UNDER, { holds: [holdOf('guarded')] })).toBe('REDUCING');
    expect(judge(OVER, { holds: [holdOf('guarded')] }).action.kind).toBe('correct');
  });

  it('13: waits for the cooldown both ways, and says how long', () => {
    const decision = judge(UNDER, cooling);
    expect(decision.reasons[0]).toMatchObject({ code: 'COOLDOWN', figures: { remaining_ms: 60_000 } });
    expect(why(OVER_HALF, { ...cooling, ...half })).toBe('COOLDOWN');
  });

  it('13: does not wait with a naked short', () => {
    expect(judge(OVER, cooling).action).toMatchObject({ kind: 'correct', enlarging: false });
  });

  it('13: leaves an adopted position alone for a cooldown, but for the guard', () => {
    const adopted = { quietUntilMs: NOW_MS + 90_000 };
    for (const scenario of [UNDER, OVER]) {
      expect(judge(scenario, adopted).reasons[0]).toMatchObject({
        code: 'COOLDOWN',
        figures: { remaining_ms: 90_000 },
      });
      expect(why(scenario, { quietUntilMs: NOW_MS })).toBe('CORRECT');
    }
    expect(judge(NEAR_LIQUIDATION, adopted).action.kind).toBe('guard');
  });

  it('14: skips dust', () => {
    expect(why({ sol: '0.1', perp: '-0.0965' })).toBe('BELOW_MINIMUM');
    expect(why(UNDER, {}, { minTradeSize: sol('0.4') })).toBe('BELOW_MINIMUM');
    expect(why({ ...UNDER, perpMarket: { minimumSize: sol('0.4') } })).toBe('BELOW_MINIMUM');
  });

  it('14: rounds to the step before it compares', () => {
    const coarse = { stepSize: sol('0.1'), minimumSize: sol('0.1') };
    // The venue booked a deposit of 1 SOL as one lamport less.
    const rounded = judge({ sol: '0.999999999', perp: '-0.9', perpMarket: coarse });
    expect(rounded.action).toEqual({ kind: 'correct', delta: sol('-0.1'), enlarging: true });
    expect(why({ sol: '0.999999999', perp: '-1', perpMarket: coarse })).toBe('WITHIN_TOLERANCE');
    const left = judge({ sol: '1.96', perp: '-1.9', perpMarket: coarse }).reasons.at(-1);
    expect(left).toMatchObject({ code: 'BELOW_MINIMUM', figures: { off_target: '0.06', minimum: '0.1' } });
  });

  it('15: reports every gate when one blocks', () => {
    const decision = judge({ ...UNDER, lastRate: -1_000n });
    expect(decision.reasons[0]?.code).toBe('GATE_BLOCKED');
    expect(decision.gates?.gates.filter((gate) => gate.blocks).map((gate) => gate.code)).toEqual(['UNPROFITABLE']);
    expect(decision.gates?.gates.length).toBeGreaterThan(15);
  });

  it('15: waits for a person with an enlarging correction above MAX_AUTO_TRADE_USD, never with a reducing one', () => {
    const limit = { maxAutoTradeUsd: usd(10) };
    expect(judge(UNDER, {}, limit).gates?.gates.find((gate) => gate.blocks)?.code).toBe('MAX_AUTO_TRADE');
    expect(judge(OVER, {}, limit).action.kind).toBe('correct');
  });

  it('16: sells what is missing of the short, buys back what is too much', () => {
    expect(judge(UNDER).action).toEqual({ kind: 'correct', delta: sol('-0.3'), enlarging: true });
    expect(judge(OVER).action).toEqual({ kind: 'correct', delta: sol('0.15'), enlarging: false });
  });

  it('16: restores the part that was chosen, not the whole', () => {
    expect(judge({ perp: '-4.8' }, half).action).toEqual({ kind: 'correct', delta: sol('-0.2'), enlarging: true });
    expect(judge(OVER_HALF, half).action).toEqual({ kind: 'correct', delta: sol('0.2'), enlarging: false });
  });

  it('16: follows a deposit at the chosen part', () => {
    expect(judge({ sol: 11, perp: '-5' }, half).action).toEqual({
      kind: 'correct',
      delta: sol('-0.5'),
      enlarging: true,
    });
  });

  it('16: goes on closing what a close left', () => {
    expect(judge({ perp: '-3' }, { hedgeTargetPpm: 0 }).action).toEqual({
      kind: 'correct',
      delta: sol(3),
      enlarging: false,
    });
  });

  it('16: waives profit when too much stands unhedged', () => {
    expect(judge({ perp: '-9.4', lastRate: -1_000n }).action.kind).toBe('correct');
  });

  it('has every row of its document', () => {
    const text = DOCUMENT;
    const codes = [
      'BUSY',
      'NO_ACCOUNT',
      'WATCH_ONLY',
      'ENGINE_STOPPED',
      'HELD',
      'GUARD_BLOCKED',
      'NO_POSITION',
      'LONG_POSITION',
    ];
    const later = [
      'SPOT_UNKNOWN',
      'WITHIN_TOLERANCE',
      'BACKOFF',
      'REDUCING',
      'COOLDOWN',
      'BELOW_MINIMUM',
      'GATE_BLOCKED',
    ];
    for (const code of [...codes, ...later]) expect(text).toContain(`\`${code}\``);
  });
});

/** Rows of the table "The guard under restrictions": what stands, what the guard does, from which snapshot. */
const guardRows = DOCUMENT.split('### The guard under restrictions')[1]
  ?.split('\n|---|---|---|\n')[1]
  ?.split('\n\n')[0]
  ?.split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  .map(([, stands = '', guard = '', from = '']) => ({ stands, guard, from }));

describe('the guard under restrictions, as the document says', () => {
  /** The hold, strict or not, with the engine running or stopped; and beside each hold that stands after it in the list. */
  const under = (code: HoldCode): readonly Partial<DecisionContext>[] => [
    ...(['reducing', 'nothing'] as const).flatMap((permits) =>
      [true, false].map((engineRunning) => ({ holds: [holdOf(code, permits)], engineRunning })),
    ),
    ...HOLD_CODES.slice(HOLD_CODES.indexOf(code) + 1).map((other) => ({
      holds: [holdOf(code), holdOf(other, 'nothing')],
      engineRunning: false,
    })),
  ];
  const CONTEXTS: Readonly<Record<string, readonly Partial<DecisionContext>[]>> = {
    nothing: [{}],
    ...Object.fromEntries(HOLD_CODES.map((code) => [code, under(code)])),
    'a transaction that a fork dropped': [{ dropped: true }, { dropped: true, holds: [holdOf('resync', 'nothing')] }],
    'an unresolved transaction that may still land': [{ mayStillLand: true, holds: [holdOf('unresolved')] }],
    'its own last reduction failed, for a minute': [{ guardRetryAtMs: NOW_MS + 1 }],
    'an operation in the slot': [{ busy: true }, { busy: true, holds: [holdOf('flattened', 'nothing')] }],
    'GUARD=off': [{}, ...HOLD_CODES.map((code) => ({ holds: [holdOf(code, 'nothing')] }))],
    'no permission to trade': [{}, ...HOLD_CODES.map((code) => ({ holds: [holdOf(code, 'nothing')] }))],
  };
  const POLICIES: Readonly<Record<string, Partial<Policy>>> = {
    'GUARD=off': { guard: false },
    'no permission to trade': { mode: 'live', permissions: 'capital' },
  };

  it('names every hold', () => {
    expect(guardRows?.map(({ stands }) => stands).toSorted()).toEqual(Object.keys(CONTEXTS).toSorted());
  });

  it.each(guardRows ?? [])('$stands: $guard', ({ stands, guard, from }) => {
    for (const context of CONTEXTS[stands] ?? []) {
      const decision = judge(NEAR_LIQUIDATION, context, POLICIES[stands]);
      if (guard === 'reduces') {
        expect(decision.action).toMatchObject({ kind: 'guard', from });
      } else {
        expect(decision.action.kind).not.toBe('guard');
        expect(decision.reasons.at(-1)?.code === 'GUARD_BLOCKED').toBe(guard.includes('GUARD_BLOCKED'));
      }
      // Whether it acts or not: a person is told that the account is in danger, and what to do.
      const told = decision.alerts.raise.map(({ code }) => code);
      expect(told.some((code) => code === 'HEALTH_CRITICAL' || code === 'LIQUIDATION_NEAR')).toBe(true);
    }
  });

  it('waits its minute in market time, and says how long', () => {
    const decision = judge(NEAR_LIQUIDATION, { guardRetryAtMs: NOW_MS + 59_500 });
    expect(decision.reasons[0]?.text).toBe(
      'The guard cannot reduce the position yet. Its last reduction failed. It tries again in 60 s.',
    );
    expect(judge(NEAR_LIQUIDATION, { guardRetryAtMs: NOW_MS }).action.kind).toBe('guard');
  });
});

describe('REBALANCE by command', () => {
  const plan = (scenario: Scenario, cooldownUntilMs: number | null = null, policy: Partial<Policy> = {}) =>
    planRebalance(snapshotOf(scenario), paperPolicy(policy), cooldownUntilMs);

  it('corrects from full neutrality', () => {
    expect(plan({ perp: -5 })).toMatchObject({ kind: 'trade', delta: sol(-5), enlarging: true });
    expect(plan({ perp: -12 })).toMatchObject({ kind: 'trade', delta: sol(2), enlarging: false });
    expect(plan({ perp: 2 })).toMatchObject({ kind: 'trade', delta: sol(-12), enlarging: true });
  });

  it('never opens: without a position it names the OPEN that would hedge', () => {
    const open = (scenario: Scenario) => {
      const planned = plan(scenario);
      if (planned.kind !== 'refuse') throw new Error(planned.kind);
      expect(planned.error.code).toBe('NO_POSITION');
      return planned.error.details?.open;
    };
    expect(open({ sol: '10.0004' })).toEqual({ market: 'SOL-PERP', direction: 'short', size: 10 });
    for (const nothing of [{ sol: 0 }, { sol: '0.001' }, { sol: '-1' }, { account: null }]) {
      expect(open(nothing)).toBeNull();
    }
    expect(open({ snapshot: { markets: { ...snapshotOf().markets, spot: [] } } })).toBeNull();
  });

  it('changes nothing within tolerance', () => {
    expect(plan({ perp: '-9.95' }).kind).toBe('nothing');
    expect(plan({ perp: '-9.95' }, NOW_MS + 1).kind).toBe('nothing');
  });

  it('waits for the cooldown, and tells how long', () => {
    const refused = plan(UNDER, NOW_MS + 90_000);
    expect(refused).toMatchObject({ kind: 'refuse', error: { code: 'GATE_BLOCKED' } });
    expect(JSON.stringify(refused)).toContain('"have":90');
    expect(plan(OVER, NOW_MS + 90_000).kind).toBe('trade');
    expect(plan(UNDER, NOW_MS).kind).toBe('trade');
  });

  it('refuses dust and unknown spot', () => {
    expect(plan(UNDER, null, { minTradeSize: sol(1) })).toMatchObject({
      kind: 'refuse',
      error: { code: 'BELOW_MINIMUM' },
    });
    const snapshot = snapshotOf(UNDER);
    const blind = { ...snapshot, markets: { ...snapshot.markets, spot: [] } };
    expect(planRebalance(blind, paperPolicy(), null)).toMatchObject({ kind: 'refuse', error: { code: 'UNAVAILABLE' } });
    const bare = { ...snapshot, markets: { ...snapshot.markets, perps: [] } };
    expect(planRebalance(bare, paperPolicy(), null).kind).toBe('refuse');
  });
});

describe('properties of decide', () => {
  const milli = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => (n / 1_000).toFixed(3));
  const target = fc.integer({ min: 0, max: FULL_HEDGE_PPM });

  it('Feature: delta-neutral-live-mode, Property 5: within the cooldown no rebalance is made, and what remains is told', () => {
    let skipped = 0;
    fc.assert(
      fc.property(
        milli(1_000, 20_000),
        milli(100, 20_000),
        target,
        fc.integer({ min: 1, max: 1_800_000 }),
        (spot, short, ppm, leftMs) => {
          const scenario = { sol: spot, perp: `-${short}`, usdc: 5_000 };
          const cooldown = { cooldownUntilMs: NOW_MS + leftMs };
          const decision = judge(scenario, { hedgeTargetPpm: ppm, ...cooldown });
          const naked = Number(short) > Number(spot) * 1.01;
          if (!naked) {
            expect(decision.action.kind).toBe('none');
            if (why(scenario, { hedgeTargetPpm: ppm }) === 'CORRECT') {
              skipped += 1;
              expect(decision.reasons[0]?.figures.remaining_ms).toBe(leftMs);
            }
            expect(planRebalance(snapshotOf(scenario), paperPolicy(), cooldown.cooldownUntilMs).kind).not.toBe('trade');
          }
          // Over at its very instant.
          expect(why(scenario, { hedgeTargetPpm: ppm, cooldownUntilMs: NOW_MS })).not.toBe('COOLDOWN');
        },
      ),
      { numRuns: 300 },
    );
    expect(skipped).toBeGreaterThan(30);
  });

  it('Feature: delta-neutral-live-mode, Property 6: a correction below the minimum trade size is skipped', () => {
    let skipped = 0;
    fc.assert(
      fc.property(
        milli(100, 2_000),
        fc.integer({ min: -60, max: 60 }),
        milli(1, 50),
        milli(1, 50),
        (spot, off, mine, market) => {
          const short = (Number(spot) + off / 1_000).toFixed(3);
          if (Number(short) <= 0) return;
          const scenario: Scenario = { sol: spot, perp: `-${short}`, perpMarket: { minimumSize: sol(market) } };
          const decision = judge(scenario, {}, { minTradeSize: sol(mine) });
          const minimum = Math.max(Number(mine), Number(market));
          if (Math.abs(off / 1_000) < minimum - 1e-9) {
            skipped += 1;
            expect(decision.action.kind).toBe('none');
          }
          if (decision.action.kind === 'correct')
            expect(Number(abs(decision.action.delta)) / 1e9).toBeGreaterThanOrEqual(minimum);
        },
      ),
      { numRuns: 300 },
    );
    expect(skipped).toBeGreaterThan(50);
  });

  it('a price move triggers nothing: only guard and gates look at the price', () => {
    fc.assert(
      fc.property(
        milli(-12_000, 12_000),
        target,
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        (perp, ppm, a, b) => {
          const at = (oracleUsd: number) =>
            judge({ perp, usdc: 1_000_000, oracleUsd, entryUsd: 150 }, { hedgeTargetPpm: ppm });
          const [first, second] = [at(a), at(b)];
          const ungated = (code: string | undefined) => (code === 'GATE_BLOCKED' ? 'CORRECT' : code);
          expect(ungated(second.reasons[0]?.code)).toBe(ungated(first.reasons[0]?.code));
          if (first.action.kind === 'correct' && second.action.kind === 'correct') {
            expect(second.action.delta).toBe(first.action.delta);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never opens, never crosses zero, never enlarges beyond what was chosen, and ends within tolerance', () => {
    let corrected = 0;
    fc.assert(
      fc.property(
        milli(0, 20_000),
        milli(-25_000, 5_000),
        target,
        fc.bigInt({ min: -50_000n, max: 100_000n }),
        (spot, perp, ppm, lastRate) => {
          const { action } = judge(
            { sol: spot, perp, usdc: 3_000, lastRate },
            { hedgeTargetPpm: ppm },
            { maxAutoTradeUsd: usd(1e6) },
          );
          if (action.kind !== 'correct') return;
          corrected += 1;
          const before = sol(perp);
          const after = lamports(before + action.delta);
          expect(before).toBeLessThan(0n);
          expect(after).toBeLessThanOrEqual(0n);
          expect(action.enlarging).toBe(abs(after) > abs(before));
          // Half a step beyond what was chosen at most.
          if (action.enlarging) expect(abs(after) - targetShort(sol(spot), ppm)).toBeLessThanOrEqual(STEP / 2n);
          const was = Math.abs(driftFromTargetPct(sol(spot), before, lamports(0n), ppm));
          expect(Math.abs(driftFromTargetPct(sol(spot), after, lamports(0n), ppm))).toBeLessThan(was);
          const again = judge(
            { sol: spot, perp: (Number(after) / 1e9).toFixed(9), usdc: 3_000 },
            { hedgeTargetPpm: ppm },
          );
          expect(again.action.kind).not.toBe('correct');
        },
      ),
      { numRuns: 300 },
    );
    expect(corrected).toBeGreaterThan(50);
  });

  it('acts only when every gate passes', () => {
    const scenario = fc.record({
      sol: milli(0, 20_000),
      perp: milli(-25_000, 5_000),
      usdc: fc.integer({ min: -2_000, max: 3_000 }),
      oracleUsd: fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: null }),
      lastRate: fc.option(fc.bigInt({ min: -50_000n, max: 100_000n }), { nil: null }),
    });
    fc.assert(
      fc.property(scenario, target, (given, ppm) => {
        const decision = judge(given, { hedgeTargetPpm: ppm });
        expect(decision.reasons.length).toBeGreaterThan(0);
        if (decision.action.kind === 'none') return;
        expect(decision.gates?.pass).toBe(true);
        expect(decision.action.delta).not.toBe(0n);
      }),
      { numRuns: 300 },
    );
  });
});
