/** On the real program: an order whose history no node tells ends by the finalized account, and never says what it filled. */
import { expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import { finalize, land, order, SOL, stillDrift, USD, type Written, writerOn } from '../../../support/still-venue.ts';

/** By `jump`, without a slot more than its own. */
const PAST_MAX_TS = { seconds: 70 } as const;
const NO_HISTORY = { code: -32_011, message: 'Transaction history is not available from this node' } as const;
const HISTORY = ['getTransaction', 'getSignaturesForAddress'];

async function funded(options: Parameters<typeof stillDrift>[0] = {}): Promise<Written> {
  const at = await stillDrift(options);
  await land(at, { kind: 'deposit', asset: 'SOL', amount: (20n * SOL).toString() });
  await land(at, { kind: 'deposit', asset: 'USDC', amount: (1_000n * USD).toString() });
  return at;
}

describeOnDrift('an order whose history no node tells', () => {
  it('is over once a finalized block is past its maxTs and the account does not hold it; its fill is unknown, until a node tells', async () => {
    const at = await funded();
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 5n * SOL }));
    at.net.faults.add({ id: 'history', kind: 'rpc-error', methods: HISTORY, ...NO_HISTORY });
    // Another process: what this one has read already would tell.
    const { writing } = writerOn(at.net);
    expect(await writing.status(attempt)).toMatchObject({ kind: 'landed', error: null });
    await at.net.advance(40);
    await finalize(at);
    // Filled and final, and its time is not over: it could be a resting order of another kind for all that is known.
    await expect(writing.order(attempt)).rejects.toMatchObject({ category: 'transient' });
    at.net.jump(PAST_MAX_TS);
    await at.net.advance(1);
    await expect(writing.order(attempt)).rejects.toMatchObject({ category: 'transient' });
    await finalize(at);
    expect(await writing.order(attempt)).toMatchObject({
      gone: true,
      commitment: 'finalized',
      fills: [],
      fillsUnknown: true,
    });
    at.net.faults.remove('history');
    const told = await writing.order(attempt);
    expect(told.fillsUnknown).toBeUndefined();
    expect(told.fills.length).toBeGreaterThan(0);
  });

  it('is not over while it rests in the account, whatever the time', async () => {
    const at = await funded({ keeper: { fills: false } });
    const { attempt } = await land(at, await order(at, { side: 'sell', size: 5n * SOL }));
    at.net.faults.add({ kind: 'rpc-error', methods: HISTORY, ...NO_HISTORY });
    const { writing } = writerOn(at.net);
    at.net.jump(PAST_MAX_TS);
    await finalize(at);
    await expect(writing.order(attempt)).rejects.toMatchObject({ category: 'transient' });
  });
});

describeOnDrift('a placement of which no node tells anything', () => {
  it('can have no effect once its window is closed in finalized height and its time is over, landed or not', async () => {
    const at = await funded();
    const { writing } = writerOn(at.net);
    const attempt = await writing.sign(await order(at, { side: 'sell', size: 5n * SOL }));
    at.net.faults.add({ kind: 'rpc-error', methods: [...HISTORY, 'getSignatureStatuses'], ...NO_HISTORY });
    expect(await writing.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    await at.net.advance(150);
    expect(await writing.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    await finalize(at);
    const closed = await writing.status(attempt);
    expect(closed).toMatchObject({ kind: 'unseen', windowClosed: true });
    at.net.jump(PAST_MAX_TS);
    await finalize(at);
    expect(await writing.status(attempt)).toMatchObject({
      kind: 'unseen',
      windowClosed: true,
      orderOver: expect.any(Number),
    });
  });

  it('of a deposit never ends that way', async () => {
    const at = await funded();
    const { writing } = writerOn(at.net);
    const attempt = await writing.sign({ kind: 'deposit', asset: 'SOL', amount: SOL.toString() });
    at.net.faults.add({ kind: 'rpc-error', methods: [...HISTORY, 'getSignatureStatuses'], ...NO_HISTORY });
    await at.net.advance(200);
    at.net.jump(PAST_MAX_TS);
    await finalize(at);
    expect(await writing.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    expect(await writing.status(attempt)).not.toHaveProperty('orderOver');
  });
});
