import { expect, it } from '@jest/globals';
import type { Localnet } from '../../localnet/index.ts';
import { SOL, stillChain, wallet } from '../../localnet/tests/support/localnet.ts';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { until } from '../../localnet/tests/support/until.ts';
import { AccountSocket } from '../../src/chain/account-socket.ts';

const LONG_MS = 60_000;

async function listening(net: Localnet, address: string): Promise<AccountSocket> {
  const socket = new AccountSocket(net.wsUrl, address, { firstReconnectMs: 20, maxReconnectMs: 50 });
  onTestFinished(() => socket.close());
  await socket.changed(0, 1);
  await until('the subscription', () => socket.isLive);
  return socket;
}

/** Whether it says so before the wait is over. */
async function hearsOf(net: Localnet, socket: AccountSocket, change: () => unknown): Promise<boolean> {
  const started = performance.now();
  const heard = socket.changed(net.chain.slot, LONG_MS);
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
  expect(await hearsOf(net, socket, paid)).toBe(true);

  const started = performance.now();
  const before = net.chain.slot;
  await net.advance(10);
  await socket.changed(before, 100);
  expect(performance.now() - started).toBeGreaterThanOrEqual(95);

  // A change that happened while no one waited is reported at once to every reader that has not seen it.
  await paid();
  await until('the news', async () => {
    const askedAt = performance.now();
    await Promise.all([socket.changed(before, 50), socket.changed(before, 50)]);
    return performance.now() - askedAt < 40;
  });
});

it('costs no more than its wait when the socket says nothing, and hears again after it was gone', async () => {
  const net = await stillChain();
  const owner = (await wallet(net)).publicKey.toBase58();
  const nowhere = new AccountSocket('ws://127.0.0.1:1', owner);
  await nowhere.changed(0, 20);
  expect(nowhere.isLive).toBe(false);
  nowhere.close();

  const socket = await listening(net, owner);
  const gone = net.addFault({ kind: 'gone' });
  await until('the end of the connection', () => !socket.isLive);
  net.removeFault(gone.id);
  await until('the subscription again', () => socket.isLive);
  const heard = await hearsOf(net, socket, async () => {
    net.airdrop(owner, SOL);
    await net.advance(5);
  });
  expect(heard).toBe(true);
});

it('lets everybody go when it is closed', async () => {
  const net = await stillChain();
  const socket = await listening(net, (await wallet(net)).publicKey.toBase58());
  expect(await hearsOf(net, socket, () => socket.close())).toBe(true);
});
