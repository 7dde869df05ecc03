import { describe, expect, it } from '@jest/globals';
import { SystemProgram } from '@solana/web3.js';
import type { Localnet } from '../index.ts';
import { connect, payment, SOL, stillChain, wallet } from './support/localnet.ts';
import { until } from './support/until.ts';

const standing = (net: Localnet): number | undefined =>
  (net.state() as { nodes: { subscriptions: number }[] }).nodes[0]?.subscriptions;

describe('subscriptions of web3.js', () => {
  it('tell of slots, roots, accounts, programs, logs and signatures', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { wire, to, signature } = payment(net, from);
    const told: Record<string, unknown[]> = {};
    const note = (what: string) => (value: unknown) => {
      told[what] = [...(told[what] ?? []), value];
    };
    connection.onSlotChange(note('slot'));
    connection.onRootChange(note('root'));
    connection.onAccountChange(to, ({ lamports }) => note('account')(lamports), 'confirmed');
    connection.onProgramAccountChange(SystemProgram.programId, note('program'), 'processed');
    connection.onLogs(to, ({ err, logs }) => note('logs')([err, logs.length]), 'processed');
    connection.onSignature(signature, ({ err }) => note('confirmed')(err), 'confirmed');
    connection.onSignature(signature, ({ err }) => note('finalized')(err), 'finalized');
    await until('all subscriptions stand', () => standing(net) === 7);
    await connection.sendRawTransaction(wire);
    await net.advance(2);
    expect(told.confirmed).toBeUndefined();
    await net.advance(1);
    await until('it is confirmed', () => told.confirmed !== undefined && told.account !== undefined);
    expect(told.finalized).toBeUndefined();
    await net.advance(40);
    await until('it is final', () => told.finalized !== undefined);
    expect(told.account).toEqual([Number(SOL)]);
    expect(told.logs).toEqual([[null, 2]]);
    expect([told.confirmed, told.finalized]).toEqual([[null], [null]]);
    await until('every slot is told', () => told.slot?.length === 43);
    expect(told.root?.length).toBeGreaterThan(30);
    expect(told.program?.length).toBeGreaterThan(0);
    await until('both signature subscriptions are over', () => standing(net) === 5);
  });

  it('tell an account that a fork set back', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    await net.advance(2);
    const { wire, to, signature } = payment(net, from);
    const seen: number[] = [];
    connection.onAccountChange(to, ({ lamports }) => seen.push(lamports), 'processed');
    await until('it stands', () => standing(net) === 1);
    await connection.sendRawTransaction(wire);
    await net.advance(1);
    net.fork({ signature });
    await until('both are told', () => seen.length === 2);
    expect(seen).toEqual([Number(SOL), 0]);
  });

  it('tell a signature that was confirmed before anybody asked', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { wire, signature } = payment(net, from);
    await connection.sendRawTransaction(wire);
    await net.advance(5);
    const told = new Promise((resolve) => connection.onSignature(signature, ({ err }) => resolve(err), 'confirmed'));
    expect(await told).toBeNull();
  });

  it('say nothing under the fault `silent`, while polling knows', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'silent' });
    const connection = connect(net);
    const from = await wallet(net);
    const { wire, signature } = payment(net, from);
    let told = false;
    connection.onSignature(signature, () => (told = true), 'processed');
    await until('it stands', () => standing(net) === 1);
    await connection.sendRawTransaction(wire);
    await net.advance(5);
    expect((await connection.getSignatureStatus(signature)).value?.confirmationStatus).toBe('confirmed');
    expect(told).toBe(false);
  });
});
