import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import { TransientError, ValidationError } from '../../../src/lib/errors.ts';
import type { SubmitFault } from '../../../src/venues/paper/faults.ts';
import { runs } from '../../support/long.ts';
import { deposit, land, memoryJournal, openBench, order, run, SOL, settle, withdraw } from './support.ts';

let journal: Journal;
beforeAll(async () => {
  journal = await memoryJournal();
});
afterAll(() => journal.close());

const GAS = 5_000n;
/** SOL deposited, but for the interest of these seconds (below 1e-6 SOL). */
function solOf({ account }: Snapshot): bigint {
  const deposited = account?.spot.find((balance) => balance.marketIndex === 1)?.scaledBalance ?? 0n;
  return deposited - (deposited % 1_000n);
}

describe('a transaction on the paper chain', () => {
  it('is confirmed when it lands and finalized 32 slots later', async () => {
    const { venue, clock } = await openBench(journal);
    const { attempt, sighting } = await run(venue, deposit(SOL));
    expect(sighting).toMatchObject({ kind: 'landed', commitment: 'confirmed', error: null });
    clock.passSlots(31);
    expect(await venue.status(attempt)).toMatchObject({ commitment: 'confirmed' });
    clock.passSlots(1);
    expect(await venue.status(attempt)).toMatchObject({ commitment: 'finalized' });
  });

  it('is in a confirmed read at once, and in a finalized one when it is finalized', async () => {
    const { venue, clock } = await openBench(journal);
    await land(venue, deposit(SOL));
    clock.passSlots(10);
    await land(venue, deposit(SOL));
    expect(solOf(await venue.read('confirmed'))).toBe(12n * SOL);
    expect(solOf(await venue.read('finalized'))).toBe(10n * SOL);
    clock.passSlots(22);
    expect(solOf(await venue.read('finalized'))).toBe(11n * SOL);
    clock.passSlots(10);
    const finalized = await venue.read('finalized');
    expect(solOf(finalized)).toBe(12n * SOL);
    expect(finalized.slot).toBe((await venue.read('confirmed')).slot - 32);
  });

  it('signs without sending, another signature each time', async () => {
    const { venue } = await openBench(journal);
    const one = await venue.sign(deposit(SOL));
    const other = await venue.sign(deposit(SOL));
    expect(one.signature).not.toBe(other.signature);
    expect(one.signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{80,90}$/);
    expect(one.lastValidBlockHeight).toBe(one.slot + 150);
    expect(await venue.status(one)).toMatchObject({ kind: 'unseen', windowClosed: false });
    expect(solOf(await venue.read('confirmed'))).toBe(10n * SOL);
  });

  it('is proven absent only 32 slots after its blockhash is over, and cannot land from then on', async () => {
    const { venue, clock } = await openBench(journal);
    const attempt = await venue.sign(deposit(SOL));
    clock.passSlots(150);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    clock.passSlots(1);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: true });
    await venue.submit(attempt, 0);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: true });
    clock.passSlots(32);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'absent', nodes: [{ says: 'never_seen' }] });
    await venue.submit(attempt, 0);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'absent' });
    expect(solOf(await venue.read('confirmed'))).toBe(10n * SOL);
  });

  it('pays its gas from the wallet whether it succeeds or not', async () => {
    const { venue } = await openBench(journal);
    await land(venue, deposit(SOL));
    const { sighting } = await run(venue, deposit(100n * SOL));
    expect(sighting).toMatchObject({ kind: 'landed', error: { code: 'INSUFFICIENT_FUNDS' }, effect: null });
    const snapshot = await venue.read('confirmed');
    expect(snapshot.wallet.sol).toBe(4n * SOL - 2n * GAS);
    expect(solOf(snapshot)).toBe(11n * SOL);
  });

  it('never lands from a wallet that cannot pay, and simulate says so', async () => {
    const { venue, clock } = await openBench(journal);
    await land(venue, deposit(5n * SOL - GAS));
    expect((await venue.read('confirmed')).wallet.sol).toBe(0n);
    expect(await venue.simulate(withdraw(SOL))).toMatchObject({
      ok: false,
      error: { code: 'INSUFFICIENT_FUNDS', details: { have: '0', need: '5000', where: 'wallet' } },
    });
    const { attempt, sighting } = await run(venue, withdraw(SOL));
    expect(sighting.kind).toBe('unseen');
    clock.passSlots(183);
    expect((await venue.status(attempt)).kind).toBe('absent');
  });

  it('is simulated on the confirmed snapshot that it is handed, and else on what stands now', async () => {
    const { venue } = await openBench(journal);
    const [before, final] = [await venue.read('confirmed'), await venue.read('finalized')];
    await land(venue, deposit(3n * SOL));
    expect(await venue.simulate(deposit(4n * SOL), before)).toMatchObject({ ok: true });
    for (const other of [final, { ...before }, undefined]) {
      const refused = { ok: false, error: { code: 'INSUFFICIENT_FUNDS' } };
      expect(await venue.simulate(deposit(4n * SOL), other)).toMatchObject(refused);
    }
  });

  it('is refused when its bytes are not its own', async () => {
    const { venue } = await openBench(journal);
    const attempt = await venue.sign(deposit(SOL));
    const other = await venue.sign(deposit(2n * SOL));
    await expect(venue.submit({ ...attempt, wire: other.wire }, 0)).rejects.toThrow(ValidationError);
    await expect(venue.submit({ ...attempt, wire: 'nonsense' }, 0)).rejects.toThrow(ValidationError);
  });

  it('keeps its trades, keyed by the operation of its attempt', async () => {
    const { venue, engineId } = await openBench(journal);
    const attempt = await venue.sign(order('sell', SOL));
    await journal.recordAttempt({
      operationId: 'operation-1',
      number: 1,
      ...attempt,
      intent: order('sell', SOL),
      stage: 'signed',
      outcome: null,
      error: null,
      updatedAtMs: attempt.signedAtMs,
    });
    await venue.submit(attempt, 0);
    const { items } = await journal.trades({ engineId, limit: 10 });
    expect(items).toMatchObject([
      { operationId: 'operation-1', signature: attempt.signature, index: 0, side: 'sell', size: SOL.toString() },
    ]);
  });
});

