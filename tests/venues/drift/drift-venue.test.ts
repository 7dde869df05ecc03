import { expect, it } from '@jest/globals';
import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../../localnet/drift/index.ts';
import { describeOnDrift } from '../../../localnet/tests/support/drift-program.ts';
import { onTestFinished } from '../../../localnet/tests/support/on-test-finished.ts';
import { until } from '../../../localnet/tests/support/until.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../src/domain/account/snapshot.ts';
import { snapshotAgeMs } from '../../../src/domain/account/snapshot-age.ts';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import { DEFAULT_POLICY, decodePolicy } from '../../../src/domain/hedge/policy.ts';
import { assessMargin } from '../../../src/domain/margin/margin.ts';
import { CriticalError } from '../../../src/lib/errors.ts';
import { readOnlyVenue } from '../../support/drift-reading.ts';
import { DriftTrader } from '../../support/drift-trader.ts';
import { COMMANDED } from '../../support/snapshots.ts';

async function stillDrift(options: DriftLocalnetOptions = {}): Promise<DriftLocalnet> {
  const net = await startDriftLocalnet({ paused: true, skipShare: 0, ...options });
  onTestFinished(() => net.stop());
  await net.advance(5);
  return net;
}

const failureOf = async (work: Promise<unknown>): Promise<unknown> => await work.catch((error: unknown) => error);

describeOnDrift('a snapshot of the real program', () => {
  it('is all that a decision reads, and survives the way through JSON', async () => {
    const net = await stillDrift();
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    await trader.depositSol(10);
    await trader.trade(-5);
    const venue = readOnlyVenue(net);
    const snapshot = await venue.read('confirmed');
    expect(decodeSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(snapshot))))).toEqual(snapshot);
    expect(snapshot).toMatchObject({
      engineId: `engine:drift:${net.wallet.address}:0`,
      commitment: 'confirmed',
      feed: { feed: 'drift localnet', synthetic: true, speed: 1 },
      pauses: { deposit: false, withdraw: false, increase: false, reduce: false, settle: false, detail: null },
      funding: { periodMs: 3_600_000 },
      lastLiquidationMs: null,
    });
    expect(snapshot.marketTimeMs).toBe(snapshot.blockTimeMs);
    expect(snapshot.rpcLatencyMs).toBeGreaterThan(0);
    expect(snapshot.transactionCostLamports).toBeGreaterThan(5_000n);
    await venue.close();
  });

  it('has the equity that the SDK’s net value and the wallet make', async () => {
    const net = await stillDrift();
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    await trader.depositSol(10);
    await trader.trade(-5);
    await trader.price(155);
    await net.advance(3);
    const { equity, account, markets, wallet, accruedFunding } = await readOnlyVenue(net).read('confirmed');
    await trader.refresh();
    const user = trader.client.getUser();
    if (account === null) throw new Error('the account is there');
    const assessed = assessMargin(account, markets);
    expect(assessed.kind === 'known' ? `${assessed.figures.netValue}` : 'unknown').toBe(`${user.getNetUsdValue()}`);
    expect(`${accruedFunding}`).toBe(`${user.getUnrealizedFundingPNL()}`);
    const walletUsd = (wallet.sol * 155_000_000n) / 1_000_000_000n + wallet.quote;
    const unsettled = BigInt(`${user.getUnrealizedFundingPNL()}`);
    const expected = BigInt(`${user.getNetUsdValue()}`) - unsettled + walletUsd;
    // Each of the SDK's parts is cut to the micro-USD; ours is exact.
    const apart = (equity ?? 0n) / 1_000_000_000n - expected;
    expect(apart < 5n && apart > -5n).toBe(true);
  });

  it('tells funding by the market’s own record, and remembers the periods that it saw', async () => {
    const net = await stillDrift({ fundingHourly: 0.0001 });
    const trader = await DriftTrader.open(net);
    const venue = readOnlyVenue(net);
    await venue.read('confirmed');
    for (let hour = 0; hour < 3; hour += 1) {
      await trader.later(3_600);
      await net.advance(20);
      await venue.read('confirmed');
    }
    const { funding, marketTimeMs } = await venue.read('confirmed');
    await trader.refresh();
    const amm = trader.client.getPerpMarketAccount(0)?.amm;
    if (amm === undefined) throw new Error('the market is there');
    const rate =
      (BigInt(`${amm.lastFundingRateShort}`) * 1_000_000n) / BigInt(`${amm.historicalOracleData.lastOraclePriceTwap}`);
    const apart = (funding.lastRate ?? 0n) - rate;
    expect(apart === 0n || apart === -1n).toBe(true);
    expect(Number(funding.lastRate) / 1e9).toBeCloseTo(0.0001, 5);
    expect(funding.recentRates.length).toBeGreaterThanOrEqual(3);
    expect(funding.knownHours).toBe(24);
    expect(funding.trailingMeanRate).not.toBeNull();
    expect(funding.nextPeriodTsMs).toBeGreaterThan(marketTimeMs);
    expect((funding.nextPeriodTsMs ?? 0) % 3_600_000).toBe(0);
  });
});

