import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { stateAddress } from '../../../localnet/drift/addresses.ts';
import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../../localnet/drift/index.ts';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { onTestFinished } from '../../../localnet/tests/support/on-test-finished.ts';
import { until } from '../../../localnet/tests/support/until.ts';
import { CriticalError, TransientError } from '../../../src/lib/errors.ts';
import { decodeAccount } from '../../../src/venues/drift/decode.ts';
import { decodeBytes, ours } from '../../support/drift-accounts.ts';
import { readerOn } from '../../support/drift-reading.ts';
import { DriftTrader } from '../../support/drift-trader.ts';
import { fakeOnly } from '../../support/fake-timers.ts';
import { LONG } from '../../support/long.ts';
import { denying, lyingNode } from '../../support/lying-node.ts';
import { ourFigures, sdkFigures } from '../../support/margin-figures.ts';

const RUNS = LONG ? 100 : 25;
/** The sample is always the same, so that it holds what the last lines ask for. */
const SEED = LONG ? {} : { seed: 2 };
const TIMEOUT_MS = 300_000;

async function stillDrift(options: DriftLocalnetOptions = {}): Promise<DriftLocalnet> {
  const net = await startDriftLocalnet({ paused: true, skipShare: 0, ...options });
  onTestFinished(() => net.stop());
  await net.advance(5);
  return net;
}

/** What the SDK's client makes of the accounts that it fetched by itself, at the chain's time. */
async function theirFigures(trader: DriftTrader, nowMs: number) {
  await trader.refresh();
  const { client } = trader;
  const perps = [client.getPerpMarketAccount(0)].filter((market) => market !== undefined);
  fakeOnly(['Date'], nowMs);
  try {
    return sdkFigures(client.getUser(), { spot: client.getSpotMarketAccounts(), perps });
  } finally {
    jest.useRealTimers();
  }
}

const tenths = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => n / 10);
const action = fc.oneof(
  fc.record({ kind: fc.constant('depositUsdc' as const), amount: tenths(10, 5_000) }),
  fc.record({ kind: fc.constant('depositSol' as const), amount: tenths(1, 50) }),
  fc.record({ kind: fc.constant('withdrawUsdc' as const), amount: tenths(10, 5_000) }),
  fc.record({ kind: fc.constant('withdrawSol' as const), amount: tenths(1, 50) }),
  fc.record({ kind: fc.constant('trade' as const), amount: tenths(-150, 150) }),
  fc.record({ kind: fc.constant('place' as const), amount: tenths(-50, 50) }),
  fc.record({ kind: fc.constant('settle' as const), amount: fc.constant(0) }),
  fc.record({ kind: fc.constant('price' as const), amount: tenths(1_300, 1_700) }),
  fc.record({ kind: fc.constant('later' as const), amount: fc.integer({ min: 1, max: 10_000 }) }),
);

async function act(trader: DriftTrader, { kind, amount }: { kind: string; amount: number }): Promise<void> {
  if (kind === 'depositUsdc') await trader.depositUsdc(amount);
  else if (kind === 'depositSol') await trader.depositSol(amount);
  else if (kind === 'withdrawUsdc') await trader.withdrawUsdc(amount);
  else if (kind === 'withdrawSol') await trader.withdrawSol(amount);
  else if (kind === 'trade' && amount !== 0) await trader.trade(amount);
  else if (kind === 'place' && amount !== 0) await trader.place(amount);
  else if (kind === 'settle') await trader.settle();
  else if (kind === 'price') await trader.price(amount);
  else if (kind === 'later') await trader.later(amount);
}

