import { describe, expect, it } from '@jest/globals';
import { FaultRules } from '../faults/faults.ts';
import type { Localnet } from '../index.ts';
import { balance, call, connect, FEE, payment, SOL, stillChain, wallet } from './support/localnet.ts';
import { until } from './support/until.ts';

/** Sends a payment once through the present faults; returns what the client saw. */
async function pay(net: Localnet) {
  const from = await wallet(net);
  const sent = payment(net, from);
  const answer = connect(net).sendRawTransaction(sent.wire);
  const seen = await Promise.race([
    answer.then(
      () => 'accepted',
      (error: Error) => error.message,
    ),
    new Promise<string>((resolve) => setTimeout(() => resolve('nothing'), 500)),
  ]);
  answer.catch(() => {});
  return { ...sent, from, seen };
}

describe('a fault, by what it does to balances', () => {
  it('drop: accepted, and no money ever moves', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'drop' });
    const { seen, to, from } = await pay(net);
    await net.advance(160);
    expect(seen).toBe('accepted');
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([0n, 10n * SOL]);
  });

  it('late: the money moves that many slots later, not before', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'late', slots: 20 });
    const { to } = await pay(net);
    await net.advance(20);
    expect(balance(net, to)).toBe(0n);
    await net.advance(1);
    expect(balance(net, to)).toBe(SOL);
  });

  it('late beyond the life of the blockhash: never', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'late', slots: 151 });
    const { to } = await pay(net);
    await net.advance(200);
    expect(balance(net, to)).toBe(0n);
  });

  for (const [how, seen] of [
    ['cut', /fetch failed|socket|other side closed/],
    ['half', /terminated|aborted|JSON|premature|other side closed/i],
    ['http-500', /500/],
    ['hang', /^nothing$/],
  ] as const) {
    it(`reply-lost (${how}): the client learns nothing, and the money moves once`, async () => {
      const net = await stillChain();
      net.addFault({ kind: 'reply-lost', methods: ['sendTransaction'], how, times: 1 });
      const paid = await pay(net);
      expect(paid.seen).toMatch(seen);
      await net.advance(1);
      await connect(net).sendRawTransaction(paid.wire, { skipPreflight: true });
      await net.advance(5);
      expect([balance(net, paid.to), balance(net, paid.from.publicKey)]).toEqual([SOL, 9n * SOL - FEE]);
    });
  }

  it('duplicate: delivered twice, moved once, paid for once', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'duplicate' });
    const { to, from, signature } = await pay(net);
    await net.advance(1);
    expect(net.chain.pending.size).toBe(1);
    await net.advance(5);
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([SOL, 9n * SOL - FEE]);
    expect(net.record(signature)).toHaveLength(1);
    expect(net.chain.pending.size).toBe(0);
  });

  it('rate-limit: 429 with Retry-After, nothing performed', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'rate-limit', retryAfter: 7 });
    const { to, seen } = await pay(net);
    expect(seen).toContain('429');
    const response = await call(net.rpcUrl, 'getSlot');
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    await net.advance(5);
    expect(balance(net, to)).toBe(0n);
  });

  it('hang, cut, http, rpc-error: not performed either', async () => {
    for (const kind of ['hang', 'cut', 'http', 'rpc-error'] as const) {
      const net = await stillChain();
      net.addFault({ kind, methods: ['sendTransaction'] });
      const { to, seen } = await pay(net);
      await net.advance(3);
      expect(seen).not.toBe('accepted');
      expect(balance(net, to)).toBe(0n);
    }
  });

  it('fail-on-chain: the simulation passes, the chain takes the fee and nothing else', async () => {
    const net = await stillChain();
    net.addFault({ kind: 'fail-on-chain', times: 1 });
    const { to, from, seen, signature, transaction } = await pay(net);
    expect(seen).toBe('accepted');
    expect((await connect(net).simulateTransaction(transaction)).value.err).toBeNull();
    await net.advance(3);
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([0n, 10n * SOL - FEE]);
    const { value } = await connect(net).getSignatureStatus(signature);
    expect(value?.err).toEqual({ InstructionError: [0, 'ComputationalBudgetExceeded'] });
    const next = payment(net, from);
    await connect(net).sendRawTransaction(next.wire);
    await net.advance(1);
    expect(balance(net, next.to)).toBe(SOL);
  });

  it('fork: confirmed first, then undone, and the same bytes may land again', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    await net.advance(3);
    net.addFault({ kind: 'fork', times: 1 });
    const { wire, to, signature } = payment(net, from);
    await net.advance(2);
    const connection = connect(net);
    await connection.sendRawTransaction(wire);
    await net.advance(2);
    expect(balance(net, to)).toBe(SOL);
    await net.advance(1);
    expect([balance(net, to), balance(net, from.publicKey)]).toEqual([0n, 10n * SOL]);
    await connection.sendRawTransaction(wire);
    await net.advance(5);
    expect(balance(net, to)).toBe(SOL);
    expect(net.record(signature).map(({ counts }) => counts)).toEqual([false, true]);
  });

  it('gone: nothing listens, and after its time the node is back on the same port', async () => {
    const net = await stillChain();
    const { rpcUrl } = net;
    net.addFault({ kind: 'gone', node: 'node-1', forMs: 1_000 });
    const refused = () =>
      call(rpcUrl, 'getSlot').then(
        () => false,
        (error) => error.cause?.code === 'ECONNREFUSED',
      );
    await until('the endpoint is gone', refused);
    await until('it is back', async () => !(await refused()));
    expect((await call(rpcUrl, 'getHealth')).status).toBe(200);
  });
});

describe('rules', () => {
  const faults = () =>
    new FaultRules(
      'seed',
      () => 10,
      () => 0,
    );
  const hits = (rules: FaultRules, count: number) =>
    Array.from({ length: count }, () => rules.onRequest({ node: 'node-1', method: 'getSlot' }) !== null);

  it('hit the same matches in every run of a seed, others in another', () => {
    const runs = [0, 1].map(() => {
      const rules = faults();
      rules.add({ id: 'a', kind: 'http', chance: 0.3 });
      return hits(rules, 200);
    });
    expect(runs[0]).toEqual(runs[1]);
    const share = (runs[0] ?? []).filter(Boolean).length / 200;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.4);
    const other = new FaultRules(
      'another',
      () => 10,
      () => 0,
    );
    other.add({ id: 'a', kind: 'http', chance: 0.3 });
    expect(hits(other, 200)).not.toEqual(runs[0]);
  });

  it('pass `after` matches, hit `times`, and stand between their slots', () => {
    const rules = faults();
    rules.add({ kind: 'http', after: 2, times: 3 });
    expect(hits(rules, 8)).toEqual([false, false, true, true, true, false, false, false]);
    const later = faults();
    later.add({ kind: 'http', fromSlot: 11 });
    expect(hits(later, 1)).toEqual([false]);
  });

  it('name the field that is wrong', () => {
    const wrong: [object, string][] = [
      [{ kind: 'nothing' }, 'kind is one of'],
      [{}, 'kind is one of'],
      [{ kind: 'drop', chance: 2 }, 'chance'],
      [{ kind: 'drop', nods: 'x' }, 'nods'],
      [{ kind: 'late', slots: -1 }, 'slots'],
    ];
    for (const [input, why] of wrong) expect(() => faults().add(input)).toThrow(why);
  });
});
