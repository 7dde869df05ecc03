import { afterEach, describe, expect, it } from '@jest/globals';
import { Keypair, type PublicKey, SystemProgram } from '@solana/web3.js';
import { type Localnet, startLocalnet } from '../../localnet/index.ts';
import { loadSigner } from '../../src/chain/local-signer.ts';
import type { Signer } from '../../src/chain/signer.ts';
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import { toBase58 } from '../../src/lib/base58.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const SENT = 1_000_000n;
/** Past the window, its margin and what is skipped. */
const PAST_PROOF = 260;
const CONFIRMED = 6;
const FINAL = 48;

/** A paused chain, so that slots pass only as a test says, and a payer with SOL on it. */
async function running({ nodes = 1, jito = false } = {}) {
  const net: Localnet = await startLocalnet({ paused: true, nodes, seed: 'chain' });
  const pair = Keypair.generate();
  const to = Keypair.generate().publicKey;
  net.airdrop(pair.publicKey.toBase58(), 5_000_000_000n);
  await net.advance(70);
  const open = () => {
    const chain = new SolanaChain({
      rpcUrls: net.nodes.map(({ rpcUrl }) => rpcUrl),
      rpcWsUrl: net.wsUrl,
      signer: loadSigner({ privateKey: toBase58(pair.secretKey), keypairPath: null })?.signer as Signer,
      jito: jito ? { url: net.jitoUrl, region: null, tipLamports: 1_000_000 } : null,
      clock: { nowMs: Date.now },
      newsWaitMs: 20,
      tuning: { timeoutMs: 5_000 },
    });
    closers.push(() => chain.close());
    return chain;
  };
  closers.push(() => net.stop());
  const instructions = [SystemProgram.transfer({ fromPubkey: pair.publicKey, toPubkey: to, lamports: SENT })];
  const chain = open();
  return { net, chain, open, draft: { payer: pair.publicKey, instructions }, received: () => balance(chain, to) };
}

const balance = async (chain: SolanaChain, of: PublicKey): Promise<bigint> =>
  BigInt(await chain.pool.connection().getBalance(of, 'processed'));