describe('faults on demand', () => {
  it('a dropped one is taken, never lands, and is proven absent', async () => {
    const { venue, faults, clock } = await openBench(journal);
    faults.onSubmit({ kind: 'dropped' });
    const { attempt } = await run(venue, deposit(SOL));
    await venue.submit(attempt, 1);
    expect((await venue.status(attempt)).kind).toBe('unseen');
    clock.passSlots(183);
    expect((await venue.status(attempt)).kind).toBe('absent');
    expect(solOf(await venue.read('confirmed'))).toBe(10n * SOL);
  });

  it('a late one lands at its slot', async () => {
    const { venue, faults, clock } = await openBench(journal);
    faults.onSubmit({ kind: 'late', slots: 20 });
    const { attempt } = await run(venue, deposit(SOL));
    clock.passSlots(19);
    expect((await venue.status(attempt)).kind).toBe('unseen');
    clock.passSlots(30);
    expect(await venue.status(attempt)).toMatchObject({
      kind: 'landed',
      slot: attempt.slot + 20,
      commitment: 'confirmed',
    });
    expect(solOf(await venue.read('confirmed'))).toBe(11n * SOL);
  });

  it('one that is late beyond its blockhash never lands', async () => {
    const { venue, faults, clock } = await openBench(journal);
    faults.onSubmit({ kind: 'late', slots: 151 });
    const { attempt } = await run(venue, deposit(SOL));
    clock.passSlots(200);
    expect((await venue.status(attempt)).kind).toBe('absent');
    expect(solOf(await venue.read('confirmed'))).toBe(10n * SOL);
  });

  it('a lost reply has landed all the same', async () => {
    const { venue, faults } = await openBench(journal);
    faults.onSubmit({ kind: 'reply_lost' });
    const attempt = await venue.sign(deposit(SOL));
    await expect(venue.submit(attempt, 0)).rejects.toThrow(TransientError);
    expect(await venue.status(attempt)).toMatchObject({ kind: 'landed', error: null });
  });

  it('a send that timed out may be sent again', async () => {
    const { venue, faults } = await openBench(journal);
    faults.onSubmit({ kind: 'timeout' });
    const attempt = await venue.sign(deposit(SOL));
    await expect(venue.submit(attempt, 0)).rejects.toThrow(TransientError);
    expect((await venue.status(attempt)).kind).toBe('unseen');
    await venue.submit(attempt, 1);
    expect((await venue.status(attempt)).kind).toBe('landed');
    expect(solOf(await venue.read('confirmed'))).toBe(11n * SOL);
  });

  it('a silent chain is no testimony', async () => {
    const { venue, faults, clock } = await openBench(journal);
    const { attempt } = await run(venue, deposit(SOL));
    faults.silence(2);
    clock.passSlots(500);
    for (let asked = 0; asked < 2; asked += 1) {
      expect(await venue.status(attempt)).toMatchObject({ kind: 'unseen', nodes: [{ says: 'no_answer' }] });
    }
    expect((await venue.status(attempt)).kind).toBe('landed');
  });

  it('one that fails on chain costs its gas and nothing else', async () => {
    const { venue, faults } = await openBench(journal);
    faults.onSubmit({ kind: 'fails', error: { code: 'TRANSACTION_FAILED', message: 'custom program error: 0x1' } });
    const { sighting } = await run(venue, order('sell', SOL));
    expect(sighting).toMatchObject({ kind: 'landed', error: { code: 'TRANSACTION_FAILED' }, effect: null });
    const { account, wallet } = await venue.read('confirmed');
    expect(account?.perps).toEqual([]);
    expect(wallet.sol).toBe(5n * SOL - GAS);
  });

  it('a simulation fails once, and a read as often as it is told', async () => {
    const { venue, faults } = await openBench(journal);
    faults.onSimulate({ code: 'SIMULATION_FAILED', message: 'blockhash not found' }).failReads(1);
    expect(await venue.simulate(deposit(SOL))).toMatchObject({ ok: false, error: { code: 'SIMULATION_FAILED' } });
    expect(await venue.simulate(deposit(SOL))).toMatchObject({ ok: true, costLamports: '5000' });
    await expect(venue.read('confirmed')).rejects.toThrow(TransientError);
    expect((await venue.read('confirmed')).engineId).toBe(venue.engineId);
  });

  it('a pause refuses what it names and nothing else', async () => {
    const { venue, faults } = await openBench(journal);
    await land(venue, order('sell', 2n * SOL));
    faults.pause({ increase: true, withdraw: true, detail: 'exchange status 2' });
    const refused = { ok: false, error: { code: 'VENUE_PAUSED', details: { detail: 'exchange status 2' } } };
    expect(await venue.simulate(order('sell', SOL))).toMatchObject(refused);
    expect(await venue.simulate(withdraw(SOL))).toMatchObject(refused);
    expect(await venue.simulate(order('buy', 3n * SOL))).toMatchObject(refused);
    expect(await venue.simulate(order('buy', SOL))).toMatchObject({ ok: true });
    expect(await venue.simulate(deposit(SOL))).toMatchObject({ ok: true });
    expect((await venue.read('confirmed')).pauses).toMatchObject({ increase: true, deposit: false });
    faults.pause({ deposit: true, reduce: true, settle: true });
    expect(await venue.simulate(deposit(SOL))).toMatchObject({ error: { code: 'VENUE_PAUSED' } });
    expect(await venue.simulate(order('buy', SOL))).toMatchObject({ error: { code: 'VENUE_PAUSED' } });
    expect(await venue.simulate(settle)).toMatchObject({ error: { code: 'VENUE_PAUSED' } });
  });
});

