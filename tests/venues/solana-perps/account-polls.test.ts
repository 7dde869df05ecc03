/** Engines that poll together share a request; each has its own accounts of one slot, and never older than it says. */
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { until } from '../../../localnet/tests/support/until.ts';
import { CLOCK_SYSVAR } from '../../../src/chain/clock-sysvar.ts';
import { endpointsOf } from '../../../src/chain/endpoint.ts';
import type { RpcNode } from '../../../src/chain/rpc-node.ts';
import { RpcPool } from '../../../src/chain/rpc-pool.ts';
import { AccountPolls, type AskedBatch, type PollMember } from '../../../src/venues/solana-perps/read/account-polls.ts';
import { type Reply, refusal, result, type ScriptedRpc, scriptedRpc } from '../../support/scripted-rpc.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const COMMON = ['state', 'market', 'oracle'];
const KEPT_MS = 1_500;

const opened: ScriptedRpc[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const account = (data: Buffer) => ({ owner: 'somebody', lamports: 1, data: [data.toString('base64'), 'base64'] });

function clockAccount(slot: number, nowMs: number) {
  const data = Buffer.alloc(40);
  data.writeBigUInt64LE(BigInt(slot), 0);
  data.writeBigInt64LE(BigInt(Math.floor(nowMs / 1_000)), 32);
  return account(data);
}

type Node = 'answers' | 'fails' | 'refuses many' | 'garbles the first';

/** A node whose every account says in which slot it was read. */
async function world() {
  const state = { slot: 1_000, node: 'answers' as Node, wallMs: START_MS, monotonicMs: 0, held: Promise.resolve() };
  const answer = async (params: readonly unknown[]): Promise<Reply> => {
    await state.held;
    const [addresses, { minContextSlot = 0 }] = params as [readonly string[], { minContextSlot?: number }];
    if (state.node === 'fails') return { status: 503 };
    if (state.node === 'refuses many' && addresses.length > COMMON.length + 2)
      return refusal(-32602, 'Too many inputs');
    if (minContextSlot > state.slot) return refusal(-32016, 'Minimum context slot has not been reached');
    const value = addresses.map((address) => {
      if (address === CLOCK_SYSVAR) return clockAccount(state.slot, state.wallMs);
      if (state.node === 'garbles the first' && address === 'own-0') return 'garbage';
      return account(Buffer.from(`${address}@${state.slot}`));
    });
    return result({ context: { slot: state.slot }, value });
  };
  const server = await scriptedRpc({ getMultipleAccounts: answer });
  opened.push(server);
  const clock = { nowMs: () => state.wallMs };
  const pool = new RpcPool({ endpoints: endpointsOf([server.url]), clock, monotonicMs: () => state.monotonicMs });
  const polls = new AccountPolls(pool, clock);
  const node = pool.nodes[0] as RpcNode;
  const pass = (ms: number) => {
    state.wallMs += ms;
    state.monotonicMs += ms;
  };
  const requests = (): readonly (readonly string[])[] => server.calls.map(({ params }) => params[0] as string[]);
  return {
    state,
    server,
    polls,
    node,
    pass,
    requests,
    engine: (...own: readonly string[]) => new Engine(polls.join(), node, own),
  };
}

class Engine {
  readonly member: PollMember;
  readonly addresses: readonly string[];
  readonly #node: RpcNode;
  seen = 0;

  constructor(member: PollMember, node: RpcNode, own: readonly string[]) {
    this.member = member;
    this.#node = node;
    this.addresses = [...COMMON, ...own];
  }

  get #terms() {
    return { commitment: 'confirmed', minSlot: this.seen } as const;
  }

  poll = async (sinceMs: number) =>
    this.#kept(await this.member.poll(this.#node, this.addresses, this.#terms, sinceMs));

  ask = async () => this.#kept(await this.member.ask(this.#node, this.addresses, this.#terms));

  #kept(asked: AskedBatch): AskedBatch {
    if (asked.answer.kind === 'answer') this.seen = Math.max(this.seen, asked.answer.value.slot);
    return asked;
  }

  /** All its accounts are there, of one slot. Null: there is no answer. */
  slotOf({ answer }: AskedBatch): number | null {
    if (answer.kind !== 'answer') return null;
    const { slot, accounts } = answer.value;
    for (const address of this.addresses) expect(accounts.get(address)?.data.toString()).toBe(`${address}@${slot}`);
    return slot;
  }
}

