/** The venue over the real program, where it cannot go on as it is configured: each case says so, and with what remedy. */
import { expect, it } from '@jest/globals';
import { type Localnet, startLocalnet } from '../../../localnet/index.ts';
import { onTestFinished } from '../../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { stillVelocity } from '../../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../../localnet/velocity/index.ts';
import { SolanaChain } from '../../../src/chain/solana-chain.ts';
import { CriticalError } from '../../../src/lib/errors.ts';
import { deploymentOf } from '../../../src/venues/solana-perps/deployment.ts';
import { type LivePermissions, PerpsVenue, type PerpsWriting } from '../../../src/venues/solana-perps/perps-venue.ts';
import { perpMarketAddress, spotMarketAddress, userAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { VELOCITY } from '../../../src/venues/velocity/velocity-program.ts';

const SOMEBODY = 'GLoXLeiU3RdN6Uj7upEHc3d8Yt3VEyGnWYrMZaxwLrRB';
const FINAL_SLOTS = 40;
const clock = { nowMs: () => Date.now() };

const refused = async (): Promise<never> => {
  throw new CriticalError('PERMISSION_DENIED', 'This venue only reads.');
};
const READS_ONLY: PerpsWriting = {
  simulate: refused,
  sign: refused,
  submit: refused,
  status: refused,
  order: refused,
};

interface Watched {
  readonly authority?: string;
  readonly subAccount?: number;
  readonly permissions?: LivePermissions;
}

function venueOn(net: Localnet, { authority = SOMEBODY, subAccount = 0, permissions = 'capital' }: Watched = {}) {
  const deployment = deploymentOf(VELOCITY, { env: 'localnet', programId: null, authority, subAccount });
  const chain = new SolanaChain({ rpcUrls: [net.rpcUrl], rpcWsUrl: net.wsUrl, signer: null, jito: null, clock });
  onTestFinished(() => chain.close());
  return new PerpsVenue({
    ...{ engineId: 'engine:velocity:test:0', deployment, chain, clock, permissions },
    books: null,
    writing: () => READS_ONLY,
  });
}

const errorOf = async (reading: Promise<unknown>): Promise<{ code: string; message: string }> =>
  await reading.then(
    () => ({ code: 'none', message: '' }),
    (error: CriticalError) => ({ code: error.code, message: error.message }),
  );

it('a chain without the program is named, with the settings that lead elsewhere', async () => {
  const net = await startLocalnet({ paused: true });
  onTestFinished(() => net.stop());
  const { code, message } = await errorOf(venueOn(net).read('confirmed'));
  expect(code).toBe('VELOCITY_NOT_FOUND');
  for (const word of ['no Velocity program', 'DRIFT_PROGRAM_ID', 'DRIFT_ENV', 'RPC_URL'])
    expect(message).toContain(word);
});

describeOnVelocity('a wallet without an account on Velocity', (files) => {
  it('is read where a deposit may open one, and refused with what to set where it may not', async () => {
    const net = await stillVelocity({ files });
    await net.advance(FINAL_SLOTS);
    const snapshot = await venueOn(net, { authority: net.wallet.address }).read('finalized');
    expect(snapshot).toMatchObject({
      account: null,
      feed: { feed: 'velocity localnet', synthetic: true },
      wallet: { sol: 100_000_000_000n, quote: 10_000_000_000n },
    });
    expect(snapshot.openingCostLamports).toBeGreaterThan(30_000_000n);
    expect(snapshot.markets.spot.map(({ asset }) => asset)).toEqual(['USDT', 'SOL']);
    // Without any token account of USDT it holds none.
    expect((await venueOn(net).read('confirmed')).wallet.quote).toBe(0n);

    const watched = await errorOf(venueOn(net, { permissions: 'read-only' }).read('confirmed'));
    expect(watched).toMatchObject({
      code: 'USER_NOT_INITIALISED',
      message: expect.stringContaining('no Velocity account 0'),
    });
    const other = await errorOf(venueOn(net, { subAccount: 3 }).read('confirmed'));
    expect(other).toMatchObject({
      code: 'BAD_SUB_ACCOUNT',
      message: expect.stringContaining('The next one that Velocity can open is 0.'),
    });
  });
});

describeOnVelocity('accounts of a later build', (files) => {
  it('are read by name, and nothing that enlarges or moves capital is sent to their program', async () => {
    const net = await stillVelocity({ files });
    const actor = net.actor(net.wallet.secretKey);
    for (const act of [() => actor.initialize('later'), () => actor.deposit('USDT', 500_000_000n)]) {
      const signature = act();
      await net.advance(1);
      await actor.done(signature);
    }
    await net.advance(5);
    const venue = venueOn(net, { authority: net.wallet.address });
    const before = await venue.read('confirmed');
    rewritten(net, userAddress(net.wallet.address), widened);
    for (const market of [perpMarketAddress(0), spotMarketAddress(0), spotMarketAddress(1)])
      rewritten(net, market, (data) => lengthened(data, 256));
    await net.advance(5);
    const after = await venue.read('confirmed');
    expect(after.account).toEqual(before.account);
    expect(after.equity).not.toBeNull();
    expect(before.pauses).toMatchObject({ deposit: false, withdraw: false, increase: false, detail: null });
    expect(after.pauses).toMatchObject({ deposit: true, withdraw: true, increase: true, reduce: false, settle: false });
    for (const size of ['User 4560 bytes instead of 4496', 'PerpMarket 1560', 'SpotMarket 1064', 'ACCEPT_PROGRAM'])
      expect(after.pauses.detail).toContain(size);
  });

  it('are refused by their length where they are shorter, and never read as far as they go', async () => {
    const net = await stillVelocity({ files });
    await net.advance(2);
    rewritten(net, spotMarketAddress(1), (data) => data.subarray(0, data.length - 8));
    await net.advance(5);
    expect(await errorOf(venueOn(net).read('confirmed'))).toMatchObject({
      code: 'ACCOUNT_LAYOUT',
      message: expect.stringContaining('another version of the program wrote it'),
    });
  });
});

function rewritten(net: VelocityLocalnet, address: string, change: (data: Uint8Array) => Uint8Array): void {
  const account = net.chain.bank.accountAt(net.chain.head, address);
  if (account === null) throw new Error(`there is no account ${address}`);
  net.chain.writeAccount(address, { ...account, data: change(account.data) });
}

const lengthened = (data: Uint8Array, bytes: number): Uint8Array =>
  Uint8Array.from([...data, ...new Uint8Array(bytes)]);

const PERP_POSITIONS = { at: 424, count: 8, bytes: 80, flagsAt: 79 };

/** A `User` as later builds lay it out: each perp position counts orders in two bytes and ends with eight more. */
function widened(user: Uint8Array): Uint8Array {
  const { at, count, bytes, flagsAt } = PERP_POSITIONS;
  const positions = Array.from({ length: count }, (_, index) => {
    const position = user.subarray(at + index * bytes, at + (index + 1) * bytes);
    return [...position.subarray(0, flagsAt), 0, position[flagsAt] ?? 0, ...new Uint8Array(7)];
  });
  return Uint8Array.from([...user.subarray(0, at), ...positions.flat(), ...user.subarray(at + count * bytes)]);
}