const faultArbitrary: fc.Arbitrary<SubmitFault | null> = fc.oneof(
  fc.constant(null),
  fc.constant<SubmitFault>({ kind: 'dropped' }),
  fc.constant<SubmitFault>({ kind: 'reply_lost' }),
  fc.constant<SubmitFault>({ kind: 'timeout' }),
  fc.integer({ min: 1, max: 200 }).map((slots): SubmitFault => ({ kind: 'late', slots })),
  fc.constant<SubmitFault>({ kind: 'fails', error: { code: 'TRANSACTION_FAILED', message: 'told to' } }),
);

describe('idempotence', () => {
  it('Feature: delta-neutral-live-mode, Property 12: retrying the same bytes, however often and whatever became of them, has at most one effect', async () => {
    await fc.assert(
      fc.asyncProperty(
        faultArbitrary,
        fc.array(fc.nat(60), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (fault, pauses, parallel) => {
          const { venue, faults, clock, engineId } = await openBench(journal);
          if (fault !== null) faults.onSubmit(fault);
          const attempt = await venue.sign(deposit(SOL));
          for (const slots of pauses) {
            await Promise.allSettled(Array.from({ length: parallel }, (_, route) => venue.submit(attempt, route)));
            clock.passSlots(slots);
          }
          clock.passSlots(400);
          const sighting = await venue.status(attempt);
          const snapshot = await venue.read('finalized');
          const effects = sighting.kind === 'landed' && sighting.error === null ? 1n : 0n;
          const landings = sighting.kind === 'landed' ? 1n : 0n;
          expect(sighting.kind).not.toBe('unseen');
          expect((snapshot.wallet.sol ?? 0n) + (effects === 1n ? SOL : 0n)).toBe(5n * SOL - landings * GAS);
          expect(snapshot.sources?.unexplained).toBe(0n);
          expect((await journal.trades({ engineId, limit: 10 })).items).toEqual([]);
        },
      ),
      { numRuns: runs(100) },
    );
  });
});