describeOnDrift('a read of the real program', () => {
  it(
    'Feature: delta-neutral-live-mode, Property 2: after any trade, transfer, price and hour every figure is the SDK’s, and health lies between 0 and 100',
    async () => {
      const net = await stillDrift();
      const trader = await DriftTrader.open(net);
      const { reader } = readerOn(net);
      await trader.depositUsdc(2_000);
      await trader.depositSol(10);
      let [withPosition, withOrders, withDebt] = [0, 0, 0];
      await fc.assert(
        fc.asyncProperty(action, async (drawn) => {
          await act(trader, drawn);
          const read = await reader.read('confirmed');
          if (read.account === null) throw new Error('the account is there');
          const ours = ourFigures(read.account, read.markets);
          expect(ours).toEqual(await theirFigures(trader, read.blockTimeMs));
          expect(Number(ours.health)).toBeGreaterThanOrEqual(0);
          expect(Number(ours.health)).toBeLessThanOrEqual(100);
          withPosition += read.account.perps.some(({ baseAmount }) => baseAmount !== 0n) ? 1 : 0;
          withOrders += read.account.orders.length > 0 ? 1 : 0;
          withDebt += read.account.spot.some(({ kind }) => kind === 'borrow') ? 1 : 0;
        }),
        { numRuns: RUNS, endOnFailure: true, ...SEED },
      );
      // Else the property would have said little.
      expect(withPosition).toBeGreaterThan(RUNS / 4);
      expect(withOrders + withDebt).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  it('takes one request, of one slot, once it has learned which accounts belong to it', async () => {
    const net = await stillDrift();
    const { reader, pool } = readerOn(net);
    await reader.read('confirmed');
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    await trader.trade(-1);
    const before = pool.calls;
    const read = await reader.read('confirmed');
    expect(pool.calls - before).toBe(1);
    expect(read.slot).toBe(net.chain.head.slot - 2);
    expect(read.blockTimeMs / 1000).toBeLessThanOrEqual(net.chain.head.time);
    expect(read.account?.perps[0]?.baseAmount).toBe(-1_000_000_000n);
    expect(read.wallet.quote).toBe(9_000_000_000n);
    expect(read.wallet.tokens.quote).toMatchObject({ exists: true, amount: 9_000_000_000n });
    expect(read.wallet.tokens.base).toMatchObject({ exists: false, amount: 0n });
    const lamports = net.chain.bank.accountAt(net.chain.head, net.wallet.address)?.lamports;
    expect(read.wallet.sol).toBe(lamports);
  });

  it('decodes users as the SDK’s general decoder does, encoded again', async () => {
    const net = await stillDrift();
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    await trader.depositSol(2);
    await trader.trade(-1.5);
    net.keeper.set({ fills: false });
    expect(await trader.place(0.5)).toMatchObject({ error: null });
    const { reader, deployment } = readerOn(net);
    const read = await reader.read('confirmed');
    const bytes = net.chain.bank.accountAt(net.chain.head, deployment.user.toBase58())?.data;
    expect(read.account).toEqual(decodeAccount(ours('User', decodeBytes('User', Buffer.from(bytes ?? [])))));
    expect(read.account?.orders).toHaveLength(1);
  });

  it('says at which slot the finalized account is, and that a chain which stands still grows old', async () => {
    const net = await stillDrift();
    await net.advance(40);
    const { reader } = readerOn(net);
    const [confirmed, finalized] = [await reader.read('confirmed'), await reader.read('finalized')];
    expect(finalized.slot).toBeLessThan(confirmed.slot);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await reader.read('confirmed');
    expect([again.slot, again.takenAtMs]).toEqual([confirmed.slot, confirmed.takenAtMs]);
    await net.advance(1);
    expect((await reader.read('confirmed')).takenAtMs).toBeGreaterThan(confirmed.takenAtMs);
  });

  it('does not go back: a node that lags behind what was read does not answer', async () => {
    const net = await stillDrift({ nodes: ['front', 'behind'] });
    const { reader } = readerOn(net);
    const first = await reader.read('confirmed');
    net.addFault({ kind: 'lag', slots: 10 });
    await expect(reader.read('confirmed')).rejects.toMatchObject({ code: 'RPC_UNHEALTHY' });
    await net.advance(12);
    expect((await reader.read('confirmed')).slot).toBeGreaterThan(first.slot);
  });
});

describeOnDrift('one node among several', () => {
  async function withLiar() {
    const net = await stillDrift({ nodes: ['liar', 'honest'] });
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    const [first, second] = net.nodes;
    const liar = await lyingNode(first?.rpcUrl ?? '');
    const { reader, deployment, pool } = readerOn(net, {}, [liar.url, second?.rpcUrl ?? '']);
    return { net, liar, reader, deployment, pool };
  }

  it('that denies the account is named, and another one is read', async () => {
    const { liar, reader, deployment } = await withLiar();
    for (const address of [deployment.user, deployment.state].map(String)) {
      liar.lie = denying(address);
      const read = await reader.read('confirmed');
      expect(read.account?.spot).toHaveLength(1);
      expect(read.disagreement).toMatch(/^Node 127\.0\.0\.1\S* says.*Another node has the account\.$/);
    }
    liar.lie = null;
    expect((await reader.read('confirmed')).disagreement).toBeNull();
  });

  it('that denies the account while the other is mute settles nothing', async () => {
    const { net, liar, reader, deployment } = await withLiar();
    net.addFault({ kind: 'http', node: 'honest', methods: ['getMultipleAccounts'] });
    liar.lie = denying(deployment.user.toBase58());
    await expect(reader.read('confirmed')).rejects.toMatchObject({ code: 'ACCOUNT_DISPUTED', category: 'transient' });
  });

  it('whose slot is not that of its own clock account is passed over, and the next read is none the later for it', async () => {
    const { net, liar, reader, pool } = await withLiar();
    liar.lie = ({ context, value }) => ({ value, context: { ...context, slot: context.slot + 1_000_000 } });
    const read = await reader.read('confirmed');
    expect(read.slot).toBeLessThanOrEqual(net.chain.head.slot);
    expect(pool.newestSlot).toBeLessThanOrEqual(net.chain.head.slot);
    net.addFault({ kind: 'gone', node: 'honest' });
    // Its port is closed a moment later.
    const honest = net.nodes[1]?.rpcUrl ?? '';
    await until('the honest node to be gone', () =>
      fetch(honest, { method: 'POST' }).then(
        () => false,
        () => true,
      ),
    );
    await expect(reader.read('confirmed')).rejects.toMatchObject({
      message: expect.stringMatching(/impossible answer \(slot \d+, while its own clock account says \d+\)/),
    });
  });
});

describeOnDrift('a Drift that is younger than finality', () => {
  it('is waited for, and is no wrong setting; the local one is handed out old enough', async () => {
    const net = await startDriftLocalnet({ paused: true });
    onTestFinished(() => net.stop());
    await expect(readerOn(net).reader.read('finalized')).resolves.toMatchObject({ commitment: 'finalized' });
    const address = stateAddress();
    const state = net.chain.bank.accountAt(net.chain.head, address);
    if (state === null) throw new Error('the State is there');
    net.chain.writeAccount(address, null);
    await net.advance(40);
    await expect(readerOn(net).reader.read('finalized')).rejects.toMatchObject({ code: 'DRIFT_NOT_FOUND' });
    net.chain.writeAccount(address, state);
    await net.advance(4);
    const { reader } = readerOn(net);
    const refusal = await reader.read('finalized').catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(TransientError);
    expect(refusal).toMatchObject({ code: 'DRIFT_NOT_FINAL' });
    await net.advance(40);
    await expect(reader.read('finalized')).resolves.toMatchObject({ commitment: 'finalized' });
  });
});

describeOnDrift('what is not there', () => {
  const readOf = async (what: Parameters<typeof readerOn>[1]) => {
    const net = await stillDrift();
    return await readerOn(net, what)
      .reader.read('confirmed')
      .catch((error: unknown) => error);
  };

  it('a program without a Drift names the settings to look at', async () => {
    const error = await readOf({ programId: 'vELoC1ayuYYJ8Rn5LdpPZkJmpwYcXB9cBrWbu3J1i9j' });
    expect(error).toBeInstanceOf(CriticalError);
    expect(error).toMatchObject({ code: 'DRIFT_NOT_FOUND', message: expect.stringContaining('DRIFT_PROGRAM_ID') });
  });

  it('a market that this Drift has not is named with those that it has', async () => {
    const error = await readOf({ market: 'DOGE-PERP' });
    expect(error).toMatchObject({ code: 'UNKNOWN_MARKET', details: { got: 'DOGE-PERP', expected: ['SOL-PERP'] } });
  });

  it('a quote asset that is not counted in millionths is refused, never traded at another power of ten', async () => {
    const net = await stillDrift();
    net.accounts.write({ kind: 'SpotMarket', index: 0 }, 'decimals', 8n);
    await net.advance(5);
    const error = await readerOn(net)
      .reader.read('confirmed')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CriticalError);
    expect(error).toMatchObject({ code: 'TOKEN_DECIMALS', details: { asset: 'USDC', got: 8, expected: 6 } });
  });

  it('an authority without an account has none, and an empty wallet', async () => {
    const read = await readOf({ authority: '11111111111111111111111111111112' });
    expect(read).toMatchObject({ user: null, userStats: null, account: null, wallet: { quote: 0n } });
  });
});

describe('settings', () => {
  it('are refused where no address or sub-account can come of them', async () => {
    const { driftDeployment } = await import('../../../src/venues/drift/drift-program.ts');
    const settings = { env: 'localnet', programId: null, authority: '1'.repeat(32), subAccount: 0 } as const;
    expect(() => driftDeployment({ ...settings, authority: 'me' })).toThrow(/AUTHORITY is not an address/);
    expect(() => driftDeployment({ ...settings, subAccount: 70_000 })).toThrow(/Expected 0 to 65535/);
    expect(driftDeployment(settings).baseAsset).toBe('SOL');
  });
});
