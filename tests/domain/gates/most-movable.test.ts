import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Asset } from '../../../src/domain/account/account.ts';
import { emptyPosition } from '../../../src/domain/account/position.ts';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import { mostToDeposit, mostToWithdraw } from '../../../src/domain/gates/most-movable.ts';
import { lamports, microUsd } from '../../../src/domain/money/units.ts';
import type { SizedOperation } from '../../../src/domain/order/operation-request.ts';
import { COMMANDED, livePolicy, NOW_MS, snapshotOf, sol, usd } from '../../support/snapshots.ts';

const policy = livePolicy({ permissions: 'capital' });
const loss = (dollars: number) => ({ perps: [{ ...emptyPosition(0, 0n), quoteAmount: microUsd(-usd(dollars)) }] });

function refusals(
  snapshot: Snapshot,
  kind: 'deposit' | 'withdraw',
  asset: Asset,
  amount: bigint,
  by = policy,
): readonly string[] {
  const operation: SizedOperation = { kind, asset, amount: amount.toString() };
  const live = { ...snapshot, rpcLatencyMs: 1 };
  const { gates } = evaluateGates({
    ...COMMANDED,
    exposureConfirmed: true,
    snapshot: live,
    operation,
    policy: by,
    nowMs: NOW_MS,
  });
  return gates.filter(({ blocks }) => blocks).map(({ code }) => code);
}

