import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { spotHeld } from '../../src/domain/margin/margin.ts';
import { EngineHarness, until } from '../support/engine-harness.ts';
import { runs } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const RUNS = runs(100);
const WITHIN_MS = 10_000;
/** Lend interest goes on between two readings: far less than any amount that is moved. */
const INTEREST_LAMPORTS = 10_000n;

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({ address: temporalAddress() });
});
afterAll(async () => await engine?.close());

const held = ({ account, markets }: Snapshot): bigint => (account === null ? 0n : spotHeld(account, markets, 'SOL'));

it('Feature: delta-neutral-live-mode, Property 10: Account State Synchronization: after a deposit or withdrawal the vault shows what the venue holds, within 10 s', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('deposit' as const, 'withdraw' as const),
      fc.bigInt({ min: 1_000_000n, max: 40_000_000n }),
      async (kind, amount) => {
        const before = held(await engine.snapshot());
        const answer = await engine.carryOut({ kind, asset: 'SOL', amount: amount.toString() });
        expect(answer.message).toMatch(/^(Deposited|Withdrew) /);
        const answeredAtMs = Date.now();
        const moved = kind === 'deposit' ? amount : -amount;
        const shown = await until('the vault in step', async () => {
          const latest = await engine.latest();
          if (latest === null) return null;
          const difference = held(latest) - before - moved;
          return difference >= 0n && difference <= INTEREST_LAMPORTS ? latest : null;
        });
        expect(Date.now() - answeredAtMs).toBeLessThan(WITHIN_MS);
        const now = held(await engine.snapshot()) - held(shown);
        expect(now >= 0n && now <= INTEREST_LAMPORTS).toBe(true);
      },
    ),
    { numRuns: RUNS },
  );
}, 300_000);