describe('on a real SVM a transfer', () => {
  it('goes from simulation to finality, and moves the money once however often it is sent', async () => {
    const { net, chain, draft, received } = await running();
    expect(await chain.simulate(draft)).toMatchObject({ ok: true });
    const attempt = await chain.sign(draft);
    for (let i = 0; i < 3; i += 1) await chain.submit(attempt, i);
    await net.advance(CONFIRMED);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'landed', commitment: 'confirmed', error: null });
    await chain.submit(attempt, 3);
    await net.advance(FINAL);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'landed', commitment: 'finalized' });
    expect(await received()).toBe(SENT);
    expect(net.record(attempt.signature)).toHaveLength(1);
  });

  it('costs six requests until it is known to be confirmed', async () => {
    const { net, chain, draft } = await running();
    await chain.simulate(draft);
    const attempt = await chain.sign(draft);
    await chain.submit(attempt, 0);
    await net.advance(CONFIRMED);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'landed', commitment: 'confirmed' });
    // Simulation, recent fees, blockhash and the height beside it, send, status.
    expect(chain.calls).toBe(6);
  });

  it('by Jito lands with its tip', async () => {
    const { net, chain, draft, received } = await running({ jito: true });
    await chain.simulate(draft);
    const attempt = await chain.sign(draft);
    await chain.submit(attempt, 0);
    await net.advance(CONFIRMED);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'landed', error: null });
    expect(await received()).toBe(SENT);
  });

  it('whose send was dropped is unknown at first, then proven dead, and never lands after that', async () => {
    const { net, chain, draft, received } = await running();
    net.addFault({ kind: 'drop', times: 1 });
    const attempt = await chain.sign(draft);
    await chain.submit(attempt, 0);
    await net.advance(CONFIRMED);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    await net.advance(PAST_PROOF);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'absent', nodes: [{ says: 'never_seen' }] });
    await chain.submit(attempt, 1);
    await net.advance(FINAL);
    expect(await received()).toBe(0n);
    expect((await chain.status(attempt)).kind).toBe('absent');
  });

  for (const how of ['cut', 'half', 'http-500'] as const) {
    it(`whose reply was lost (${how}) fails to send, and has landed`, async () => {
      const { net, chain, open, draft, received } = await running();
      net.addFault({ kind: 'reply-lost', methods: ['sendTransaction'], how, times: 1 });
      const attempt = await chain.sign(draft);
      await expect(chain.submit(attempt, 0)).rejects.toMatchObject({ category: 'transient' });
      await net.advance(FINAL);
      // As another process would find it.
      expect(await open().status(attempt)).toMatchObject({ kind: 'landed', commitment: 'finalized' });
      expect(await received()).toBe(SENT);
    });
  }

  it('that fails on chain is landed with an error', async () => {
    const { net, chain, draft, received } = await running();
    const attempt = await chain.sign(draft);
    net.addFault({ kind: 'fail-on-chain', signature: attempt.signature });
    await chain.submit(attempt, 0);
    await net.advance(FINAL);
    const sighting = await chain.status(attempt);
    expect(sighting).toMatchObject({ kind: 'landed', commitment: 'finalized', error: { code: 'TRANSACTION_FAILED' } });
    expect(await received()).toBe(0n);
  });

  it('that a fork dropped is denied, and lands again with the same bytes, once', async () => {
    const { net, chain, draft, received } = await running();
    const attempt = await chain.sign(draft);
    await chain.submit(attempt, 0);
    await net.advance(CONFIRMED);
    expect((await chain.status(attempt)).kind).toBe('landed');
    net.fork({ signature: attempt.signature });
    await net.advance(1);
    expect(await chain.status(attempt)).toMatchObject({ kind: 'unseen', nodes: [{ says: 'never_seen' }] });
    expect(await received()).toBe(0n);
    await chain.submit(attempt, 1);
    await net.advance(FINAL);
    expect((await chain.status(attempt)).kind).toBe('landed');
    expect(await received()).toBe(SENT);
  });
});

describe('on a real SVM a transfer that landed long ago', () => {
  const faults = [
    ['prunes its history', { kind: 'pruned', slots: 20 }],
    ['keeps no history', { kind: 'no-history' }],
    ['is frozen where it was', { kind: 'frozen' }],
    ['answers 500', { kind: 'http' }],
    ['hangs up', { kind: 'cut' }],
  ] as const;
  for (const [what, fault] of faults) {
    it(`is not called absent by a node that ${what}, and is seen by another`, async () => {
      const { net, chain, draft } = await running({ nodes: 2 });
      const attempt = await chain.sign(draft);
      net.addFault({ ...fault, id: 'first', node: 'node-1' });
      if (fault.kind === 'frozen') await net.advance(1);
      await chain.submit(attempt, 0);
      await net.advance(PAST_PROOF + 200);
      const [first] = net.nodes;
      const alone = new SolanaChain({
        rpcUrls: [first?.rpcUrl ?? ''],
        rpcWsUrl: null,
        signer: null,
        jito: null,
        clock: { nowMs: Date.now },
      });
      closers.push(() => alone.close());
      const sighting = await alone.sightingOf(attempt);
      expect(sighting.kind).toBe('unseen');
      expect(sighting.nodes[0]?.reason).toMatch(/RPC_URL/);
      expect(await chain.sightingOf(attempt)).toMatchObject({ kind: 'landed', commitment: 'finalized' });
    });
  }

  it('is seen though one of two nodes lies that it never was', async () => {
    const { net, chain, draft } = await running({ nodes: 2 });
    const attempt = await chain.sign(draft);
    await chain.submit(attempt, 0);
    net.addFault({ kind: 'denies', node: 'node-1', signature: attempt.signature });
    await net.advance(PAST_PROOF);
    expect(await chain.sightingOf(attempt)).toMatchObject({ kind: 'landed', commitment: 'finalized' });
  });
});