describeOnDrift('an account that is not there', () => {
  it('stops a read-only engine, with what would help', async () => {
    const net = await stillDrift();
    const error = await failureOf(readOnlyVenue(net).read('confirmed'));
    expect(error).toBeInstanceOf(CriticalError);
    expect(error).toMatchObject({
      code: 'USER_NOT_INITIALISED',
      message: expect.stringContaining('LIVE_PERMISSIONS=capital'),
    });
  });

  it('is no account yet where deposits are permitted, with the cost of opening it', async () => {
    const net = await stillDrift();
    const snapshot = await readOnlyVenue(net, { permissions: 'capital' }).read('confirmed');
    expect(snapshot.account).toBeNull();
    expect(snapshot.openingCostLamports).toBeGreaterThan(30_000_000n);
    expect(snapshot.equity).toBeGreaterThan(0n);
  });

  it('is a bad sub-account where Drift would never make it', async () => {
    const net = await stillDrift();
    const unborn = await failureOf(readOnlyVenue(net, { subAccount: 3, permissions: 'trading' }).read('confirmed'));
    expect(unborn).toMatchObject({ code: 'BAD_SUB_ACCOUNT', details: { sub_account: 3, next: 0 } });
    await DriftTrader.open(net);
    const next = await readOnlyVenue(net, { subAccount: 1, permissions: 'capital' }).read('confirmed');
    expect(next.account).toBeNull();
    const two = await failureOf(readOnlyVenue(net, { subAccount: 2, permissions: 'capital' }).read('confirmed'));
    expect(two).toMatchObject({ code: 'BAD_SUB_ACCOUNT', message: expect.stringContaining('Set DRIFT_SUB_ACCOUNT') });
  });
});

describeOnDrift('what the venue refuses', () => {
  const pausesAfter = async (pause: (net: DriftLocalnet, trader: DriftTrader) => unknown) => {
    const net = await stillDrift();
    const trader = await DriftTrader.open(net);
    await trader.depositUsdc(1_000);
    await trader.depositSol(10);
    await pause(net, trader);
    await net.advance(4);
    const snapshot = await readOnlyVenue(net).read('confirmed');
    return { net, trader, snapshot, pauses: snapshot.pauses };
  };
  const OPEN = { deposit: false, withdraw: false, increase: false, reduce: false, settle: false };

  it('is everything when it is frozen, said in one sentence, while everything is still read', async () => {
    const { trader, snapshot, pauses } = await pausesAfter(async (net, trading) => {
      await trading.trade(-5);
      net.pauses.exchange('all');
    });
    expect(pauses).toMatchObject({ deposit: true, withdraw: true, increase: true, reduce: true, settle: true });
    expect(pauses.detail).toMatch(/^Drift is frozen: [^.]*\.$/);
    expect(snapshot.account?.perps).toHaveLength(1);
    // The program agrees.
    expect((await trader.depositUsdc(10)).error).toMatchObject({ InstructionError: [1, { Custom: 6024 }] });
    expect((await trader.place(-1)).error).toMatchObject({ InstructionError: [1, { Custom: 6024 }] });
  });

  it.each([
    ['deposit', { deposit: true }, 'Drift has paused deposits.'],
    ['withdraw', { withdraw: true }, 'Drift has paused withdrawals.'],
    ['fill', { increase: true, reduce: true }, 'Drift has paused order fills.'],
    ['settle', { settle: true }, 'Drift has paused settling PnL.'],
    ['funding', {}, 'Drift has paused funding (nothing is paid for this time).'],
    ['amm', {}, 'Drift has paused its AMM (orders fill only against other traders).'],
    ['liquidation', {}, 'Drift has paused liquidations.'],
  ] as const)('by the flag %s is that alone', async (flag, refused, detail) => {
    const { pauses } = await pausesAfter((net) => net.pauses.exchange([flag]));
    expect(pauses).toMatchObject({ ...OPEN, ...refused, detail });
  });

  it('in one market is named, and only its asset is refused', async () => {
    const { snapshot, pauses } = await pausesAfter((net) => net.pauses.spot(['deposit'], 1));
    expect(pauses).toMatchObject({ ...OPEN, refusedAssets: { deposit: ['SOL'], withdraw: [] } });
    expect(pauses.detail).toBe('Drift accepts no deposits of SOL.');
    expect(snapshot.feed.warnings).toEqual([pauses.detail]);
  });

  it('in a market that is reduce-only is what enlarges', async () => {
    const { pauses, snapshot } = await pausesAfter((net) => net.pauses.perpStatus('reduceOnly'));
    expect(pauses).toMatchObject({ ...OPEN, increase: true });
    expect(pauses.detail).toBe('SOL-PERP is reduce-only: positions can be reduced but not increased.');
    expect(snapshot.markets.perps[0]?.status).toBe('reduce_only');
  });

  it('of settling depends on a position where the market says so', async () => {
    const { net, trader, pauses } = await pausesAfter((chain) => chain.pauses.perp(['settle-with-position']));
    expect(pauses).toMatchObject({ ...OPEN });
    await trader.trade(-5);
    expect((await readOnlyVenue(net).read('confirmed')).pauses).toMatchObject({ ...OPEN, settle: true });
  });

  it('to an account marked so is what enlarges', async () => {
    const { pauses } = await pausesAfter((net) =>
      net.accounts.write({ kind: 'User', authority: net.wallet.address }, 'status', 4n),
    );
    expect(pauses).toMatchObject({ ...OPEN, increase: true });
    expect(pauses.detail).toBe('Drift has marked this account as reduce-only.');
  });
});

