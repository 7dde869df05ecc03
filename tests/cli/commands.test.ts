/** The command line against a real bridge: what it sends, prints and exits with. The engine behind it is scripted. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { COMMANDS, type CommandName } from '../../src/cli/commands.ts';
import { runCli } from '../../src/cli/run.ts';
import { positionsText, statusText } from '../../src/cli/texts.ts';
import { type CommandAnswer, done, refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { hashJson } from '../../src/lib/ids.ts';
import { STATE_EXAMPLE } from '../../src/protocol/examples.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { freePort } from '../support/free-ports.ts';
import { openTestJournal } from '../support/journal.ts';

let journal: Journal;
let bridge: TestBridge;
beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal });
});
beforeEach(() => {
  bridge.gateway.script = async () => done('Done');
  bridge.gateway.received.length = 0;
  bridge.gateway.verdicts.length = 0;
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly told: string;
}

async function run(line: string, given: { url?: string; token?: string; answer?: string } = {}): Promise<Ran> {
  const [name, ...words] = line.split(' ');
  const said: string[] = [];
  const told: string[] = [];
  const code = await runCli(name as CommandName, words, {
    say: (text) => said.push(text),
    tell: (text) => told.push(text),
    place: async (url) => ({ url: given.url ?? url ?? bridge.url, token: given.token ?? TOKEN }),
    ask: given.answer === undefined ? null : async () => given.answer as string,
    newId: randomUUID,
  });
  return { code, said: said.join('\n'), told: told.join('\n') };
}

const ASKED: CommandAnswer = {
  ...refused({ code: 'CONFIRMATION_REQUIRED', message: 'Confirm: worth 1,503 USD.' }, 'confirmation_required'),
};
const asking = (): CommandAnswer => ({
  ...ASKED,
  data: { ...ASKED.data, confirmation_token: 'token-1', expires_at: new Date(Date.now() + 60_000).toISOString() },
});

describe('what it sends', () => {
  it.each([
    ['deposit 1.5', { kind: 'deposit', amount: '1500000000', asset: 'SOL' }],
    ['withdraw 100.25 --asset USDC', { kind: 'withdraw', amount: '100250000', asset: 'USDC' }],
    ['open short 2.5', { kind: 'open', market: 'SOL-PERP', size: '-2500000000' }],
    ['close', { kind: 'close', market: 'SOL-PERP' }],
    ['close SOL-PERP', { kind: 'close', market: 'SOL-PERP' }],
    ['rebalance', { kind: 'rebalance', market: 'SOL-PERP' }],
    ['settle', { kind: 'settle', market: 'SOL-PERP' }],
    ['flatten', { kind: 'flatten', market: 'SOL-PERP' }],
    ['resume', { action: 'RESUME' }],
  ])('%s', async (line, request) => {
    expect(await run(`${line} --command-id ${hashJson(line).slice(0, 12)}`)).toMatchObject({ code: 0, said: 'Done' });
    expect(bridge.gateway.received).toMatchObject([{ commandId: hashJson(line).slice(0, 12), request }]);
  });

  it('a verdict with its note', async () => {
    const ran = await run('resolve operation-1 --verdict landed --note seen');
    expect(ran).toMatchObject({ code: 0, said: 'Resolved' });
    expect(bridge.gateway.verdicts).toMatchObject([
      { operationId: 'operation-1', verdict: { verdict: 'landed', note: 'seen' } },
    ]);
  });
});

describe('how it ends', () => {
  it('1 when it failed on chain', async () => {
    bridge.gateway.script = async () =>
      refused({ code: 'ORDER_NOT_FILLED', message: 'Nothing was filled.' }, 'failed', { operation_id: 'operation-9' });
    const ran = await run('open short 1');
    expect(ran.code).toBe(1);
    expect(ran.said).toContain('ORDER_NOT_FILLED: Nothing was filled.\nOperation operation-9');
  });

  it.each([
    ['open short', 'size> is missing'],
    ['open short 1 SOL-PERP more', 'Unexpected word: more'],
    ['close --force', '--force'],
    ['resolve operation-1', '--verdict is missing'],
    ['status --yes', '--yes'],
    ['flatten --command-id a/b', '--command-id'],
    ['history --limit none', '--limit'],
    ['open sideways 1', 'direction'],
  ])('2 for %s', async (line, why) => {
    const ran = await run(line);
    expect(ran.code).toBe(2);
    expect(ran.told + ran.said).toContain(why);
  });

  it('3 when the engine refuses, with what helps', async () => {
    const details = { remedy: 'Deposit first.' };
    bridge.gateway.script = async () => refused({ code: 'NO_POSITION', message: 'There is no position.', details });
    const ran = await run('close');
    expect(ran.code).toBe(3);
    expect(ran.said).toContain('NO_POSITION: There is no position.');
    expect(ran.said).toContain('Remedy: Deposit first.');
  });

  it('4 when nothing answers, the token is wrong, or a part behind the bridge is away', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    for (const line of ['status', 'positions --json', 'flatten --yes']) {
      const ran = await run(line, { url: nowhere });
      expect(ran.code).toBe(4);
      expect(ran.told + ran.said).toContain('is not reachable at');
    }
    expect(await run('flatten', { token: 'a-token-that-is-wrong' })).toMatchObject({ code: 4 });
    bridge.gateway.script = async () =>
      refused({ code: 'UNAVAILABLE', message: 'Temporal is away.', details: { part: 'temporal' } });
    expect(await run('flatten')).toMatchObject({ code: 4 });
  });

  it('waits for the end of what runs', async () => {
    bridge.gateway.script = async ({ commandId, request, requestHash, receivedAtMs }) => {
      const action = 'DRIFT_CLOSE_POSITION' as const;
      const record = {
        commandId,
        engineId: ENGINE_ID,
        action,
        request: request as never,
        requestHash,
        receivedAtMs,
        operationId: 'o-1',
      };
      await journal.admitCommand(record);
      setTimeout(() => void journal.recordAnswer(commandId, done('Closed 1 SOL'), Date.now()), 200);
      return { success: true, message: 'Running', data: { status: 'pending', operation_id: 'o-1' } };
    };
    const ran = await run('close');
    expect(ran).toMatchObject({ code: 0, said: 'Closed 1 SOL' });
    expect(ran.told).toContain('Running');
  });
});

describe('what is to be confirmed', () => {
  beforeEach(() => {
    bridge.gateway.script = async ({ confirmationToken }) =>
      confirmationToken === 'token-1' ? done('Opened') : asking();
  });

  it('is done with --yes, or after y, under the same id', async () => {
    for (const ran of [await run('open short 10 --yes'), await run('open short 10', { answer: 'y' })]) {
      expect(ran).toMatchObject({ code: 0, said: 'Opened' });
      expect(ran.told).toContain('worth 1,503 USD');
    }
    const ids = bridge.gateway.received.map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(2);
    expect(ids).toHaveLength(4);
  });

  it('is not done after n, or where nobody can be asked', async () => {
    expect(await run('open short 10', { answer: 'n' })).toMatchObject({ code: 3 });
    const ran = await run('open short 10');
    expect(ran.code).toBe(3);
    expect(ran.told).toContain('add --yes');
    expect(bridge.gateway.received.every(({ confirmationToken }) => confirmationToken === undefined)).toBe(true);
  });
});

describe('what it prints', () => {
  it('the state, the positions and the operations as text and as JSON', async () => {
    for (const line of ['status', 'positions', 'history']) {
      const text = await run(line);
      expect(text.code).toBe(0);
      expect(text.said.length).toBeGreaterThan(0);
      expect(() => JSON.parse(text.said)).toThrow();
    }
    expect(JSON.parse((await run('status --json')).said)).toMatchObject({ engine: { engine_id: ENGINE_ID } });
    expect(JSON.parse((await run('positions --json')).said)).toEqual({ positions: null });
    expect(JSON.parse((await run('history --json')).said)).toMatchObject({ items: expect.anything() });
    expect(JSON.parse((await run('resume --json')).said)).toMatchObject({ type: 'COMMAND_RESULT', success: true });
  });

  it('figures of a whole account, and unknown for what is not known', () => {
    const state = STATE_EXAMPLE as never;
    expect(statusText(state)).toContain('Hedge deviation  0.00 %');
    expect(positionsText(state)).toContain('SOL-PERP  short  10 SOL');
    const unread = { ...STATE_EXAMPLE, account: null, age_ms: null } as never;
    expect(statusText(unread)).toMatch(/Equity +unknown/);
  });

  it.each(Object.keys(COMMANDS))('help of %s: its words, options and exit codes', async (name) => {
    const { code, said } = await run(`${name} --help`);
    expect(code).toBe(0);
    expect(said).toContain(`driftless ${name}`);
    expect(said).toContain('--json');
    expect(said).toContain('4 not reachable');
    expect(said.includes('--command-id')).toBe(COMMANDS[name as CommandName].kind === 'acts');
  });
});