/** Everybody has polled once, and a tick later it is time again. */
async function together(count: number, ownEach = 1) {
  const it = await world();
  const engines = Array.from({ length: count }, (_, at) =>
    it.engine(`own-${at}`, ...Array.from({ length: ownEach - 1 }, (_, more) => `own-${at}-${more}`)),
  );
  await Promise.all(engines.map((engine) => engine.poll(it.state.wallMs)));
  it.pass(10_000);
  it.state.slot += 25;
  const before = it.requests().length;
  return { ...it, engines, tickMs: it.state.wallMs, sent: () => it.requests().slice(before) };
}

describe('engines that poll at one tick', () => {
  it('are answered by one request with the markets once, also who comes later in the tick, by its true age', async () => {
    const { engines, state, pass, tickMs, sent } = await together(3);
    const slots: (number | null)[] = [];
    for (const engine of engines) {
      const asked = await engine.poll(tickMs);
      slots.push(engine.slotOf(asked));
      expect(asked.askedAtMs).toBe(tickMs);
      pass(300);
      state.slot += 1;
    }
    expect(slots).toEqual([1_025, 1_025, 1_025]);
    expect(sent().map((addresses) => [...addresses].sort())).toEqual([
      [CLOCK_SYSVAR, ...COMMON, 'own-0', 'own-1', 'own-2'].sort(),
    ]);
  });

  it('wait for a request that is under way', async () => {
    const { engines, state, tickMs, sent } = await together(3);
    let release = () => {};
    state.held = new Promise((resolve) => {
      release = resolve;
    });
    const polling = engines.map((engine) => engine.poll(tickMs));
    release();
    const asked = await Promise.all(polling);
    expect(asked.map((one, at) => engines[at]?.slotOf(one))).toEqual([1_025, 1_025, 1_025]);
    expect(sent()).toHaveLength(1);
  });

  it('take no answer of an earlier tick, and none that is older than a second and a half', async () => {
    const { engines, pass, state, tickMs, sent } = await together(2);
    const [first, second] = engines as [Engine, Engine];
    await first.poll(tickMs);
    pass(10);
    await second.poll(state.wallMs);
    expect(sent()).toHaveLength(2);
    pass(KEPT_MS + 1);
    await first.poll(tickMs);
    expect(sent()).toHaveLength(3);
  });

  it('keep an answer as long whatever the wall clock says', async () => {
    const { engines, pass, state, tickMs, sent } = await together(2);
    const [first, second] = engines as [Engine, Engine];
    await first.poll(tickMs);
    pass(KEPT_MS + 1);
    state.wallMs -= 3_600_000;
    await second.poll(state.wallMs);
    expect(sent()).toHaveLength(2);
  });

  it('share with those of their own group, and as few as they fit in where one answer does not hold all, each whole', async () => {
    const { engines, tickMs, sent } = await together(45);
    const asked = await Promise.all(engines.map((engine) => engine.poll(tickMs)));
    expect(asked.map((one, at) => engines[at]?.slotOf(one))).toEqual(engines.map(() => 1_025));
    expect(sent().map((addresses) => addresses.length)).toEqual([20, 20, 5].map((group) => group + 1 + COMMON.length));

    const large = await together(20, 10);
    const many = await Promise.all(large.engines.map((engine) => engine.poll(large.tickMs)));
    expect(many.map((one, at) => large.engines[at]?.slotOf(one))).toEqual(large.engines.map(() => 1_025));
    // Nine of them fit beside the clock and what all have in common.
    expect(large.sent().map((addresses) => addresses.length)).toEqual(
      [9, 9, 2].map((own) => own * 10 + 1 + COMMON.length),
    );
  });

  it('take the turn that another one left', async () => {
    const { engines, polls } = await together(3);
    expect(engines.map(({ member }) => member.turn)).toEqual([0, 1, 2]);
    engines[1]?.member.leave();
    expect([polls.join().turn, polls.join().turn]).toEqual([1, 3]);
  });

  it('leave out who has gone, and who has not polled for a minute', async () => {
    const { engines, pass, state, sent } = await together(3);
    const [first, second, gone] = engines as [Engine, Engine, Engine];
    gone.member.leave();
    pass(45_000);
    await second.poll(state.wallMs);
    pass(30_000);
    await first.poll(state.wallMs);
    expect(sent().at(-1)).toEqual([CLOCK_SYSVAR, ...COMMON, 'own-0', 'own-1']);
    pass(45_000);
    await first.poll(state.wallMs);
    expect(sent().at(-1)).toEqual([CLOCK_SYSVAR, ...COMMON, 'own-0']);
  });
});

