import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../../../localnet/tests/support/drift-program.ts';
import type { CommandAnswer } from '../../../../src/domain/order/command.ts';
import { lamportsOf, until } from '../../../support/engine-harness.ts';
import { LiveEngine } from '../../../support/live-engine.ts';
import { itLong } from '../../../support/long.ts';
import { temporalAddress } from '../../../support/temporal-address.ts';
import { withContext } from '../../../support/with-context.ts';

const MARKET = 'SOL-PERP';
const ONE_SOL = 1_000_000_000n;

let live: LiveEngine;

const open = async (sol: number): Promise<CommandAnswer> =>
  await live.commanded({ kind: 'open', market: MARKET, size: lamportsOf(-sol) });
const close = async (): Promise<CommandAnswer> => await live.commanded({ kind: 'close', market: MARKET });
const idle = async () => await live.untilState('nothing running', ({ operation }) => operation === null);

describeOnDrift('an order that does not fill as one would wish', () => {
  beforeAll(async () => {
    live = await LiveEngine.startLive({
      address: temporalAddress(),
      // The engine corrects nothing by itself while these look.
      policy: { driftTolerancePct: 100, cooldownMs: 0, maxUnhedgedPct: 1 },
    });
    await live.commanded({ action: 'START_ENGINE', mode: 'live' });
    await live.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(10) });
    await live.commanded({ kind: 'deposit', asset: 'USDC', amount: '2000000000' });
    await live.pass(2);
  }, 180_000);
  afterAll(async () => await live?.close());
  beforeEach(async () => await idle());
  afterEach(async () => {
    live.net.keeper.set({ fills: true, amm: true, parts: [], fillAfterSlots: 11, racesCancels: false });
    await until('flat again', async () => {
      await idle();
      if ((await live.perp()) === 0n && ((await live.snapshot()).account?.orders ?? []).length === 0) return true;
      await close();
      return false;
    });
  }, 120_000);

  itLong(
    'that makers fill in parts is counted whole',
    async () => {
      live.net.keeper.set({
        parts: [
          { afterSlots: 3, share: 0.3 },
          { afterSlots: 6, share: 0.3 },
        ],
      });
      const answer = await open(5);
      withContext(JSON.stringify(answer), () =>
        expect(answer).toMatchObject({
          success: true,
          data: { requested_size: 5, filled_size: 5 },
        }),
      );
      expect(await live.perp()).toBe(-5n * ONE_SOL);
    },
    120_000,
  );

  itLong(
    'that fills in part and no more keeps the part, cancels the rest, and says so',
    async () => {
      live.net.keeper.set({ amm: false, parts: [{ afterSlots: 3, share: 0.4 }] });
      const answer = await open(5);
      withContext(JSON.stringify(answer), () =>
        expect(answer).toMatchObject({
          success: true,
          data: { requested_size: 5, filled_size: 2 },
        }),
      );
      const { account } = await live.snapshot();
      expect(account?.orders).toEqual([]);
      expect(await live.perp()).toBe(-2n * ONE_SOL);
    },
    120_000,
  );

  itLong(
    'that nobody fills is cancelled after its time, and is ORDER_NOT_FILLED',
    async () => {
      live.net.keeper.set({ fills: false });
      const answer = await open(3);
      withContext(JSON.stringify(answer), () =>
        expect(answer).toMatchObject({
          success: false,
          error: { code: 'ORDER_NOT_FILLED' },
          data: { requested_size: 3, filled_size: 0 },
        }),
      );
      expect((await live.snapshot()).account?.orders).toEqual([]);
      expect(await live.perp()).toBe(0n);
    },
    120_000,
  );

  it('that a keeper fills just ahead of its cancel ends in what truly filled', async () => {
    live.net.keeper.set({ racesCancels: true, fillAfterSlots: 10_000 });
    const answer = await open(3);
    await idle();
    const filled = Number(answer.data.filled_size ?? 0);
    expect(await live.perp()).toBe(-BigInt(Math.round(filled * 1e9)));
    withContext(JSON.stringify(answer), () => expect(answer.success).toBe(filled > 0));
  }, 120_000);

  itLong(
    'is closed by somebody else while we close: flat, and nothing crosses zero',
    async () => {
      await open(3);
      await idle();
      live.net.keeper.set({ fillAfterSlots: 40 });
      const stranger = live.net.actor(live.net.wallet.secretKey);
      const closing = close();
      await live.untilState('closing', ({ operation }) => operation !== null);
      stranger.trade({ direction: 'long', size: ONE_SOL, reduceOnly: true });
      const answer = await closing;
      withContext(JSON.stringify(answer), () => expect(answer).toMatchObject({ success: true }));
      expect(['us', 'both', 'other']).toContain(answer.data.closed_by);
      expect(await live.perp()).toBe(0n);
    },
    120_000,
  );

  itLong(
    'goes on to its true end when the worker dies in the middle of the auction',
    async () => {
      live.net.keeper.set({ fillAfterSlots: 60 });
      const answering = open(4);
      await until('the order stands', async () => ((await live.snapshot()).account?.orders ?? []).length === 1);
      await live.stopWorker();
      await live.openVenue();
      await live.startWorker();
      const answer = await answering;
      withContext(JSON.stringify(answer), () =>
        expect(answer).toMatchObject({ success: true, data: { filled_size: 4 } }),
      );
      expect(await live.perp()).toBe(-4n * ONE_SOL);
    },
    120_000,
  );

  it('whose history no node tells keeps no FLATTEN waiting, and is told in full once a node does', async () => {
    live.net.faults.add({
      id: 'history',
      kind: 'rpc-error',
      methods: ['getTransaction', 'getSignaturesForAddress'],
      code: -32_011,
      message: 'Transaction history is not available from this node',
    });
    const opening = open(3);
    await live.untilPerp('the short', (size) => size === -3n * ONE_SOL);
    const flatten = await live.commanded({ kind: 'flatten', market: MARKET });
    withContext(JSON.stringify(flatten), () =>
      expect(flatten).toMatchObject({ success: true, data: { requested_size: 3, filled_size: null } }),
    );
    expect(await live.perp()).toBe(0n);
    expect((await live.state()).holds).toContainEqual(expect.objectContaining({ code: 'unresolved' }));

    live.net.faults.remove('history');
    expect(await opening).toMatchObject({ success: true, data: { filled_size: 3 } });
    await until('the close told in full', async () => {
      const { items } = await live.journal.operations({ engineId: live.engineId, limit: 50 });
      const close = items.find(({ kind }) => kind === 'close');
      return close?.endedAtMs != null && close.answer?.data.filled_size === 3;
    });
    expect(await live.perp()).toBe(0n);
    await live.commanded({ action: 'RESUME' });
  }, 120_000);
});
