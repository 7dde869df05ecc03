/** A confirmation covers what was shown and what is better; what is worse is asked again. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import type { ShownTerms } from '../../../src/domain/gates/shown.ts';
import type { Policy } from '../../../src/domain/hedge/policy.ts';
import { abs, lamports } from '../../../src/domain/money/units.ts';
import type { AskedOperation } from '../../../src/domain/order/operation-request.ts';
import { planAdoption } from '../../../src/domain/planning/plan-adoption.ts';
import { consentOf, type OperationPlan, planCommand } from '../../../src/domain/planning/plan-command.ts';
import { livePolicy, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

const RPC = { rpcLatencyMs: 10, chainAgeMs: 0 };
const RICH: Scenario = { sol: 10, usdc: 5_000 };
const OPEN = (size: number | string): AskedOperation => ({
  kind: 'open',
  market: 'SOL-PERP',
  size: sol(size).toString(),
});
const REBALANCE: AskedOperation = { kind: 'rebalance', market: 'SOL-PERP' };
const WITHDRAW: AskedOperation = { kind: 'withdraw', asset: 'SOL', amount: sol(4).toString() };

const plan = (
  request: AskedOperation,
  scenario: Scenario,
  shown: ShownTerms | null = null,
  policy: Policy = livePolicy(),
): OperationPlan =>
  planCommand(request, {
    snapshot: snapshotOf({ ...RICH, ...scenario, snapshot: RPC }),
    ...{ policy, hedgeTargetPpm: 1_000_000, cooldownUntilMs: null, shown, nowMs: NOW_MS },
  });
const asked = (...given: Parameters<typeof plan>): ShownTerms => {
  const planned = plan(...given);
  if (planned.kind !== 'confirm') throw new Error(JSON.stringify(planned));
  return planned.shown;
};

describe('a confirmation', () => {
  it('names reasons, size, net delta after and worst price', () => {
    expect(asked(OPEN(-14), {})).toEqual({
      reasons: ['CONFIRM_ABOVE_USD', 'DELTA_EXPOSED'],
      size: sol(-14).toString(),
      netDelta: sol(-4).toString(),
      priceLimit: '149250000',
    });
  });

  it('of one tab does not let the other open a naked short', () => {
    const shown = asked(OPEN(-10), {});
    expect(shown).toMatchObject({ reasons: ['CONFIRM_ABOVE_USD'], netDelta: '0' });
    expect(plan(OPEN(-10), {}, shown).kind).toBe('start');
    const second = plan(OPEN(-10), { perp: -10 }, shown);
    expect(second).toMatchObject({
      kind: 'confirm',
      shown: { reasons: ['CONFIRM_ABOVE_USD', 'DELTA_EXPOSED'], netDelta: sol(-10).toString() },
    });
    expect(second.kind === 'confirm' && second.message).toContain('has changed');
  });

  it('of an exposure covers that and less, never more', () => {
    const shown = asked(OPEN(-14), {});
    for (const [scenario, kind] of [
      [{}, 'start'],
      [{ sol: '10.0000002' }, 'start'],
      [{ sol: 12 }, 'start'],
      [{ perp: '0.5' }, 'start'],
      [{ sol: '9.9' }, 'confirm'],
      [{ perp: '-0.1' }, 'confirm'],
      // Nearer to neutral than before: nobody needs to be asked.
      [{ sol: 30 }, 'start'],
    ] as const) {
      expect([scenario, plan(OPEN(-14), scenario, shown).kind]).toEqual([scenario, kind]);
    }
  });

  it('of a rebalance names its size: less is traded as it is, more is asked again', () => {
    const shown = asked(REBALANCE, { perp: -9 });
    expect(shown.size).toBe(sol(-1).toString());
    const start = (scenario: Scenario) => {
      const planned = plan(REBALANCE, scenario, shown);
      return planned.kind === 'start' && 'size' in planned.request ? planned.request.size : planned.kind;
    };
    expect(start({ perp: -9 })).toBe(sol(-1).toString());
    expect(start({ perp: '-9.4' })).toBe(sol('-0.6').toString());
    // Interest of a step more is not worth another question, and is not traded either.
    expect(start({ sol: '10.001', perp: -9 })).toBe(sol(-1).toString());
    expect(start({ sol: 60, perp: -9 })).toBe('confirm');
    expect(start({ perp: '-8.9' })).toBe('confirm');
    // What needs no confirmation needs none now either.
    expect(start({ perp: -12 })).toBe(sol(2).toString());
  });

  it('of a large amount does not cover an exposure that nobody showed', () => {
    const shown = asked(WITHDRAW, { perp: -6 });
    expect(shown.reasons).toEqual(['CONFIRM_ABOVE_USD']);
    expect(plan(WITHDRAW, { perp: -6 }, shown).kind).toBe('start');
    expect(plan(WITHDRAW, { perp: -8 }, shown).kind).toBe('confirm');
  });

  it('is asked again when it becomes large', () => {
    const policy = livePolicy({ confirmAboveUsd: lamports(3_000_000_000n) as never, driftTolerancePct: 1 });
    const shown = asked(OPEN(-14), { oracleUsd: 150 }, null, policy);
    expect(shown.reasons).toEqual(['DELTA_EXPOSED']);
    expect(plan(OPEN(-14), { oracleUsd: 150 }, shown, policy).kind).toBe('start');
    expect(plan(OPEN(-14), { oracleUsd: 260 }, shown, policy)).toMatchObject({
      kind: 'confirm',
      shown: { reasons: ['CONFIRM_ABOVE_USD', 'DELTA_EXPOSED'] },
    });
  });

  it('holds for each attempt of the operation, by the same gate', () => {
    const shown = asked(OPEN(-14), {});
    const gate = (scenario: Scenario) =>
      evaluateGates({
        snapshot: snapshotOf({ ...RICH, ...scenario, snapshot: RPC }),
        operation: { kind: 'open', market: 'SOL-PERP', size: sol(-14).toString() },
        ...{ policy: livePolicy(), automatic: false, hedgeTargetPpm: 1_000_000, nowMs: NOW_MS },
        ...consentOf(shown),
      }).gates.find(({ code }) => code === 'DELTA_EXPOSED')?.blocks;
    expect(gate({})).toBe(false);
    expect(gate({ perp: -1 })).toBe(true);
  });

  it('never covers more than was shown, whatever comes between', () => {
    let started = 0;
    const milli = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => (n / 1_000).toFixed(3));
    fc.assert(
      fc.property(
        milli(1_000, 9_000),
        milli(0, 6_000),
        milli(5_000, 15_000),
        milli(0, 6_000),
        (size, was, spot, is) => {
          const request = OPEN(`-${size}`);
          const first = plan(request, { perp: `-${was}` }, null, paperPolicy());
          if (first.kind !== 'confirm') return;
          const second = plan(request, { sol: spot, perp: `-${is}` }, first.shown, paperPolicy());
          if (second.kind !== 'start') return;
          started += 1;
          const net = sol(spot) - sol(is) - sol(size);
          const shownNet = abs(lamports(BigInt(first.shown.netDelta ?? '0')));
          const before = sol(spot) - sol(is);
          const nearer = abs(lamports(net)) <= abs(lamports(before)) && net < 0n === before < 0n;
          const within = nearer || abs(lamports(net)) <= sol(spot) / 100n;
          expect(within || abs(lamports(net)) <= shownNet + sol(spot) / 10_000n).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    expect(started).toBeGreaterThan(20);
  });
});

describe('ADOPT_POSITION', () => {
  const adopt = (scenario: Scenario, shown: ShownTerms | null = null) =>
    planAdoption({ snapshot: snapshotOf({ ...RICH, ...scenario }), policy: paperPolicy(), shown, nowMs: NOW_MS });
  const question = (scenario: Scenario) => {
    const planned = adopt(scenario);
    if (planned.kind !== 'confirm') throw new Error(planned.kind);
    return planned;
  };

  it('takes over a hedge at once', () => {
    expect(adopt({ perp: -6 })).toEqual({ kind: 'adopt', perp: sol(-6).toString(), spot: sol(10).toString() });
    expect(adopt({ perp: '-10.05' }).kind).toBe('adopt');
    expect(adopt({})).toMatchObject({ kind: 'refuse', error: { code: 'NO_POSITION' } });
  });

  it('asks before it takes over a short beyond spot, with the correction that would follow', () => {
    const { message, preview, shown } = question({ perp: -12 });
    expect(message).toContain('buy back 2 SOL');
    expect(preview).toMatchObject({ kind: 'adopt', reasons: ['SHORT_BEYOND_SPOT'], position: -12, size: 2 });
    expect(adopt({ perp: -12 }, shown).kind).toBe('adopt');
    expect(adopt({ perp: -11 }, shown).kind).toBe('adopt');
    expect(adopt({ perp: -13 }, shown).kind).toBe('confirm');
    expect(adopt({ perp: 5 }, shown).kind).toBe('confirm');
  });

  it('asks before it takes over a long, which it would not correct', () => {
    const { message, preview, shown } = question({ perp: 3 });
    expect(message).toContain('not correct');
    expect(preview).toMatchObject({ reasons: ['LONG_POSITION'], position: 3, size: 0, hedge_target: 0, gates: [] });
    expect(adopt({ perp: 3 }, shown).kind).toBe('adopt');
    expect(adopt({ perp: 4 }, shown).kind).toBe('confirm');
  });

  it('asks where spot is unknown, since no size could be told', () => {
    const blind = { perp: -3, snapshot: { markets: { ...snapshotOf().markets, spot: [] } } };
    expect(question(blind).message).toContain('not known');
  });
});

describe('an exit from flat', () => {
  const flat = snapshotOf(RICH);
  const exit = (kind: 'close' | 'flatten', mayOpen: boolean) =>
    planCommand(
      { kind, market: 'SOL-PERP' },
      {
        ...{
          snapshot: flat,
          policy: livePolicy(),
          hedgeTargetPpm: 0,
          cooldownUntilMs: null,
          shown: null,
          nowMs: NOW_MS,
        },
        mayStillOpen: mayOpen,
      },
    );

  it('has nothing to do, unless an operation under way may still make a position', () => {
    expect(exit('close', false)).toMatchObject({ kind: 'refuse', error: { code: 'NO_POSITION' } });
    expect(exit('flatten', false).kind).toBe('nothing');
    expect(exit('close', true)).toMatchObject({ kind: 'start', reducing: true });
    expect(exit('flatten', true)).toMatchObject({ kind: 'start', reducing: true });
  });
});