describe('a read for itself', () => {
  it('goes out at once with its own accounts, and neither waits for a shared one nor takes its answer', async () => {
    const { engines, state, tickMs, sent } = await together(3);
    const [first, second] = engines as [Engine, Engine];
    await first.poll(tickMs);
    state.slot += 1;
    expect(second.slotOf(await second.ask())).toBe(1_026);
    expect(sent().at(-1)).toEqual([CLOCK_SYSVAR, ...COMMON, 'own-1']);

    let release = () => {};
    state.held = new Promise((resolve) => {
      release = resolve;
    });
    const before = sent().length;
    const shared = first.poll(tickMs + 1_000_000);
    await until('the shared request', () => sent().length > before);
    state.held = Promise.resolve();
    expect(second.slotOf(await second.ask())).toBe(1_026);
    release();
    await shared;
  });

  it('follows where the shared answer is older than what the engine has seen', async () => {
    const { engines, state, tickMs, sent, server } = await together(2);
    const [first, second] = engines as [Engine, Engine];
    await first.poll(tickMs);
    state.slot += 3;
    await second.ask();
    const calls = sent().length;
    expect(second.slotOf(await second.poll(tickMs))).toBe(1_028);
    expect(sent()).toHaveLength(calls + 1);
    expect(server.calls.at(-1)?.params[1]).toMatchObject({ minContextSlot: 1_028 });
  });
});

describe('a shared request that fails', () => {
  it('is the word of that node for all who waited, and who comes later asks again', async () => {
    const { engines, state, tickMs, sent } = await together(3);
    state.node = 'fails';
    const asked = await Promise.all(engines.map((engine) => engine.poll(tickMs)));
    expect(asked.map(({ answer }) => answer.kind)).toEqual(['none', 'none', 'none']);
    expect(sent()).toHaveLength(1);
    state.node = 'answers';
    const [first] = engines as [Engine];
    expect(first.slotOf(await first.poll(tickMs))).toBe(1_025);
  });

  it.each([
    ['the node refuses so many accounts', 'refuses many', [1_025, 1_025, 1_025]],
    ['one account in it is malformed', 'garbles the first', [null, 1_025, 1_025]],
  ] as const)('lets each ask alone where %s', async (_, node, slots) => {
    const { engines, state, tickMs } = await together(3);
    state.node = node;
    const asked = await Promise.all(engines.map((engine) => engine.poll(tickMs)));
    expect(asked.map((one, at) => engines[at]?.slotOf(one))).toEqual(slots);
  });
});

const ENGINES = 4;
const who = fc.nat({ max: ENGINES - 1 });
const deed = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('poll' as const), who, lateMs: fc.nat({ max: 1_500 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ask' as const), who }) },
);
const moment = fc.record({
  deeds: fc.array(deed, { maxLength: 6 }),
  ms: fc.nat({ max: 2_000 }),
  slots: fc.integer({ min: -3, max: 5 }),
  node: fc.constantFrom<Node>('answers', 'answers', 'answers', 'fails', 'refuses many', 'garbles the first'),
});

it('Property: whatever is asked when, an answer has all accounts of the engine of one slot, not before the one it saw, and was asked for when it says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { maxLength: 12 }), async (moments) => {
      const { state, pass, engine, requests } = await world();
      const engines = Array.from({ length: ENGINES }, (_, at) => engine(`own-${at}`));
      for (const { deeds, ms, slots, node } of moments) {
        pass(ms);
        Object.assign(state, { slot: state.slot + slots, node });
        const before = requests().length;
        await Promise.all(
          deeds.map(async (one) => {
            const doer = engines[one.who] as Engine;
            const least = doer.seen;
            const sinceMs = one.kind === 'poll' ? state.wallMs - one.lateMs : state.wallMs;
            const asked = one.kind === 'poll' ? await doer.poll(sinceMs) : await doer.ask();
            const slot = doer.slotOf(asked);
            if (slot !== null) expect(slot).toBeGreaterThanOrEqual(least);
            expect(asked.askedAtMs).toBeGreaterThanOrEqual(sinceMs - 5);
            expect(asked.askedAtMs).toBeLessThanOrEqual(state.wallMs);
          }),
        );
        // Sharing never costs more than one request beside those that each would have made alone.
        expect(requests().length - before).toBeLessThanOrEqual(2 * deeds.length);
      }
    }),
    { numRuns: 25 },
  );
});
