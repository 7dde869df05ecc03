import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import type { SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import { eventually } from '../support/eventually.ts';
import { attemptAt, factsOf, honest } from '../support/scripted-chain.ts';
import { result, scriptedRpc } from '../support/scripted-rpc.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const NOW_MS = 50_000;
/** Longer than a test may take: what ends sooner was woken by news. */
const FOR_NEWS_ONLY_MS = 600_000;
const BRIEF_MS = 20;
const attempt: SignedAttempt = { ...attemptAt(), signedAtMs: NOW_MS };

/** A node with a socket that subscribes at once and tells only when asked to. */
async function running(newsWaitMs: number) {
  const facts = factsOf({ slot: 1_010, finalizedSlot: 978 });
  const server = await scriptedRpc({ ...honest(facts), sendTransaction: () => result(attempt.signature) });
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => sockets.once('listening', resolve));
  const subscribed: { level: string; tell: () => void }[] = [];
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, params } = JSON.parse(String(data)) as { id: number; params: [string, { commitment: string }] };
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: id }));
      const news = { method: 'signatureNotification', params: { subscription: id, result: {} } };
      subscribed.push({ level: params[1].commitment, tell: () => socket.send(JSON.stringify(news)) });
    });
  });
  const chain = new SolanaChain({
    rpcUrls: [server.url],
    rpcWsUrl: `ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`,
    signer: null,
    jito: null,
    clock: { nowMs: () => NOW_MS },
    newsWaitMs,
  });
  closers.push(
    () => server.close(),
    () => new Promise((resolve) => sockets.close(resolve)),
    () => chain.close(),
  );
  const listening = () => eventually(() => expect(chain.listensTo(attempt.signature)).toBe(true));
  const tell = (level: string) => subscribed.find((one) => one.level === level)?.tell();
  return { chain, server, facts, listening, tell };
}

describe('status', () => {
  it('after a submit waits for the socket’s word, then asks one question', async () => {
    const { chain, server, facts, listening, tell } = await running(FOR_NEWS_ONLY_MS);
    await chain.submit(attempt, 0);
    await listening();
    const status = chain.status(attempt);
    facts.landed.set(attempt.signature, { slot: 1_005, confirmationStatus: 'confirmed', err: null });
    tell('confirmed');
    expect(await status).toMatchObject({ kind: 'landed', commitment: 'confirmed' });
    expect(server.calls.map(({ method }) => method)).toEqual(['sendTransaction', 'getSignatureStatuses']);
  });

  it('does not take the socket’s word for it', async () => {
    const { chain, listening, tell } = await running(FOR_NEWS_ONLY_MS);
    await chain.submit(attempt, 0);
    await listening();
    const status = chain.status(attempt);
    tell('finalized');
    expect(await status).toMatchObject({ kind: 'unseen', nodes: [{ says: 'never_seen' }] });
  });

  it('asks all the same when the socket is silent', async () => {
    const { chain, facts, listening } = await running(BRIEF_MS);
    await chain.submit(attempt, 0);
    await listening();
    facts.landed.set(attempt.signature, { slot: 1_005, confirmationStatus: 'confirmed', err: null });
    expect((await chain.status(attempt)).kind).toBe('landed');
  });

  it('in a process that did not send it asks at once, and listens from then on', async () => {
    const { chain, listening, tell, facts } = await running(FOR_NEWS_ONLY_MS);
    expect((await chain.status(attempt)).kind).toBe('unseen');
    await listening();
    const status = chain.status(attempt);
    facts.landed.set(attempt.signature, { slot: 1_005, confirmationStatus: 'finalized', err: null });
    tell('finalized');
    expect(await status).toMatchObject({ kind: 'landed', commitment: 'finalized' });
  });

  it('never throws: a node that is gone is a testimony', async () => {
    const { chain, server } = await running(BRIEF_MS);
    await server.close();
    expect(await chain.status(attempt)).toMatchObject({ kind: 'unseen', nodes: [{ says: 'no_answer' }] });
  });
});
