/** One bridge for several engines: each has its own figures, sockets and commands, and none is taken for another. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EngineList } from '../../src/bridge/engine-list.ts';
import { PLAIN } from '../../src/cli/paint.ts';
import { runCli } from '../../src/cli/run.ts';
import { othersText } from '../../src/cli/texts.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import { actionOf, done, refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { EngineInfo } from '../../src/protocol/history.ts';
import { engineOf, operationOf, snapshotAt, T0 } from '../journal/records.ts';
import { Client, ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { openTestJournal } from '../support/journal.ts';
import { NO_BACKUPS } from '../support/no-backups.ts';
import { scriptedGateway } from '../support/scripted-gateway.ts';

const ALPHA = 'engine:paper:synthetic:1:1';
const BETA = 'engine:paper:replay:/data/funding.csv:0';
const named = (engineId: string, name: string, driftTolerancePct: number) => ({
  ...{ engineId, name, policy: { ...DEFAULT_POLICY, driftTolerancePct }, accountAddress: null },
  inForce: () => [],
});

/** Nothing of it can be opened. */
const BROKEN = {
  ...named('engine:paper:synthetic:1:8', 'broken', 1),
  inForce: () => {
    throw new Error('its settings cannot be read');
  },
};

let journal: Journal;
let bridge: TestBridge;
const asked: { readonly engineId: string; readonly action: string }[] = [];
beforeAll(async () => {
  journal = await openTestJournal();
  for (const engineId of [ENGINE_ID, ALPHA]) {
    await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
    await journal.publishEngine(engineOf({ engineId, holds: [] }));
  }
  await journal.publishEngine(engineOf({ engineId: 'engine:paper:synthetic:9:0', mode: 'live', holds: [] }));
  const gateway = {
    ...scriptedGateway(),
    command: async (engineId: string, { request }: Parameters<ReturnType<typeof scriptedGateway>['command']>[1]) => {
      const action = actionOf(request);
      asked.push({ engineId, action });
      const isRefused = engineId === ALPHA && action === 'START_ENGINE';
      return isRefused ? refused({ code: 'ENGINE_BUSY', message: 'Busy.' }) : done('Done');
    },
  };
  bridge = await testBridge({
    journal,
    gateway,
    engines: [named(ALPHA, 'alpha', 2.5), named(BETA, 'beta', 7), BROKEN],
  });
});
beforeEach(() => {
  asked.length = 0;
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

const get = async (path: string, token = TOKEN) => {
  const response = await fetch(new URL(path, bridge.url), { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : null, text };
};

describe('an engine of ENGINES_FILE', () => {
  it.each(['alpha', ALPHA])('has its own state, settings and figures under its name and its id: %s', async (name) => {
    const at = `/engines/${encodeURIComponent(name)}`;
    expect((await get(`${at}/api/state`)).json.engine.engine_id).toBe(ALPHA);
    expect((await get(`${at}/api/config`)).json).toMatchObject({ engine_id: ALPHA });
    expect((await get(`${at}/metrics`)).text).toContain(`driftless_engine_running{engine="${ALPHA}"} 1`);
    expect((await get('/metrics')).text).not.toContain(ALPHA);
    expect((await get('/engines/own/api/state')).json.engine.engine_id).toBe(ENGINE_ID);
  });

  it('may have slashes in its id, and no record yet: its own settings stand in', async () => {
    const { json } = await get(`/engines/${encodeURIComponent(BETA)}/api/state`);
    expect(json).toMatchObject({ engine: { engine_id: BETA, state: null }, account: null, policy: expect.anything() });
    expect((await get('/engines/beta/api/config')).json.policy.drift_tolerance_pct).toBe(7);
  });

  it('is not reached without the token, and one that is not served is not there', async () => {
    for (const path of ['/engines/alpha/api/state', '/engines/alpha/metrics'])
      expect((await get(path, 'wrong')).status).toBe(401);
    for (const name of ['gamma', '%', encodeURIComponent('engine:paper:synthetic:9:0'), ''])
      expect((await get(`/engines/${name}/api/state`)).status).toBe(404);
  });

  it('that cannot be opened is an error of its own address, and ends nothing', async () => {
    expect((await get('/engines/broken/api/state')).status).toBe(500);
    const at = `${bridge.url.replace('http', 'ws')}/engines/broken`;
    await expect(Client.connect(at, { Authorization: `Bearer ${TOKEN}` })).rejects.toThrow();
    expect((await get('/engines/alpha/api/state')).status).toBe(200);
  });

  it('gets its own commands and no other, and only its sockets hear the answer', async () => {
    const own = await bridge.connect();
    const alpha = await Client.connect(`${bridge.url.replace('http', 'ws')}/engines/alpha`, {
      Authorization: `Bearer ${TOKEN}`,
    });
    expect((await alpha.ofType('SYSTEM_STATS')).data).toMatchObject({ engine: { engine_id: ALPHA } });
    const answer = await alpha.command('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' }, 'for-alpha');
    expect(answer).toMatchObject({ success: true, data: { engine_id: ALPHA } });
    expect((await own.command('SETTLE_PNL', { market: 'SOL-PERP' }, 'for-own')).data).toMatchObject({
      engine_id: ENGINE_ID,
    });
    expect(asked).toEqual([
      { engineId: ALPHA, action: 'DRIFT_CLOSE_POSITION' },
      { engineId: ENGINE_ID, action: 'SETTLE_PNL' },
    ]);
    await own.roundTrip();
    expect(own.received.filter((message) => message.type === 'COMMAND_RESULT')).toEqual([]);
    expect(bridge.sockets()).toBe(2);
    alpha.close();
    own.close();
  });
});

describe('a verdict', () => {
  it('is refused at the address of another engine than the operation’s', async () => {
    await journal.openOperation(operationOf({ operationId: 'op-of-alpha', engineId: ALPHA }));
    const own = await bridge.connect();
    const verdict = { operation_id: 'op-of-alpha', verdict: 'landed' };
    expect(await own.command('RESOLVE_TRANSACTION', verdict)).toMatchObject({
      success: false,
      error: { code: 'VERDICT_REFUSED', message: expect.stringContaining(ALPHA) },
    });
    expect(bridge.gateway.verdicts).toEqual([]);
    own.close();
    const alpha = await Client.connect(`${bridge.url.replace('http', 'ws')}/engines/alpha`, {
      Authorization: `Bearer ${TOKEN}`,
    });
    expect(await alpha.command('RESOLVE_TRANSACTION', verdict)).toMatchObject({ success: true });
    alpha.close();
  });
});

describe('the list of engines', () => {
  it('names them, says which are served, and never adds paper to real money', async () => {
    const { json } = await get('/api/engines');
    expect(
      json.items.map((row: Record<string, unknown>) => [row.engine_id, row.name, row.current, row.served]),
    ).toEqual([
      [ALPHA, 'alpha', false, true],
      [ENGINE_ID, null, true, true],
      ['engine:paper:synthetic:9:0', null, false, false],
    ]);
    const [one] = json.items;
    expect(json.totals).toEqual([
      { mode: 'live', engines: 1, equity: null, equity_base: null, equity_unknown: 1, waiting: 0 },
      {
        ...{ mode: 'paper', engines: 2, equity: 2 * one.equity, equity_base: String(2n * BigInt(one.equity_base)) },
        ...{ equity_unknown: 0, waiting: 0 },
      },
    ]);
    expect((await get('/engines/alpha/api/engines')).json.items[0]).toMatchObject({ engine_id: ALPHA, current: true });
  });
});

describe('the list of engines, asked by many at once', () => {
  /** Counts reads of snapshots; while `held` stands, they wait for it. */
  const watched = () => {
    const seen = { reads: 0, held: Promise.resolve() };
    const slow = new Proxy(journal, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name);
        if (name !== 'latestSnapshot') return typeof member === 'function' ? member.bind(target) : member;
        return async (engineId: string) => {
          seen.reads += 1;
          await seen.held;
          return await target.latestSnapshot(engineId);
        };
      },
    });
    return { seen, slow };
  };

  it('reads each engine once, and during a long read gives the list of before', async () => {
    const { seen, slow } = watched();
    const list = new EngineList([named(ALPHA, 'alpha', 1)], DEFAULT_POLICY);
    const [first, ...others] = await Promise.all([ALPHA, ENGINE_ID, BETA].map((engineId) => list.read(slow, engineId)));
    expect(seen.reads).toBe(3);
    expect(first?.items.map(({ current }) => current)).toEqual([true, false, false]);
    for (const other of others) expect(other.totals).toEqual(first?.totals);
    let release = () => {};
    seen.held = new Promise((resolve) => {
      release = resolve;
    });
    expect(await list.read(slow, ALPHA)).toEqual(first);
    expect(seen.reads).toBe(4);
    release();
    expect(await list.read(slow, ALPHA)).toEqual(first);
  });
});

