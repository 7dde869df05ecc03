import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { COMMANDS_AT_ONCE_OF_ENGINE } from '../../src/bridge/limits.ts';
import { actionOf, type CommandAnswer, done, refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { CommandRecord } from '../../src/journal/records.ts';
import { hashJson } from '../../src/lib/ids.ts';
import {
  type Client,
  ENGINE_ID,
  journalThatHangs,
  journalThatIsDown,
  type TestBridge,
  testBridge,
} from '../support/bridge.ts';
import { eventually } from '../support/eventually.ts';
import { openTestJournal } from '../support/journal.ts';
import { never, scriptedGateway } from '../support/scripted-gateway.ts';

const DEPOSIT = { amount: 1.5 };
const REQUEST = { kind: 'deposit', amount: '1500000000', asset: 'SOL' } as const;
const deposited = (): CommandAnswer => done('Deposited 1.5 SOL', { tx_signature: 'sig-1' });
const pending = (operationId: string): CommandAnswer => ({
  success: true,
  message: 'Running',
  data: { status: 'pending', operation_id: operationId },
});

const recordOf = (
  commandId: string,
  change: Partial<CommandRecord> = {},
): Omit<CommandRecord, 'answer' | 'answeredAtMs'> => ({
  commandId,
  engineId: ENGINE_ID,
  action: 'DRIFT_DEPOSIT',
  requestHash: hashJson(REQUEST),
  request: REQUEST,
  receivedAtMs: Date.now(),
  operationId: null,
  ...change,
});

describe('a command over the socket', () => {
  let journal: Journal;
  let bridge: TestBridge;
  let client: Client;

  beforeAll(async () => {
    journal = await openTestJournal();
    bridge = await testBridge({ journal });
    client = await bridge.connect();
  });
  afterEach(() => {
    bridge.gateway.script = async ({ request }) => done(`${actionOf(request)} done`);
    bridge.gateway.resolveScript = async () => done('Resolved');
    bridge.gateway.received.length = 0;
    bridge.gateway.verdicts.length = 0;
  });
  afterAll(async () => {
    client.close();
    await bridge.close();
    await journal.close();
  });

  it('reaches the engine with exact base units, and its answer comes back under its id with engine and mode', async () => {
    bridge.gateway.script = async () => deposited();
    expect(await client.command('DRIFT_DEPOSIT', DEPOSIT, 'deposit-1')).toEqual({
      type: 'COMMAND_RESULT',
      action: 'DRIFT_DEPOSIT',
      command_id: 'deposit-1',
      success: true,
      message: 'Deposited 1.5 SOL',
      data: { status: 'done', tx_signature: 'sig-1', engine_id: ENGINE_ID, mode: 'paper' },
    });
    const [envelope] = bridge.gateway.received;
    expect(envelope?.request).toEqual(REQUEST);
    expect(envelope?.requestHash).toBe(hashJson(REQUEST));
    expect(envelope?.notAfterMs).toBe((envelope?.receivedAtMs ?? 0) + 5_000);
    expect(envelope?.operator).toContain('127.0.0.1');
  });

  it('is refused beyond its engine’s share, unless it is an exit or sent again', async () => {
    const standingMs = Date.now();
    const own = await testBridge({ journal, clock: { nowMs: () => standingMs } });
    const socket = await own.connect();
    own.gateway.script = async () => deposited();
    for (let sent = 1; sent <= COMMANDS_AT_ONCE_OF_ENGINE; sent += 1) {
      expect(await socket.command('DRIFT_DEPOSIT', DEPOSIT, `share-${sent}`)).toMatchObject({ success: true });
    }
    expect(await socket.command('DRIFT_DEPOSIT', DEPOSIT, 'beyond')).toMatchObject({
      data: { status: 'rejected' },
      error: { code: 'ENGINE_BUSY', details: { retry_after_s: 1 } },
    });
    expect(own.gateway.received).toHaveLength(COMMANDS_AT_ONCE_OF_ENGINE);
    expect(await socket.command('DRIFT_DEPOSIT', DEPOSIT, 'share-1')).toMatchObject({ success: true });
    const exit = await socket.command('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' }, 'way-out');
    expect(exit).toMatchObject({ success: true });
    socket.close();
    await own.close();
  });

  it('makes an id when none is given, and echoes it', async () => {
    client.send({ type: 'COMMAND', action: 'STOP_ENGINE' });
    const result = await client.next((message) => message.action === 'STOP_ENGINE');
    expect(result.command_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(bridge.gateway.received[0]?.commandId).toBe(result.command_id);
  });

  it('hands the confirmation token over without counting it as data', async () => {
    await client.command('DRIFT_DEPOSIT', { ...DEPOSIT, confirmation_token: 'tok' }, 'confirmed-1');
    expect(bridge.gateway.received[0]).toMatchObject({ confirmationToken: 'tok', requestHash: hashJson(REQUEST) });
  });

  it('takes 1.5, "1.5" and 15e-1 for the same data', async () => {
    for (const amount of ['1.5', '"1.5"', '15e-1', '1.500']) {
      client.send(
        `{"type":"COMMAND","action":"DRIFT_DEPOSIT","command_id":"same-${amount.length}","data":{"amount":${amount}}}`,
      );
      await client.result(`same-${amount.length}`);
    }
    expect(new Set(bridge.gateway.received.map((envelope) => envelope.requestHash)).size).toBe(1);
  });

  it('gives what the journal recorded for the same id and data, without asking the engine', async () => {
    await journal.admitCommand(recordOf('known-1'));
    await journal.recordAnswer('known-1', deposited(), Date.now());
    const result = await client.command('DRIFT_DEPOSIT', DEPOSIT, 'known-1');
    expect(result).toMatchObject({ success: true, message: 'Deposited 1.5 SOL', data: { status: 'done' } });
    expect(bridge.gateway.received).toEqual([]);
  });

  it('refuses a known id with other data, another action, or of another engine', async () => {
    await journal.admitCommand(recordOf('taken-1'));
    await journal.admitCommand(recordOf('taken-2', { engineId: 'engine:paper:synthetic:8:0' }));
    const other = await client.command('DRIFT_DEPOSIT', { amount: 2 }, 'taken-1');
    const action = await client.command('STOP_ENGINE', {}, 'taken-1');
    const engine = await client.command('DRIFT_DEPOSIT', DEPOSIT, 'taken-2');
    for (const result of [other, action, engine]) {
      expect(result).toMatchObject({
        success: false,
        data: { status: 'rejected' },
        error: { code: 'COMMAND_ID_CONFLICT' },
      });
    }
    expect(bridge.gateway.received).toEqual([]);
  });

  it('answers pending for what is recorded and runs', async () => {
    await journal.admitCommand(recordOf('running-1', { operationId: 'operation-1' }));
    await journal.openOperation({
      operationId: 'operation-1',
      engineId: ENGINE_ID,
      commandId: 'running-1',
      kind: 'deposit',
      status: 'running',
      createdAtMs: Date.now(),
      intent: REQUEST,
    });
    const result = await client.command('DRIFT_DEPOSIT', DEPOSIT, 'running-1');
    expect(result).toMatchObject({ success: true, data: { status: 'pending', operation_id: 'operation-1' } });
    expect(bridge.gateway.received).toEqual([]);
  });

  it('asks the engine about what is recorded and has no operation yet: it may wait for a confirmation', async () => {
    await journal.admitCommand(recordOf('waiting-1', { operationId: 'operation-none' }));
    bridge.gateway.script = async () =>
      refused({ code: 'CONFIRMATION_REQUIRED', message: 'Confirm' }, 'confirmation_required');
    const result = await client.command('DRIFT_DEPOSIT', DEPOSIT, 'waiting-1');
    expect(result).toMatchObject({ success: false, data: { status: 'confirmation_required' } });
  });

  it('answers a hundred of the same at once alike, with one call to the engine', async () => {
    let release: (answer: CommandAnswer) => void = () => {};
    bridge.gateway.script = () => new Promise((resolve) => (release = resolve));
    for (let sent = 0; sent < 100; sent += 1) {
      client.send({ type: 'COMMAND', action: 'DRIFT_DEPOSIT', command_id: 'hundred', data: DEPOSIT });
    }
    await client.roundTrip();
    await eventually(() => expect(bridge.gateway.received).toHaveLength(1));
    release(deposited());
    for (let got = 0; got < 100; got += 1) expect((await client.result('hundred')).message).toBe('Deposited 1.5 SOL');
    expect(bridge.gateway.received).toHaveLength(1);
  });

  it('tells every socket the end of a pending command, once, after its first answer', async () => {
    const other = await bridge.connect();
    bridge.gateway.script = async (envelope) => {
      await journal.admitCommand(recordOf(envelope.commandId, { operationId: 'operation-2' }));
      return pending('operation-2');
    };
    expect((await client.command('DRIFT_DEPOSIT', DEPOSIT, 'later-1')).data.status).toBe('pending');
    await journal.recordAnswer('later-1', deposited(), Date.now());
    for (const socket of [client, other]) {
      const end = await socket.result('later-1');
      expect(end).toMatchObject({
        success: true,
        action: 'DRIFT_DEPOSIT',
        data: { status: 'done', tx_signature: 'sig-1', engine_id: ENGINE_ID, mode: 'paper' },
      });
    }
    await client.command('GET_STATE');
    for (const socket of [client, other]) {
      expect(socket.received.filter((message) => message.command_id === 'later-1')).toEqual([]);
    }
    other.close();
  });

  it('tells the end even when it was recorded before the first answer went out', async () => {
    bridge.gateway.script = async (envelope) => {
      await journal.admitCommand(recordOf(envelope.commandId, { operationId: 'operation-3' }));
      await journal.recordAnswer(envelope.commandId, deposited(), Date.now());
      return pending('operation-3');
    };
    expect((await client.command('DRIFT_DEPOSIT', DEPOSIT, 'overtaken')).data.status).toBe('pending');
    expect((await client.result('overtaken')).data.status).toBe('done');
  });

  it('says nothing more of a command that was answered with its end', async () => {
    bridge.gateway.script = async (envelope) => {
      await journal.admitCommand(recordOf(envelope.commandId));
      await journal.recordAnswer(envelope.commandId, deposited(), Date.now());
      return deposited();
    };
    await client.command('DRIFT_DEPOSIT', DEPOSIT, 'at-once');
    await client.command('GET_STATE');
    await client.ofType('SYSTEM_STATS');
    expect(client.received.filter((message) => message.command_id === 'at-once')).toEqual([]);
  });

  it('still tells the end of a pending command after its id was misused', async () => {
    bridge.gateway.script = async (envelope) => {
      await journal.admitCommand(recordOf(envelope.commandId, { operationId: 'operation-4' }));
      return pending('operation-4');
    };
    await client.command('DRIFT_DEPOSIT', DEPOSIT, 'misused');
    expect((await client.command('DRIFT_DEPOSIT', { amount: 9 }, 'misused')).error?.code).toBe('COMMAND_ID_CONFLICT');
    await journal.recordAnswer('misused', deposited(), Date.now());
    expect((await client.result('misused')).data.status).toBe('done');
  });

  it('refuses a command for the other mode, whatever it is', async () => {
    for (const [action, data] of [
      ['START_ENGINE', { mode: 'live' }],
      ['DRIFT_DEPOSIT', { ...DEPOSIT, mode: 'live' }],
      ['GET_STATE', { mode: 'live' }],
    ] as const) {
      const result = await client.command(action, data);
      expect(result).toMatchObject({
        success: false,
        error: { code: 'ENGINE_RUNNING_OTHER_MODE', details: { field: 'mode', got: 'live', expected: 'paper' } },
      });
    }
    expect(bridge.gateway.received).toEqual([]);
  });

  it('answers GET_STATE from the journal, engine and mode named, unknown as null', async () => {
    const result = await client.command('GET_STATE');
    expect(result).toMatchObject({
      success: true,
      data: {
        status: 'done',
        drift_state: { health: null, positions: null },
        engine: { engine_id: ENGINE_ID, mode: 'paper', state: null },
        as_of: null,
        age_ms: null,
      },
    });
    expect(bridge.gateway.received).toEqual([]);
  });

  it('gives a verdict to its operation once, however often it is sent', async () => {
    const data = { operation_id: 'op-7', verdict: 'landed', note: 'seen on the explorer' };
    const first = await client.command('RESOLVE_TRANSACTION', data, 'verdict-1');
    const second = await client.command('RESOLVE_TRANSACTION', data, 'verdict-1');
    expect(first.message).toBe('Resolved');
    expect(second).toEqual(first);
    expect(bridge.gateway.verdicts).toHaveLength(1);
    expect(bridge.gateway.verdicts[0]).toMatchObject({
      operationId: 'op-7',
      verdict: { verdict: 'landed', note: 'seen on the explorer' },
    });
    expect(bridge.gateway.verdicts[0]?.verdict.operator).toContain('operator');
    const conflict = await client.command('RESOLVE_TRANSACTION', { ...data, verdict: 'failed' }, 'verdict-1');
    expect(conflict.error?.code).toBe('COMMAND_ID_CONFLICT');
  });

  it('asks the engine before a retry: its question goes to the person, and only its consent to the operation', async () => {
    const data = { operation_id: 'op-9', verdict: 'retry' };
    const question = { confirmation_token: 'token-1', expires_at: new Date().toISOString() };
    bridge.gateway.script = async ({ confirmationToken }) =>
      confirmationToken === 'token-1'
        ? done('The retry may go on.', { changed: false })
        : refused({ code: 'CONFIRMATION_REQUIRED', message: 'Confirm.' }, 'confirmation_required', question);
    const asked = await client.command('RESOLVE_TRANSACTION', data, 'retry-1');
    expect(asked.data).toMatchObject({ status: 'confirmation_required', confirmation_token: 'token-1' });
    expect(bridge.gateway.verdicts).toEqual([]);
    const confirmed = await client.command(
      'RESOLVE_TRANSACTION',
      { ...data, confirmation_token: 'token-1' },
      'retry-1',
    );
    expect(confirmed.message).toBe('Resolved');
    expect(bridge.gateway.verdicts).toMatchObject([{ operationId: 'op-9', verdict: { verdict: 'retry' } }]);

    // It waited for the confirmation alone: the operation has the verdict already.
    bridge.gateway.script = async () => done('The retry may go on.', { changed: true });
    const waited = await client.command('RESOLVE_TRANSACTION', { ...data, operation_id: 'op-10' }, 'retry-2');
    expect(waited.data).toMatchObject({ status: 'done', changed: true });
    expect(bridge.gateway.verdicts).toHaveLength(1);
    expect((await journal.command('retry-2'))?.answer?.data.changed).toBe(true);
  });

  it('keeps a verdict open that nobody answered: the same id may be sent again', async () => {
    const data = { operation_id: 'op-8', verdict: 'failed' };
    bridge.gateway.resolveScript = async () => refused({ code: 'ACCEPTANCE_UNKNOWN', message: '?' }, 'unknown');
    expect((await client.command('RESOLVE_TRANSACTION', data, 'verdict-2')).data.status).toBe('unknown');
    bridge.gateway.resolveScript = async () => done('Resolved');
    expect((await client.command('RESOLVE_TRANSACTION', data, 'verdict-2')).message).toBe('Resolved');
    expect(new Set(bridge.gateway.verdicts.map((given) => given.updateId)).size).toBe(1);
  });

  it('answers with a structured error when the engine breaks its promise and throws', async () => {
    bridge.gateway.script = async () => {
      throw new Error('a defect');
    };
    const result = await client.command('DRIFT_DEPOSIT', DEPOSIT);
    expect(result).toMatchObject({
      success: false,
      data: { status: 'unknown' },
      error: { code: 'ACCEPTANCE_UNKNOWN' },
    });
  });
});

describe.each([
  ['is down', journalThatIsDown],
  ['hangs', journalThatHangs],
])('when the journal %s', (_how, journalOf) => {
  let bridge: TestBridge;
  let client: Client;

  beforeAll(async () => {
    bridge = await testBridge({ journal: journalOf() });
    client = await bridge.connect();
  });
  afterAll(async () => {
    client.close();
    await bridge.close();
  });

  it('still carries commands to the engine', async () => {
    expect((await client.command('DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' })).data.status).toBe('done');
    const resolved = await client.command('RESOLVE_TRANSACTION', { operation_id: 'op', verdict: 'landed' });
    expect(resolved.data.status).toBe('done');
  });

  it('answers GET_STATE from the engine when it speaks, and UNAVAILABLE when not', async () => {
    const silent = await client.command('GET_STATE');
    expect(silent).toMatchObject({ success: false, error: { code: 'UNAVAILABLE', details: { part: 'journal' } } });
    bridge.gateway.engine = {
      engineId: ENGINE_ID,
      mode: 'paper',
      feed: 'synthetic:7',
      state: 'running',
      tradingState: 'active',
      reason: '',
      hedgeTarget: 0.5,
      cooldownUntilMs: null,
      cooldownEndsAtMs: null,
      operation: null,
      unresolved: [],
      holds: [],
      epoch: 'e',
      sequence: 1,
      updatedAtMs: Date.now(),
    };
    const spoke = await client.command('GET_STATE');
    expect(spoke).toMatchObject({
      success: true,
      data: { engine: { state: 'running', hedge_target: 0.5 }, drift_state: { health: null } },
    });
  });

  it('goes on with SYSTEM_STATS, unknown as null', async () => {
    const stats = [await client.ofType('SYSTEM_STATS'), await client.ofType('SYSTEM_STATS')];
    for (const { data } of stats) {
      expect(data.drift_state).toMatchObject({ health: null, leverage: null, positions: null, net_delta: null });
      expect(data).toMatchObject({ as_of: null, age_ms: null });
    }
  });
});

describe('when the engine does not answer', () => {
  it('says so within 5 s: acceptance unknown for what was sent, busy for what found no place', async () => {
    const journal = await openTestJournal();
    const bridge = await testBridge({ journal, gateway: scriptedGateway(never) });
    const client = await bridge.connect();
    const sentAt = Date.now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.command('DRIFT_DEPOSIT', DEPOSIT)));
    expect(Date.now() - sentAt).toBeLessThan(5_000);
    const codes = answers.map((answer) => answer.error?.code);
    expect(codes.filter((code) => code === 'ACCEPTANCE_UNKNOWN')).toHaveLength(6);
    expect(codes.filter((code) => code === 'ENGINE_BUSY')).toHaveLength(4);
    expect(answers.every((answer) => answer.success === false)).toBe(true);
    client.close();
    await bridge.close();
    await journal.close();
  });
});
