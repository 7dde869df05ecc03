import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { perpSize } from '../../../../src/domain/margin/margin.ts';
import { totalFills } from '../../../../src/domain/order/intent.ts';
import { DRIFT } from '../../../../src/venues/drift/drift-program.ts';
import { driftEvents } from '../../../../src/venues/drift/events/drift-events.ts';
import { type EffectSubject, placedOrder } from '../../../../src/venues/solana-perps/write/landed-effect.ts';
import { readTrail } from '../../../../src/venues/solana-perps/write/order-report.ts';
import {
  type LandedTransaction,
  TransactionHistory,
} from '../../../../src/venues/solana-perps/write/transaction-history.ts';
import { finalize, gone, land, order, SOL, stillDrift, USD, type Written } from '../../../support/still-venue.ts';

async function funded(options: Parameters<typeof stillDrift>[0] = {}): Promise<Written> {
  const at = await stillDrift(options);
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (1_000n * USD).toString() });
  return at;
}

const position = async ({ reader }: Written): Promise<bigint> => {
  const { account, markets } = await reader.read('confirmed');
  return account === null ? 0n : perpSize(account, markets, 'SOL-PERP');
};

describeOnDrift('the trail of an order', () => {
  it('is complete or none: without any one of its fills it is not believed, and a cut log is made up from the next', async () => {
    const parts = [
      { afterSlots: 2, share: 0.25 },
      { afterSlots: 4, share: 0.25 },
      { afterSlots: 6, share: 0.25 },
    ];
    const at = await funded({ keeper: { parts } });
    const { attempt, landed } = await land(at, await order(at, { side: 'sell', size: 8n * SOL }));
    const report = await gone(at, attempt);
    expect(report.fills.length).toBeGreaterThan(2);

    const history = new TransactionHistory(at.chain.pool);
    const listed = await history.since(
      at.deployment.user.toBase58(),
      { signature: attempt.signature, slot: landed.slot },
      landed.slot,
    );
    const transactions: LandedTransaction[] = [];
    for (const { signature, slot, failed } of listed) {
      const transaction = failed ? null : await history.transaction(signature, slot);
      if (transaction !== null) transactions.push(transaction);
    }
    const subject: EffectSubject = {
      program: DRIFT,
      programId: at.net.programId,
      user: at.deployment.user.toBase58(),
      market: 'SOL-PERP',
      marketIndex: 0,
      quoteAsset: 'USDC',
    };
    const placement = transactions.find(({ signature }) => signature === attempt.signature);
    const placed = placedOrder(driftEvents(placement?.logs ?? [], subject.programId).events, subject);
    if (placed === null) throw new Error('no order in the log');
    expect(readTrail(placed, transactions, subject)).toMatchObject({ fills: report.fills, truncated: false });

    const filling = [...new Set(report.fills.map(({ signature }) => signature))];
    for (const [index, missing] of filling.entries()) {
      const without = transactions.filter(({ signature }) => signature !== missing);
      // Without the last it is not over; without another one the sums do not meet.
      if (index === filling.length - 1) expect(readTrail(placed, without, subject).endedSlot).toBeNull();
      else expect(() => readTrail(placed, without, subject)).toThrow(/fills of this order are missing/);

      const cut = transactions.map((one) =>
        one.signature === missing ? { ...one, logs: [...one.logs.slice(0, 3), 'Log truncated'] } : one,
      );
      const trail = readTrail(placed, cut, subject);
      expect(trail.truncated).toBe(true);
      if (index < filling.length - 1) {
        expect(totalFills(trail.fills).size).toBe(8n * SOL);
        const difference = Number(totalFills(trail.fills).averagePrice) - Number(totalFills(report.fills).averagePrice);
        expect(Math.abs(difference)).toBeLessThan(10);
      }
    }
  });

  it('follows a fork that takes a confirmed fill away: the order stands again, and its fill is another', async () => {
    const at = await funded();
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 4n * SOL }));
    const before = await gone(at, attempt);
    expect(before.commitment).toBe('confirmed');
    const fill = before.fills[0]?.signature;
    if (fill === undefined) throw new Error('no fill');
    at.net.keeper.set({ fills: false });
    at.net.fork({ signature: fill, fate: 'never' });
    await at.net.advance(4);
    expect(await position(at)).toBe(0n);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: false, fills: [] });

    at.net.keeper.set({ fills: true });
    const after = await gone(at, attempt);
    expect(totalFills(after.fills).size).toBe(4n * SOL);
    expect(after.fills.map(({ signature }) => signature)).not.toContain(fill);
    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ commitment: 'finalized', fills: after.fills });
    expect(await position(at)).toBe(-4n * SOL);
  });

  it('is not taken from a node without history: no report is better than none filled', async () => {
    const at = await funded();
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 4n * SOL }));
    await at.net.advance(70);
    expect(await position(at)).toBe(-4n * SOL);
    const rule = at.net.addFault({ kind: 'no-history' });
    await expect(at.writing.order(attempt)).rejects.toMatchObject({ category: 'transient' });
    const sighting = await at.writing.status(attempt);
    if (sighting.kind === 'landed') expect(sighting.error).toBeNull();
    at.net.removeFault(rule.id);
    expect(totalFills((await at.writing.order(attempt)).fills).size).toBe(4n * SOL);
  });

  it.each([
    ['keeps no history', { kind: 'no-history' as const, node: 'node-1' }],
    ['has pruned it', { kind: 'pruned' as const, node: 'node-1', slots: 5 }],
  ])('is had from the second node where the first %s', async (_, fault) => {
    const at = await funded({ nodes: 2 });
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 2n * SOL }));
    at.net.addFault(fault);
    const report = await gone(at, attempt);
    expect(totalFills(report.fills).size).toBe(2n * SOL);
    await finalize(at);
    expect(await at.writing.order(attempt)).toMatchObject({ gone: true, commitment: 'finalized', fills: report.fills });
    expect(await position(at)).toBe(-2n * SOL);
  });
});
