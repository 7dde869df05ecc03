import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../localnet/index.ts';
import { SolanaChain } from '../../src/chain/solana-chain.ts';
import { ERROR, KeptLog, WARN } from '../support/kept-log.ts';
import { firstOf, itLong } from '../support/long.ts';
import { TwoStores } from '../support/two-stores.ts';

const deposit = (sol: number) =>
  ({ kind: 'deposit', asset: 'SOL', amount: String(BigInt(Math.round(sol * 1e9))) }) as const;
const SMALL = deposit(0.01);

const log = new KeptLog();
let keyless = false;
let stores: TwoStores;
const faults: string[] = [];

beforeAll(async () => {
  stores = await TwoStores.start({
    logger: log.logger,
    jito: true,
    venueOf: (venue) =>
      keyless
        ? Object.assign(Object.create(venue) as typeof venue, {
            explorerUrl: venue.explorerUrl,
            read: venue.read.bind(venue),
            simulate: venue.simulate.bind(venue),
            submit: venue.submit,
            status: venue.status,
            sign: () => keylessChain().sign({ payer: {} as never, instructions: [] }),
          })
        : venue,
  });
});
afterEach(() => {
  keyless = false;
  for (const id of faults.splice(0)) stores.net.removeFault(id);
});
afterAll(async () => await stores?.close());

/** The product's own chain as it is without a key. */
const keylessChain = () =>
  new SolanaChain({
    rpcUrls: [stores.net.rpcUrl],
    rpcWsUrl: null,
    signer: null,
    jito: null,
    clock: { nowMs: () => Date.now() },
  });

const fault = (rule: FaultInput): void => void faults.push(stores.net.addFault(rule).id);

/** In a line at least as loud, from now on. */
const logged = (code: string, level: number, from: number) =>
  stores.waitFor(`${code} in the log`, async () => log.has(code, level, from));

const quiet = () =>
  stores.untilState('quiet', ({ operation, unresolved, holds }) => {
    return operation === null && unresolved.length === 0 && holds.length === 0;
  });

describe('a transient error is tried again after 1, 2 and 4 s, then told', () => {
  it.each<[string, string, FaultInput]>(
    firstOf([
      ['RPC_UNREACHABLE', 'the RPC is down', { kind: 'cut', methods: ['simulateTransaction'] }],
      ['RPC_TIMEOUT', 'a node does not answer in time', { kind: 'hang', methods: ['simulateTransaction'] }],
      ['RPC_RATE_LIMITED', 'a node says 429', { kind: 'rate-limit', methods: ['simulateTransaction'], retryAfter: 0 }],
    ]),
  )('%s: %s', async (code, _what, rule) => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    fault(rule);
    const startedAt = Date.now();
    const answer = await stores.carryOut(SMALL, commandId);
    expect(answer).toMatchObject({ success: false, error: { code } });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(7_000);
    expect(await stores.failureTypes(commandId)).toContain(code);
    await logged(code, WARN, from);
  });

  it('a node that is gone halts trading, and its return is told', async () => {
    await quiet();
    const from = log.length;
    fault({ kind: 'gone' });
    await stores.untilState('the hold', ({ holds, tradingState }) => {
      return tradingState === 'halted' && holds.some(({ code }) => code === 'connection');
    });
    expect(await stores.carryOut(SMALL)).toMatchObject({ success: false, error: { code: 'RPC_UNREACHABLE' } });
    for (const id of faults.splice(0)) stores.net.removeFault(id);
    await quiet();
    await stores.waitFor('a recovered alert', async () => {
      const { items } = await stores.journal.alerts({ engineId: stores.engineId, limit: 100 });
      return items.find(({ kind }) => kind === 'recovered');
    });
    expect(log.loud(WARN, from)).toBeGreaterThan(0);
  });

  it('Jito congestion: after three tries the same bytes go by RPC', async () => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    fault({ kind: 'rate-limit', node: 'jito' });
    expect(await stores.carryOut(SMALL, commandId)).toMatchObject({ success: true });
    expect((await stores.ended(commandId)).attempts).toHaveLength(1);
    await logged('JITO_CONGESTED', WARN, from);
  });

  itLong('JITO_FAILED: a block engine that is away is logged with its code, and the same bytes go by RPC', async () => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    fault({ kind: 'cut', node: 'jito' });
    expect(await stores.carryOut(SMALL, commandId)).toMatchObject({ success: true });
    expect((await stores.ended(commandId)).attempts).toHaveLength(1);
    await logged('JITO_FAILED', WARN, from);
  });

  itLong('SEND_FAILED: a send that nobody takes is logged, and the same bytes are sent again', async () => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    fault({ kind: 'rate-limit', node: 'jito' });
    fault({ kind: 'http', methods: ['sendTransaction'], times: 1 });
    expect(await stores.carryOut(SMALL, commandId)).toMatchObject({ success: true });
    expect((await stores.ended(commandId)).attempts).toHaveLength(1);
    await logged('SEND_FAILED', WARN, from);
  });
});

describe('a validation error is refused at once', () => {
  it.each([
    ['more than there is', deposit(1_000), 'INSUFFICIENT_FUNDS'],
    [
      'a market that does not exist',
      { kind: 'open', market: 'DOGE-PERP', size: '-1000000000' } as const,
      'UNKNOWN_MARKET',
    ],
    ['beyond the gates', { kind: 'open', market: 'SOL-PERP', size: '-1000000000000' } as const, 'GATE_BLOCKED'],
  ])('%s', async (_what, request, code) => {
    await quiet();
    const sentBefore = stores.deposited;
    const [from, startedAt] = [log.length, Date.now()];
    const answer = await stores.carryOut(request);
    expect({ took: Date.now() - startedAt < 5_000, answer }).toMatchObject({
      took: true,
      answer: { success: false, error: { code } },
    });
    expect(stores.deposited).toBe(sentBefore);
    await logged(code, WARN, from);
  });
});

describe('a critical error', () => {
  it('KEY_MISSING: nothing is signed, and it is not tried again', async () => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    keyless = true;
    expect(await stores.carryOut(SMALL, commandId)).toMatchObject({ success: false, error: { code: 'KEY_MISSING' } });
    expect((await stores.failureTypes(commandId)).filter((type) => type === 'KEY_MISSING')).toHaveLength(1);
    await logged('KEY_MISSING', WARN, from);
  });
});

describe('an unknown outcome', () => {
  it('is told as an error with what to do, and ends by proof', async () => {
    await quiet();
    const [from, commandId] = [log.length, randomUUID()];
    fault({ kind: 'http', methods: ['getSignatureStatuses'] });
    await stores.send(SMALL, commandId);
    await stores.untilState('unresolved', ({ unresolved }) => unresolved.length === 1);
    expect(await stores.carryOut(SMALL)).toMatchObject({ success: false, error: { code: 'ACCOUNT_UNRESOLVED' } });
    await logged('TRANSACTION_UNKNOWN', ERROR, from);
    for (const id of faults.splice(0)) stores.net.removeFault(id);
    expect(await stores.ended(commandId)).toMatchObject({ status: 'done' });
  });
});
