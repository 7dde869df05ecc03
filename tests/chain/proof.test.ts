import { afterEach, describe, expect, it } from '@jest/globals';
import { endpointsOf } from '../../src/chain/endpoint.ts';
import { RpcPool, readSlot } from '../../src/chain/rpc-pool.ts';
import { Sightings } from '../../src/chain/sighting-of.ts';
import type { NodeTestimony, Sighting } from '../../src/domain/transaction/attempt.ts';
import { attemptAt, BLOCK_TIME_S, factsOf, honest, type NodeFacts } from '../support/scripted-chain.ts';
import { type Reply, refusal, result, type Script, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const opened: ScriptedRpc[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

async function nodes(...scripts: readonly Script[]): Promise<readonly ScriptedRpc[]> {
  const servers = await Promise.all(scripts.map((script) => scriptedRpc(script)));
  opened.push(...servers);
  return servers;
}

/** Honest answers come within it on a busy machine too; each hang costs it. */
const TIMEOUT_MS = 2_000;

const PATIENCE_MS = 30_000;

function patient(servers: readonly Pick<ScriptedRpc, 'url'>[], genesis: string | null = null) {
  let nowMs = 1_000;
  const pool = new RpcPool({
    endpoints: endpointsOf(servers.map(({ url }) => url)),
    clock: { nowMs: () => 0 },
    monotonicMs: () => nowMs,
    tuning: { timeoutMs: TIMEOUT_MS, mutePatienceMs: PATIENCE_MS },
  });
  const forward = (ms: number) => {
    nowMs += ms;
  };
  return { pool, sightings: new Sightings(pool, genesis), forward };
}

const asking = (servers: readonly Pick<ScriptedRpc, 'url'>[], genesis: string | null = null): Sightings =>
  patient(servers, genesis).sightings;

const attempt = attemptAt();

async function asked(...scripts: readonly Script[]): Promise<Sighting> {
  return await asking(await nodes(...scripts)).of(attempt);
}

const only = (sighting: Sighting): NodeTestimony => sighting.nodes[0] as NodeTestimony;
const with_ = (facts: Partial<NodeFacts>): Script => honest(factsOf(facts));
const seenAt = (slot: number, confirmationStatus = 'finalized', err: unknown = null) =>
  new Map([[attempt.signature, { slot, confirmationStatus, err }]]);
const HANG: Reply = { fault: 'hang' };

describe('a node may testify to absence', () => {
  it('when its history reaches back, its search works, and its finalized height is past the window and 32 more', async () => {
    const sighting = await asked(with_({}));
    expect(sighting).toEqual({ kind: 'absent', nodes: [{ node: expect.any(String), says: 'never_seen' }] });
  });

  it('exactly one block past the margin, and not at it', async () => {
    // The window ends at height 1150; three slots are skipped, so that height 1182 is at slot 1185.
    expect((await asked(with_({ finalizedSlot: 1_185 }))).kind).toBe('unseen');
    expect((await asked(with_({ finalizedSlot: 1_186 }))).kind).toBe('absent');
  });

  it('after it was asked for its height, never before: what lands between is found', async () => {
    const facts = factsOf();
    const [server] = await nodes(honest(facts));
    const script = honest(facts);
    server?.script({
      getEpochInfo: (params, call) => {
        facts.landed.set(attempt.signature, { slot: 1_149, confirmationStatus: 'finalized', err: null });
        return script.getEpochInfo?.(params, call) as Reply;
      },
    });
    expect(await asking(server === undefined ? [] : [server]).of(attempt)).toMatchObject({
      kind: 'landed',
      slot: 1_149,
    });
  });

  it('from one store: the control and the signature stand in one request', async () => {
    const [server] = await nodes(with_({}));
    await asking(server === undefined ? [] : [server]).of(attempt);
    const last = server?.calls.findLast(({ method }) => method === 'getSignatureStatuses');
    expect(last?.params).toEqual([[attempt.signature, 'vote-of-slot-1000'], { searchTransactionHistory: true }]);
  });

  it('where blocks are empty, by the signature of the payer before it', async () => {
    const facts = factsOf({
      landed: new Map([['an-airdrop', { slot: 400, confirmationStatus: 'finalized', err: null }]]),
    });
    const sighting = await asked({
      ...honest(facts),
      getBlock: ([slot]) =>
        result({ blockHeight: (slot as number) - skippedTo(facts, slot as number), signatures: [] }),
      getSignaturesForAddress: () => result([{ signature: 'an-airdrop', slot: 400, confirmationStatus: 'finalized' }]),
    });
    expect(sighting.kind).toBe('absent');
  });
});

const skippedTo = ({ skipped }: NodeFacts, slot: number): number => [...skipped].filter((one) => one <= slot).length;

describe('a node may not testify', () => {
  const cases: readonly (readonly [what: string, script: Script, reason: RegExp])[] = [
    [
      'when it is pruned',
      with_({ firstAvailableBlock: 1_001 }),
      /pruned: its history begins at slot 1001.*full history/,
    ],
    [
      'when its finalized height lags',
      with_({ finalizedSlot: 1_160 }),
      /finalized block height is 1157 and must pass 1182/,
    ],
    ['when it is behind the signing slot', with_({ slot: 990, finalizedSlot: 958 }), /lags: it is at slot 990/],
    ['when its history is off', with_({ history: false }), /history is off or pruned.*-32011/],
    [
      'when its status query searches no history',
      {
        ...with_({}),
        getSignatureStatuses: ([all]) => result({ context: { slot: 1_400 }, value: (all as []).map(() => null) }),
      },
      /searches no history/,
    ],
    [
      'when the node that answers is behind the one that told the height',
      {
        ...with_({}),
        getSignatureStatuses: ([all]) =>
          result({
            context: { slot: (all as string[]).length === 2 ? 1_300 : 1_400 },
            value: (all as string[]).map((one) =>
              one.startsWith('vote') ? { slot: 1_000, confirmationStatus: 'finalized', err: null } : null,
            ),
          }),
      },
      /answered from slot 1300, behind its own finalized slot 1368/,
    ],
    [
      'when blocks of the window are missing from its store',
      { ...with_({}), getBlocks: ([from, to]) => result(slotsWithAHole(from as number, to as number)) },
      /blocks are missing from its history/,
    ],
    [
      'when it shows nothing from before by which it could be checked',
      {
        ...with_({}),
        getBlock: ([slot]) =>
          result({ blockHeight: (slot as number) - skippedTo(factsOf(), slot as number), signatures: [] }),
        getSignaturesForAddress: () => result([]),
      },
      /no transaction at or just before slot 1000/,
    ],
  ];

  for (const [what, script, reason] of cases) {
    it(what, async () => {
      const sighting = await asked(script);
      expect(sighting.kind).toBe('unseen');
      expect(only(sighting).says).toBe('cannot_testify');
      expect(only(sighting).reason).toMatch(reason);
    });
  }

  it('of an earlier window, though it knows what is recent: never seen so far, and no proof', async () => {
    const sighting = await asked(with_({ slot: 1_100, finalizedSlot: 1_068 }));
    expect(sighting).toMatchObject({ kind: 'unseen', windowClosed: false, nodes: [{ says: 'never_seen' }] });
  });
});

function slotsWithAHole(from: number, to: number): readonly number[] {
  const { skipped, finalizedSlot } = factsOf();
  const slots: number[] = [];
  for (let slot = from; slot <= Math.min(to, finalizedSlot); slot += 1) {
    if (!skipped.has(slot) && (slot < 1_060 || slot > 1_090)) slots.push(slot);
  }
  return slots;
}

describe('silence is no evidence', () => {
  const silences: readonly (readonly [what: string, reply: Reply, reason: RegExp])[] = [
    ['a hang', HANG, /no answer in time/],
    ['a cut connection', { fault: 'cut' }, /unreachable/],
    ['an HTTP 500', { status: 500 }, /unreachable \(HTTP 500\)/],
    ['an HTTP 429', { status: 429 }, /rate limited/],
    ['a page of HTML', { status: 200, body: '<html>' }, /malformed answer/],
    ['a JSON-RPC error', refusal(-32603, 'Internal error'), /unhealthy/],
    ['a refusal', refusal(-32602, 'Invalid params'), /refused: -32602/],
    ['an answer of another shape', result({ value: [] }), /malformed answer/],
    ['fewer statuses than signatures', result({ context: { slot: 1_400 }, value: [] }), /malformed answer/],
  ];
  for (const [what, reply, reason] of silences) {
    it(`${what}, to the first question`, async () => {
      const sighting = await asked({ ...with_({}), getSignatureStatuses: () => reply });
      expect(sighting).toMatchObject({ kind: 'unseen', windowClosed: false });
      expect(only(sighting)).toMatchObject({ says: 'no_answer', reason: expect.stringMatching(reason) });
      expect(only(sighting).reason).toContain('RPC_URL');
    });
  }

  for (const method of ['getEpochInfo', 'getFirstAvailableBlock', 'getBlocks', 'getBlock']) {
    it(`a hang in ${method}`, async () => {
      const sighting = await asked({ ...with_({}), [method]: () => HANG });
      expect(sighting.kind).toBe('unseen');
      expect(only(sighting).says).toBe('no_answer');
    });
  }

  it('a hang in the last question, the window known to be closed', async () => {
    const hangs = (params: readonly unknown[], call: number): Reply =>
      call === 0 ? (with_({}).getSignatureStatuses?.(params, call) as Reply) : HANG;
    const sighting = await asked({ ...with_({}), getSignatureStatuses: hangs });
    expect(sighting).toMatchObject({ kind: 'unseen', windowClosed: true, finalizedTimeMs: 1_700_000_000_000 });
    expect(only(sighting).says).toBe('no_answer');
  });

  it('a node that is dead for ever: alone it leaves the outcome unknown, beside one that testifies it hinders no longer than its patience', async () => {
    const dead = { url: 'http://127.0.0.1:9' };
    expect(await asking([dead]).of(attempt)).toMatchObject({ kind: 'unseen', nodes: [{ says: 'no_answer' }] });
    const [alive] = await nodes(with_({}));
    const { sightings, forward } = patient([dead, alive as ScriptedRpc]);
    expect((await sightings.of(attempt)).kind).toBe('unseen');
    forward(PATIENCE_MS);
    const sighting = await sightings.of(attempt);
    // The dead one cannot say which cluster it is of; the other has not to answer for that.
    expect(sighting.kind).toBe('absent');
    expect(sighting.nodes.map(({ says }) => says)).toEqual(['no_answer', 'never_seen']);
  });
});

/** What landed is denied by one node, which else tells the truth, and known to the other, which is not to be heard now. */
describe('one that denies what landed, beside an honest one', () => {
  const truth = () => factsOf({ landed: seenAt(1_100) });
  const GONE: Reply = { status: 503 };

  async function lyingBeside(mute: Script) {
    const [liar, other] = await nodes(with_({}), { ...honest(truth()), ...mute });
    return { other: other as ScriptedRpc, ...patient([liar as ScriptedRpc, other as ScriptedRpc]) };
  }

  const silences: readonly (readonly [what: string, mute: Script])[] = [
    ['cut off', { getSignatureStatuses: () => ({ fault: 'cut' }) }],
    ['too slow', { getSignatureStatuses: () => HANG }],
    ['unhealthy by its own word', { getSignatureStatuses: () => refusal(-32005, 'Node is behind') }],
    ['refusing the status query, and alive for all else', { getSignatureStatuses: () => refusal(-32601, 'Not found') }],
    ['limiting us', { getSignatureStatuses: () => ({ status: 429, headers: { 'retry-after': '1' } }) }],
  ];
  for (const [what, mute] of silences) {
    it(`is not believed while that one is ${what}; once it speaks, it is heard`, async () => {
      const { sightings, other, forward } = await lyingBeside(mute);
      const first = await sightings.of(attempt);
      expect(first).toMatchObject({ kind: 'unseen', nodes: [{ says: 'never_seen' }, { says: 'no_answer' }] });
      forward(PATIENCE_MS - 1);
      expect((await sightings.of(attempt)).kind).toBe('unseen');
      other.script(honest(truth()));
      forward(1_000);
      expect(await sightings.of(attempt)).toMatchObject({ kind: 'landed', slot: 1_100 });
    });
  }

  it('is not believed though that one was heard a moment before its silence', async () => {
    const facts = factsOf({ slot: 1_090, finalizedSlot: 1_058 });
    const [liar, other] = await nodes(honest(facts), honest(facts));
    const { sightings, forward } = patient([liar as ScriptedRpc, other as ScriptedRpc]);
    other?.script({ getSignatureStatuses: () => GONE });
    await sightings.of(attempt);
    forward(PATIENCE_MS);
    other?.script(honest(facts));
    await sightings.of(attempt);
    liar?.script(with_({}));
    other?.script({ getSignatureStatuses: () => GONE });
    expect((await sightings.of(attempt)).kind).toBe('unseen');
    forward(PATIENCE_MS - 1);
    expect((await sightings.of(attempt)).kind).toBe('unseen');
  });

  for (const method of ['getEpochInfo', 'getGenesisHash', 'getFirstAvailableBlock', 'getBlocks', 'getBlock']) {
    it(`is not believed while that one answers the first question and none to ${method}`, async () => {
      const denies = () => result({ context: { slot: 1_400 }, value: [null] });
      const { sightings, forward } = await lyingBeside({ getSignatureStatuses: denies, [method]: () => GONE });
      expect((await sightings.of(attempt)).kind).toBe('unseen');
      forward(PATIENCE_MS);
      expect((await sightings.of(attempt)).kind).toBe('absent');
    });
  }

  it('is not believed while that one rests and was never asked, however long', async () => {
    const { sightings, other, forward, pool } = await lyingBeside({});
    other.script({ getSlot: () => ({ status: 429, headers: { 'retry-after': '30' } }) });
    const limited = async () => await pool.nodes[1]?.ask('getSlot', [], readSlot);
    await limited();
    expect((await sightings.of(attempt)).kind).toBe('unseen');
    forward(PATIENCE_MS);
    await limited();
    expect((await sightings.of(attempt)).kind).toBe('unseen');
    expect(other.count('getSignatureStatuses')).toBe(0);
    forward(PATIENCE_MS);
    expect((await sightings.of(attempt)).kind).toBe('landed');
  });

  const late: readonly (readonly [what: string, facts: Partial<NodeFacts>])[] = [
    ['has not come to the signing slot', { slot: 990, finalizedSlot: 958 }],
    ['is behind the end of the window', { slot: 1_140, finalizedSlot: 1_108 }],
    ['has not finalized the window', { slot: 1_180, finalizedSlot: 1_148 }],
  ];
  for (const [what, behind] of late) {
    it(`is not believed while that one ${what}: it has its time from the first proof on`, async () => {
      const facts = factsOf({ ...behind });
      const [liar, other] = await nodes(with_({ slot: 1_100, finalizedSlot: 1_068 }), honest(facts));
      const { sightings, forward } = patient([liar as ScriptedRpc, other as ScriptedRpc]);
      await sightings.of(attempt);
      // It may have been late all along: nobody could know better then.
      forward(PATIENCE_MS);
      liar?.script(with_({}));
      expect((await sightings.of(attempt)).kind).toBe('unseen');
      forward(PATIENCE_MS - 1);
      expect((await sightings.of(attempt)).kind).toBe('unseen');
      forward(1);
      expect((await sightings.of(attempt)).kind).toBe('absent');
      other?.script(honest(truth()));
      expect((await sightings.of(attempt)).kind).toBe('landed');
    });
  }

  it('is not believed when that one is back from a long silence and has yet to catch up', async () => {
    const { sightings, other, forward } = await lyingBeside({ getSignatureStatuses: () => GONE });
    await sightings.of(attempt);
    forward(PATIENCE_MS);
    other.script(with_({ slot: 1_090, finalizedSlot: 1_058 }));
    expect((await sightings.of(attempt)).kind).toBe('unseen');
    other.script(honest(truth()));
    expect((await sightings.of(attempt)).kind).toBe('landed');
  });

  it('is waited with for each signature by itself', async () => {
    const { sightings, forward } = await lyingBeside({ getSignatureStatuses: () => GONE });
    await sightings.of(attempt);
    forward(PATIENCE_MS);
    expect((await sightings.of({ ...attempt, signature: 'another' })).kind).toBe('unseen');
    expect((await sightings.of(attempt)).kind).toBe('absent');
  });
});

describe('two nodes', () => {
  it('one that saw it outweighs one that can testify to absence', async () => {
    const sighting = await asked(with_({}), with_({ landed: seenAt(1_100) }));
    expect(sighting).toMatchObject({ kind: 'landed', commitment: 'finalized', slot: 1_100, error: null });
    expect(sighting.nodes.map(({ says }) => says)).toEqual(['cannot_testify', 'landed']);
  });

  it('one that testifies outweighs one that is pruned', async () => {
    const sighting = await asked(with_({ firstAvailableBlock: 1_300 }), with_({}));
    expect(sighting.kind).toBe('absent');
    expect(sighting.nodes.map(({ says }) => says)).toEqual(['cannot_testify', 'never_seen']);
  });

  it('one that contradicts only in its second answer is heard all the same', async () => {
    const facts = factsOf({ landed: seenAt(1_100) });
    const late = (params: readonly unknown[], call: number): Reply =>
      call === 0
        ? result({ context: { slot: 1_400 }, value: [null] })
        : (honest(facts).getSignatureStatuses?.(params, call) as Reply);
    expect((await asked(with_({}), { ...honest(facts), getSignatureStatuses: late })).kind).toBe('landed');
  });

  it('of different clusters prove nothing', async () => {
    const sighting = await asked(with_({}), with_({ genesis: 'AnotherCluster' }));
    expect(sighting.kind).toBe('unseen');
    expect(only(sighting).reason).toMatch(/different clusters/);
  });

  it('where the cluster is known, the one that belongs to it may testify', async () => {
    const servers = await nodes(with_({}), with_({ genesis: 'AnotherCluster' }));
    const sighting = await asking(servers, 'GenesisOfTheTestCluster').of(attempt);
    expect(sighting.kind).toBe('absent');
    expect(sighting.nodes[1]?.reason).toMatch(/another cluster/);
  });

  it('one whose slots are far ahead keeps no other from proving', async () => {
    const ahead = with_({ slot: 9_000_000, finalizedSlot: 958, genesis: 'AnotherCluster' });
    const servers = await nodes(with_({}), ahead);
    expect((await asking(servers, 'GenesisOfTheTestCluster').of(attempt)).kind).toBe('absent');
  });

  it('one of which is far behind denies nothing while the bytes may land', async () => {
    const sighting = await asked(with_({ slot: 1_100 }), with_({ slot: 1_049 }));
    expect(sighting.nodes.map(({ says }) => says)).toEqual(['never_seen', 'cannot_testify']);
    expect(sighting.nodes[1]?.reason).toMatch(/at slot 1049, and another node is at 1100/);
  });

  it('that say both success and failure at the same commitment are believed in neither', async () => {
    const failed = seenAt(1_100, 'finalized', { InstructionError: [2, { Custom: 1 }] });
    const sighting = await asked(with_({ landed: seenAt(1_100) }), with_({ landed: failed }));
    expect(sighting).toMatchObject({ kind: 'landed', commitment: 'processed', error: null });
  });

  it('the higher commitment wins', async () => {
    const one = with_({ slot: 1_110, landed: seenAt(1_100, 'processed') });
    const other = with_({ slot: 1_110, landed: seenAt(1_100, 'confirmed') });
    expect(await asked(one, other)).toMatchObject({ kind: 'landed', commitment: 'confirmed' });
  });
});

describe('the window is over', () => {
  /** None of them has a history, so that nothing but heights speaks. */
  const silentOf = (facts: Partial<NodeFacts>): Script => with_({ ...facts, firstAvailableBlock: 1_300 });
  const OPEN = { slot: 1_180, finalizedSlot: 1_148 };
  /** A counter that runs ahead of the chain, in accounts that do not. */
  const glitched: Script = {
    ...silentOf(OPEN),
    getEpochInfo: () => result({ absoluteSlot: 1_180, blockHeight: 1_160 }),
  };

  it('by the finalized height and the accounts of the node that says so, with their slot and time', async () => {
    expect(await asked(silentOf({}))).toMatchObject({
      kind: 'unseen',
      windowClosed: true,
      finalizedSlot: 1_368,
      finalizedTimeMs: BLOCK_TIME_S * 1_000,
    });
  });

  it("not by a height that the same node's accounts do not bear out", async () => {
    expect(await asked(glitched)).toMatchObject({ kind: 'unseen', windowClosed: false });
    expect(await asked({ ...silentOf({}), getMultipleAccounts: () => ({ status: 503 }) })).toMatchObject({
      windowClosed: false,
    });
  });

  it('not by one node while another one that is level with it says otherwise, however long', async () => {
    const ahead = silentOf({ slot: 1_200, finalizedSlot: 1_180 });
    const servers = await nodes(ahead, silentOf(OPEN));
    const { sightings, forward } = patient(servers);
    expect(await sightings.of(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    forward(PATIENCE_MS);
    expect(await sightings.of(attempt)).toMatchObject({ kind: 'unseen', windowClosed: false });
    servers[1]?.script(silentOf({}));
    expect(await sightings.of(attempt)).toMatchObject({ windowClosed: true });
  });

  for (const [what, other] of [
    ['silent', { getSignatureStatuses: () => ({ status: 503 }) }],
    ['far behind', silentOf({ slot: 1_110, finalizedSlot: 1_078 })],
  ] as const) {
    it(`by one node beside one that is ${what}, once that one has had its time`, async () => {
      const { sightings, forward } = patient(await nodes(silentOf({}), { ...silentOf({}), ...other }));
      expect(await sightings.of(attempt)).toMatchObject({ windowClosed: false });
      forward(PATIENCE_MS - 1);
      expect(await sightings.of(attempt)).toMatchObject({ windowClosed: false });
      forward(1);
      expect(await sightings.of(attempt)).toMatchObject({ windowClosed: true });
    });
  }

  it('by heights alone where no node answers about the signature, under the same rules', async () => {
    const noSearch: Script = { getSignatureStatuses: () => refusal(-32011, 'Transaction history is not available') };
    const servers = await nodes({ ...silentOf({}), ...noSearch }, { ...glitched, ...noSearch });
    const { sightings, forward } = patient(servers);
    expect(await sightings.windowEnd(attempt)).toBeNull();
    forward(PATIENCE_MS);
    expect(await sightings.windowEnd(attempt)).toEqual({ slot: 1_368, timeMs: BLOCK_TIME_S * 1_000 });
    const [alone] = await nodes({ ...glitched, ...noSearch });
    expect(await asking([alone as ScriptedRpc]).windowEnd(attempt)).toBeNull();
  });
});

it('bytes that are no transaction are proven absent like any', async () => {
  const [server] = await nodes(with_({}));
  const broken = { ...attempt, wire: 'AAAA' };
  expect((await asking([server as ScriptedRpc]).of(broken)).kind).toBe('absent');
});

describe('what it costs', () => {
  it('asks one question per node while the bytes may land', async () => {
    const [server] = await nodes(with_({ slot: 1_100 }));
    await asking(server === undefined ? [] : [server]).of(attempt);
    expect(server?.calls.map(({ method }) => method)).toEqual(['getSignatureStatuses']);
  });

  it('looks for a control once per attempt', async () => {
    const [server] = await nodes(with_({}));
    const sightings = asking(server === undefined ? [] : [server]);
    await sightings.of(attempt);
    const blocks = server?.count('getBlock');
    await sightings.of(attempt);
    expect(server?.count('getBlock')).toBe(blocks);
  });
});

it('reports an error on chain with our code and the chain’s own words', async () => {
  const sighting = await asked(
    with_({ landed: seenAt(1_100, 'finalized', { InstructionError: [2, { Custom: 6003 }] }) }),
  );
  expect(sighting).toMatchObject({
    kind: 'landed',
    error: { code: 'TRANSACTION_FAILED', message: 'The transaction failed on chain: instruction 2: Custom 6003.' },
  });
});
