import { expect, it } from '@jest/globals';
import type { Localnet } from '../../localnet/index.ts';
import { SOL, stillChain, wallet } from '../../localnet/tests/support/localnet.ts';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { until } from '../../localnet/tests/support/until.ts';
import { AccountSocket } from '../../src/chain/account-socket.ts';

const LONG_MS = 60_000;

async function listening(net: Localnet, ...addresses: readonly string[]): Promise<AccountSocket> {
  const socket = new AccountSocket(net.wsUrl, { firstReconnectMs: 20, maxReconnectMs: 50 });
  onTestFinished(() => socket.close());
  await Promise.all(addresses.map((address) => socket.changed(address, 0, 1)));
  await until('the subscriptions', () => addresses.every((address) => socket.isLive(address)));
  return socket;
}

/** Whether it says so before the wait is over. */
async function hearsOf(
  { net, socket, address }: { net: Localnet; socket: AccountSocket; address: string },
  change: () => unknown,
): Promise<boolean> {
  const started = performance.now();
  const heard = socket.changed(address, net.chain.slot, LONG_MS);
  await change();
  await heard;
  return performance.now() - started < LONG_MS / 2;
}

it('wakes who waits when the account changes, and only then', async () => {
  const net = await stillChain();
  const owner = (await wallet(net)).publicKey.toBase58();
  const socket = await listening(net, owner);
  const paid = async () => {
    net.airdrop(owner, SOL);
    await net.advance(5);
  };
  expect(await hearsOf({ net, socket, address: owner }, paid)).toBe(true);

  const started = performance.now();
  const before = net.chain.slot;
  await net.advance(10);
  await socket.changed(owner, before, 100);
  expect(performance.now() - started).toBeGreaterThanOrEqual(95);

  // A change that happened while no one waited is reported at once to every reader that has not seen it.
  await paid();
  await until('the news', async () => {
    const askedAt = performance.now();
    await Promise.all([socket.changed(owner, before, 50), socket.changed(owner, before, 50)]);
    return performance.now() - askedAt < 40;
  });
});

it('costs no more than its wait when the socket says nothing, and hears again after it was gone', async () => {
  const net = await stillChain();
  const owner = (await wallet(net)).publicKey.toBase58();
  const nowhere = new AccountSocket('ws://127.0.0.1:1');
  await nowhere.changed(owner, 0, 20);
  expect(nowhere.isLive(owner)).toBe(false);
  nowhere.close();

  const socket = await listening(net, owner);
  const gone = net.addFault({ kind: 'gone' });
  await until('the end of the connection', () => !socket.isLive(owner));
  net.removeFault(gone.id);
  await until('the subscription again', () => socket.isLive(owner));
  const heard = await hearsOf({ net, socket, address: owner }, async () => {
    net.airdrop(owner, SOL);
    await net.advance(5);
  });
  expect(heard).toBe(true);
});

it('lets everybody go when it is closed', async () => {
  const net = await stillChain();
  const owner = (await wallet(net)).publicKey.toBase58();
  const socket = await listening(net, owner);
  expect(await hearsOf({ net, socket, address: owner }, () => socket.close())).toBe(true);
});

it('tells of many accounts over one connection, each to who waits for it', async () => {
  const net = await stillChain();
  const [one, other] = (await Promise.all([0, 1].map(async () => (await wallet(net)).publicKey.toBase58()))) as [
    string,
    string,
  ];
  const socket = await listening(net, one, other);
  const started = performance.now();
  const unchanged = socket.changed(other, net.chain.slot, LONG_MS);
  const paid = async () => {
    net.airdrop(one, SOL);
    await net.advance(5);
  };
  expect(await hearsOf({ net, socket, address: one }, paid)).toBe(true);
  expect(await Promise.race([unchanged.then(() => 'told'), Promise.resolve('waits')])).toBe('waits');
  // Who waits for an account that nobody watches any more goes on; the other one is still told of.
  socket.forget(other);
  await unchanged;
  expect(performance.now() - started).toBeLessThan(LONG_MS);
  expect(socket.isLive(other)).toBe(false);
  expect(await hearsOf({ net, socket, address: one }, paid)).toBe(true);
});