describe('from the command line', () => {
  const run = async (line: string) => {
    const said: string[] = [];
    const code = await runCli(line.split(' '), {
      ...{ say: (text) => said.push(text), tell: (text) => said.push(text), write: async () => {}, paint: PLAIN },
      place: async () => ({ url: bridge.url, token: TOKEN }),
      ...NO_BACKUPS,
      replaceToken: async () => '',
      left: async () => ({ kind: 'nothing', why: '' }),
      doctor: async () => [],
      logFolders: async () => [],
      ask: null,
      newId: () => crypto.randomUUID(),
      version: '1.2.3',
    });
    return { code, said: said.join('\n') };
  };

  it('one is stopped by its name, or all that are served, one after the other', async () => {
    expect(await run('engines stop alpha')).toEqual({ code: 0, said: 'alpha: Done' });
    expect(await run('engines stop all --json')).toMatchObject({ code: 0 });
    expect(asked).toEqual([ALPHA, ALPHA, ENGINE_ID].map((engineId) => ({ engineId, action: 'STOP_ENGINE' })));
  });

  it('what one refuses keeps the others from nothing, and is the exit code', async () => {
    const { code, said } = await run('engines start all');
    expect(code).toBe(3);
    expect(said).toBe(`alpha: Busy.\n${ENGINE_ID}: Done`);
  });

  it('every command takes one of them, by name or id', async () => {
    expect(await run('flatten --engine alpha')).toMatchObject({ code: 0 });
    expect(await run(`settle --engine ${ALPHA}`)).toMatchObject({ code: 0 });
    expect(asked.map(({ engineId }) => engineId)).toEqual([ALPHA, ALPHA]);
    expect(JSON.parse((await run('status --engine beta --json')).said).engine.engine_id).toBe(BETA);
    expect(JSON.parse((await run('status --engine own --json')).said).engine.engine_id).toBe(ENGINE_ID);
  });

  it('the state of the own engine says that there are others; that of another, and JSON, do not', async () => {
    const line = /\n\nAll 2 engines: paper [\d.]+ USD; none waits for a person \(driftless engines\)$/;
    expect((await run('status')).said).toMatch(line);
    expect((await run('status --engine alpha')).said).not.toMatch(line);
    expect(JSON.parse((await run('status --json')).said).engine.engine_id).toBe(ENGINE_ID);
  });

  it('names of those that wait are bounded', () => {
    const waiting = Array.from({ length: 30 }, (_, index) => ({
      ...{ name: `e${index}`, engine_id: `engine:${index}`, served: true, current: index === 0, mode: 'paper' },
      ...{ equity: index === 1 ? null : 1, holds: ['COOLDOWN'], unresolved: [] },
    })) as unknown as readonly EngineInfo[];
    expect(othersText(waiting)).toBe(
      'All 30 engines: paper 29.00 USD and 1 unknown; waiting for a person: own, e1, e2, e3, e4, e5, e6, e7 and 22 more (driftless engines)',
    );
    expect(othersText(waiting.slice(0, 1))).toBeNull();
  });

  it.each([
    ['engines stop', 'engines stop: name an engine, or all.'],
    ['engines start gamma', 'This process runs no engine gamma.'],
    ['engines list alpha', 'engines list takes no engine'],
    ['engines pause', 'Allowed choices are list, start, stop'],
    ['status --engine gamma', 'This process runs no engine gamma.'],
  ])('%s is wrong use', async (line, problem) => {
    const { code, said } = await run(line);
    expect(code).toBe(2);
    expect(said).toContain(problem);
    expect(asked).toEqual([]);
  });
});
