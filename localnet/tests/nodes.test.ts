import { describe, expect, it } from '@jest/globals';
import { ask, balance, call, connect, payment, SOL, stillChain, wallet } from './support/localnet.ts';

const code = async (url: string, method: string, ...params: unknown[]): Promise<number | undefined> =>
  ((await (await call(url, method, ...params)).json()) as { error?: { code: number } }).error?.code;

describe('nodes with views of their own', () => {
  it('a lagging node knows less, and its balances are of its own slot', async () => {
    const net = await stillChain({ nodes: 2 });
    net.addFault({ kind: 'lag', node: 'node-2', slots: 10 });
    const [near, far] = [connect(net), connect(net, {}, 1)];
    const from = await wallet(net);
    const { wire, to, signature } = payment(net, from);
    await near.sendRawTransaction(wire);
    await net.advance(3);
    expect([await near.getBalance(to), await far.getBalance(to)]).toEqual([Number(SOL), 0]);
    expect((await near.getSlot()) - (await far.getSlot())).toBe(10);
    expect((await far.getSignatureStatus(signature)).value).toBeNull();
    await net.advance(10);
    expect(await far.getBalance(to)).toBe(Number(SOL));
  });

  it('a node that is far behind says so and refuses preflights', async () => {
    const net = await stillChain({ nodes: 2 });
    net.addFault({ kind: 'lag', node: 'node-2', slots: 200 });
    await net.advance(250);
    const from = await wallet(net);
    const url = net.nodes[1]?.rpcUrl ?? '';
    expect(await code(url, 'getHealth')).toBe(-32005);
    expect(await code(net.rpcUrl, 'getHealth')).toBeUndefined();
    const wire = Buffer.from(payment(net, from).wire).toString('base64');
    expect(await code(url, 'sendTransaction', wire, { encoding: 'base64' })).toBe(-32005);
  });

  it('a frozen node stays where it was, and comes back', async () => {
    const net = await stillChain({ nodes: 2 });
    const far = connect(net, {}, 1);
    const slot = await far.getSlot();
    const { id } = net.addFault({ kind: 'frozen', node: 'node-2' });
    await far.getSlot();
    await net.advance(30);
    expect(await far.getSlot()).toBe(slot);
    net.removeFault(id);
    expect(await far.getSlot()).toBe(net.chain.head.slot);
  });

  it('two nodes disagree after a fork, on the money too, until they are healed', async () => {
    const net = await stillChain({ nodes: 2 });
    const [main, other] = [connect(net), connect(net, {}, 1)];
    const from = await wallet(net);
    const { wire, to, signature } = payment(net, from);
    await main.sendRawTransaction(wire);
    await net.advance(3);
    net.fork({ signature, stay: ['node-2'], grows: true });
    await net.advance(5);
    expect([await main.getBalance(to), await other.getBalance(to)]).toEqual([0, Number(SOL)]);
    expect((await main.getSignatureStatus(signature)).value).toBeNull();
    expect((await other.getSignatureStatus(signature)).value?.confirmationStatus).toBe('confirmed');
    const [a, b] = await Promise.all([main.getLatestBlockhash(), other.getLatestBlockhash()]);
    expect(await ask<{ value: boolean }>(net.rpcUrl, 'isBlockhashValid', b.blockhash)).toMatchObject({ value: false });
    expect(a.blockhash).not.toBe(b.blockhash);
    await net.advance(60);
    expect((await other.getSignatureStatus(signature)).value?.confirmationStatus).toBe('confirmed');
    net.heal();
    expect(await other.getBalance(to)).toBe(0);
    expect(balance(net, to)).toBe(0n);
  });

  it('pruned history: the first available block tells why a signature is not found', async () => {
    const net = await stillChain({ nodes: 2 });
    net.addFault({ kind: 'pruned', node: 'node-2', slots: 50 });
    const [full, pruned] = [connect(net), connect(net, {}, 1)];
    const from = await wallet(net);
    const { wire, signature } = payment(net, from);
    await full.sendRawTransaction(wire);
    await net.advance(400);
    const search = { searchTransactionHistory: true };
    expect((await full.getSignatureStatus(signature, search)).value?.confirmationStatus).toBe('finalized');
    expect((await full.getSignatureStatus(signature)).value).toBeNull();
    expect((await pruned.getSignatureStatus(signature, search)).value).toBeNull();
    const slot = net.record(signature)[0]?.slot ?? 0;
    expect(await pruned.getFirstAvailableBlock()).toBeGreaterThan(slot);
    expect(await full.getFirstAvailableBlock()).toBe(0);
    expect(await code(net.nodes[1]?.rpcUrl ?? '', 'getBlock', slot)).toBe(-32001);
  });

  it('history off: what searches it is an error, not an absence', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'no-history' });
    const from = await wallet(net);
    const { wire, signature } = payment(net, from);
    await connect(net).sendRawTransaction(wire);
    await net.advance(40);
    expect(await code(net.rpcUrl, 'getSignatureStatuses', [signature], { searchTransactionHistory: true })).toBe(
      -32011,
    );
    expect(await code(net.rpcUrl, 'getTransaction', signature)).toBe(-32011);
    expect((await connect(net).getSignatureStatus(signature)).value?.confirmationStatus).toBe('finalized');
  });

  it('a node that denies a transaction stands against one that has it', async () => {
    const net = await stillChain({ nodes: 2 });
    const from = await wallet(net);
    const { wire, signature, to } = payment(net, from);
    net.addFault({ kind: 'denies', node: 'node-2', signature });
    await connect(net).sendRawTransaction(wire);
    await net.advance(40);
    const search = { searchTransactionHistory: true };
    expect((await connect(net, {}, 1).getSignatureStatus(signature, search)).value).toBeNull();
    expect((await connect(net).getSignatureStatus(signature, search)).value?.confirmationStatus).toBe('finalized');
    expect(await connect(net, {}, 1).getBalance(to)).toBe(Number(SOL));
  });
});