describe('the most that may be withdrawn', () => {
  it.each([
    ['all of it, where nothing is owed', {}, 'SOL', sol(10)],
    ['all USDC', {}, 'USDC', usd(500)],
    // 40.5 USD at 150 USD and 80 %: 0.3375 SOL stay, and a hundredth of 1309.5 USD.
    ['less, while a loss is not settled', { usdc: 0, account: loss(40.5) }, 'SOL', sol('9.5752')],
    ['nothing of what is not there', { usdc: 0 }, 'USDC', 0n],
    ['nothing while the gates let nothing go', { sol: 10, usdc: 0, perp: -200 }, 'SOL', 0n],
  ] as const)('is %s', (_, scenario, asset, most) => {
    const found = mostToWithdraw(snapshotOf(scenario as never), asset, policy);
    expect(Number(found)).toBeLessThanOrEqual(Number(most));
    expect(Number(found)).toBeGreaterThanOrEqual(Number(most) * 0.999);
  });

  it('is unknown without a price, even of an account that owes nothing', () => {
    expect(mostToWithdraw(snapshotOf({ oracleUsd: null }), 'SOL', policy)).toBeNull();
  });

  it('is taken by the gates also when the price has moved a little, and two per cent of what there is more is not (property)', () => {
    let bound = 0;
    const given = fc.record({
      sol: fc.integer({ min: 1, max: 20 }),
      usdc: fc.integer({ min: -200, max: 1_000 }),
      perp: fc.integer({ min: -20, max: 5 }),
      asset: fc.constantFrom<Asset>('SOL', 'USDC'),
      lossUsd: fc.integer({ min: 0, max: 100 }),
    });
    fc.assert(
      fc.property(given, ({ asset, lossUsd, ...scenario }) => {
        const account = scenario.perp === 0 && lossUsd > 0 ? loss(lossUsd) : {};
        const snapshot = (oracleUsd: number) => snapshotOf({ ...scenario, oracleUsd, entryUsd: 150, account });
        const most = mostToWithdraw(snapshot(150), asset, policy) ?? 0n;
        const held: bigint = asset === 'SOL' ? sol(scenario.sol) : usd(Math.max(0, scenario.usdc));
        if (most > 0n) {
          for (const at of most < held ? [149.9, 150, 150.1] : [150])
            expect(refusals(snapshot(at), 'withdraw', asset, most)).toEqual([]);
        }
        const worth = scenario.sol * 150 + Math.max(0, scenario.usdc);
        const twoPerCent: bigint = asset === 'SOL' ? sol((worth / 50 / 150).toFixed(9)) : usd(worth / 50);
        if (most + twoPerCent < held && most > 0n) {
          bound += 1;
          expect(refusals(snapshot(150), 'withdraw', asset, most + twoPerCent)).not.toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
    expect(bound).toBeGreaterThan(20);
  });
});

describe('the most that may be deposited', () => {
  it('leaves the gas reserve and what this transaction and a round trip and its settles cost', () => {
    const snapshot = snapshotOf({ walletSol: 5 });
    const most = mostToDeposit(snapshot, 'SOL', policy);
    expect(most).toBe(sol(5) - policy.reservedSol - 45_000n);
    expect(refusals(snapshot, 'deposit', 'SOL', most)).toEqual([]);
    expect(refusals(snapshot, 'deposit', 'SOL', most + 40_001n)).toContain('GAS_RESERVE');
  });

  it('leaves what the deposit binds while it runs, where the gas reserve is less than that', () => {
    const snapshot = snapshotOf({ walletSol: 5, snapshot: { boundByDepositLamports: lamports(2_039_280n) } });
    expect(mostToDeposit(snapshot, 'SOL', policy)).toBe(sol(5) - policy.reservedSol - 45_000n);
    const none = { ...policy, reservedSol: lamports(0n) };
    expect(mostToDeposit(snapshot, 'SOL', none)).toBe(sol(5) - 2_084_280n);
    expect(refusals(snapshot, 'deposit', 'SOL', sol(5) - 2_044_280n, none)).toEqual([]);
    expect(refusals(snapshot, 'deposit', 'SOL', sol(5) - 2_044_279n, none)).toEqual(['INSUFFICIENT_FUNDS']);
  });

  it('leaves what opening the account costs, before there is one', () => {
    const snapshot = snapshotOf({ account: null, snapshot: { openingCostLamports: lamports(33_000_000n) } });
    const most = mostToDeposit(snapshot, 'SOL', policy);
    expect(most).toBe(sol(5) - policy.reservedSol - 33_045_000n);
    expect(refusals(snapshot, 'deposit', 'SOL', most)).toEqual([]);
  });

  it('is nothing, never negative, of an empty wallet, and all USDC that it holds', () => {
    const snapshot = snapshotOf({ walletSol: 0, walletUsdc: 12 });
    expect(mostToDeposit(snapshot, 'SOL', policy)).toBe(0n);
    expect(mostToDeposit(snapshot, 'USDC', policy)).toBe(usd(12));
  });
});

describe("a market's own limits", () => {
  const capped = (deposit: string) => snapshotOf({ walletSol: 50, solMarket: { depositLimit: sol(deposit) } });
  const gateOf = (snapshot: Snapshot, operation: SizedOperation, code: string) =>
    evaluateGates({ ...COMMANDED, exposureConfirmed: true, snapshot, operation, policy, nowMs: NOW_MS }).gates.find(
      (gate) => gate.code === code,
    );

  it('a deposit stops at the cap, and the refusal says so', () => {
    expect(mostToDeposit(capped('3'), 'SOL', policy)).toBe(sol(3) - 40_000n);
    expect(refusals(capped('3'), 'deposit', 'SOL', sol(3))).toEqual([]);
    expect(refusals(capped('3'), 'deposit', 'SOL', sol(3) + 1n)).toEqual(['INSUFFICIENT_FUNDS']);
    const operation = { kind: 'deposit', asset: 'SOL', amount: sol(4).toString() } as const;
    expect(gateOf(capped('3'), operation, 'INSUFFICIENT_FUNDS')).toMatchObject({
      have: 3,
      need: 4,
      remedy: expect.stringMatching(/^The venue takes no more SOL than this before its deposit cap\./),
    });
    expect(gateOf(capped('300'), { ...operation, amount: sol(90).toString() }, 'INSUFFICIENT_FUNDS')?.remedy).toMatch(
      /^That is what the wallet holds/,
    );
  });

  it('what repays a debt does not count against the cap', () => {
    const owing = snapshotOf({ sol: -2, walletSol: 50, usdc: 5_000, solMarket: { depositLimit: sol(3) } });
    expect(mostToDeposit(owing, 'SOL', policy)).toBe(sol(5) - 40_000n);
  });

  it('a withdrawal stops at the guard, and the refusal says so', () => {
    const guarded = snapshotOf({ sol: 10, solMarket: { withdrawLimit: sol(4), withdrawGuardThreshold: sol(1) } });
    expect(mostToWithdraw(guarded, 'SOL', policy)).toBeLessThanOrEqual(sol(4));
    expect(mostToWithdraw(guarded, 'SOL', policy)).toBeGreaterThan(sol('3.5'));
    const operation = { kind: 'withdraw', asset: 'SOL', amount: sol(5).toString() } as const;
    expect(gateOf(guarded, operation, 'INSUFFICIENT_FUNDS')?.remedy).toMatch(/its withdraw guard slows a run/);
  });

  it('a trade that would pass the cap of open interest is told before it meets it; a reduction is not', () => {
    const openInterest = { long: sol(5), short: sol(90), cap: sol(100) };
    const snapshot = snapshotOf({ sol: 50, usdc: 9_000, perp: -5, perpMarket: { openInterest } });
    const trade = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: sol(size).toString() }) as const;
    expect(gateOf(snapshot, trade(-10), 'VENUE_PAUSED')).toMatchObject({ pass: true });
    expect(gateOf(snapshot, trade(-11), 'VENUE_PAUSED')).toMatchObject({
      pass: false,
      have: 'full',
      remedy: expect.stringContaining('leaves 10 SOL on this side'),
    });
    expect(gateOf(snapshot, { ...trade(5), kind: 'close' } as never, 'VENUE_PAUSED')).toMatchObject({ pass: true });
  });
});