describeOnDrift('an oracle', () => {
  it('that stands still is stale for margin after the State’s slots, and figures become unknown', async () => {
    const net = await stillDrift();
    const trader = await DriftTrader.open(net);
    await trader.depositSol(10);
    const venue = readOnlyVenue(net);
    expect((await venue.read('confirmed')).feed.warnings).toEqual([]);
    net.oracles.sol.trouble({ frozen: true });
    await net.advance(100);
    const fresh = await venue.read('confirmed');
    expect(fresh.markets.perps[0]?.oracle).toMatchObject({
      valid: true,
      noFillsReason: expect.stringMatching(/^stale by \d+ slots, of which the AMM allows 10$/),
    });
    expect(fresh.feed.warnings).toEqual([expect.stringContaining('and increasing wait')]);
    await net.advance(400);
    const stale = await venue.read('confirmed');
    expect(stale.markets.perps[0]?.oracle).toMatchObject({
      valid: false,
      invalidReason: expect.stringMatching(/^stale by (49|50)\d slots$/),
    });
    expect(stale.feed.warnings.join(' ')).toMatch(/SOL-PERP is stale by .* withdrawing are refused/);
    if (stale.account === null) throw new Error('the account is there');
    expect(assessMargin(stale.account, stale.markets).kind).toBe('unknown');
  });

  const HOUR_MS = 3_600_000;

  it('is an hour old where the node that was read is an hour behind the other, however fast it answers', async () => {
    const net = await stillDrift({ nodes: 2, clock: 'wall' });
    await (await DriftTrader.open(net)).depositUsdc(100);
    const slotsBefore = net.chain.slot;
    net.jump({ seconds: HOUR_MS / 1_000 });
    await net.advance(6);
    net.addFault({ kind: 'lag', node: 'node-1', slots: net.chain.slot - slotsBefore + 1 });
    const venue = readOnlyVenue(net, { permissions: 'capital' });
    const read = await until('both nodes to have said their time', async () => {
      const snapshot = await venue.read('confirmed');
      return (snapshot.clockDoubt ?? null) === null ? null : snapshot;
    });
    expect(snapshotAgeMs(read, read.takenAtMs)).toBeGreaterThan(HOUR_MS - 60_000);
    expect(read.clockDoubt).toMatch(/node-1|127\.0\.0\.1/);
    const operation = { kind: 'deposit', asset: 'SOL', amount: '1' } as const;
    const policy = decodePolicy({ ...DEFAULT_POLICY, mode: 'live', permissions: 'trading' });
    const { gates } = evaluateGates({ ...COMMANDED, snapshot: read, operation, policy, nowMs: read.takenAtMs });
    expect(gates.find(({ code }) => code === 'SNAPSHOT_AGE')).toMatchObject({ pass: false, blocks: true });
    await venue.close();
  });

  it('is of unknown age where the only node and our clock are an hour apart, and says so', async () => {
    const net = await stillDrift({ clock: 'wall' });
    const venue = readOnlyVenue(net, { permissions: 'capital', clock: { nowMs: () => Date.now() + HOUR_MS } });
    const snapshot = await venue.read('confirmed');
    expect(snapshotAgeMs(snapshot, snapshot.takenAtMs)).toBeNull();
    expect(snapshot.clockDoubt).toMatch(/behind this computer, and no other node/);
    const inStep = readOnlyVenue(net, { permissions: 'capital' });
    expect((await inStep.read('confirmed')).clockDoubt).toBeNull();
    await Promise.all([venue.close(), inStep.close()]);
  });
});
