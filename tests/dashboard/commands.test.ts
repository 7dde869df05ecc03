import { describe, expect, it } from '@jest/globals';
import {
  type Activities,
  type Activity,
  isOpen,
  MAX_ACTIVITIES,
  secondsLeft,
  withResult,
  withSent,
  withSilence,
  withTransaction,
} from '../../dashboard/src/state/activity.ts';
import { type AvailabilityView, blockedBy, startBlocked } from '../../dashboard/src/state/availability.ts';
import { commandWords } from '../../dashboard/src/state/command-words.ts';
import { checkDeposit, checkSize, checkWithdrawal } from '../../dashboard/src/state/form-rules.ts';
import { withOperations } from '../../dashboard/src/state/recovered.ts';
import { forbidden } from '../../src/domain/account/venue-pauses.ts';
import * as z from '../../src/lib/codec.ts';
import { LISTS } from '../../src/protocol/api.ts';
import { ANSWER_EXAMPLES, STATE_EXAMPLE } from '../../src/protocol/examples.ts';
import type { OperationInfo, TransactionUpdate } from '../../src/protocol/operation.ts';
import { CommandResult, type ResultStatus } from '../../src/protocol/result.ts';
import { State } from '../../src/protocol/state.ts';

const result = (status: ResultStatus, data: object = {}, more: object = {}): CommandResult =>
  z.decode(CommandResult, {
    type: 'COMMAND_RESULT',
    action: 'DRIFT_DEPOSIT',
    command_id: 'c1',
    success: status === 'done' || status === 'pending',
    message: status,
    data: { status, engine_id: 'engine:paper:synthetic:7:0', mode: 'paper', ...data },
    ...more,
  });
const sent = (nowMs = 0, commandId = 'c1'): Activities =>
  withSent([], { commandId, action: 'DRIFT_DEPOSIT', data: { amount: '1' } }, nowMs);
const only = (activities: Activities): Activity => {
  const [activity] = activities;
  if (activity === undefined || activities.length !== 1) throw new Error(`${activities.length} commands`);
  return activity;
};

describe('the list of commands', () => {
  it('follows one from sent over pending to its end', () => {
    const pending = withResult(sent(), result('pending', { operation_id: 'op1' }), 10);
    expect(only(pending)).toMatchObject({ status: 'pending', operationId: 'op1', ours: true, data: { amount: '1' } });
    const update: TransactionUpdate = {
      operation_id: 'op1',
      command_id: null,
      attempt: 1,
      stage: 'submitted',
      signature: 'sig',
      outcome: null,
      explorer_url: null,
      temporal_url: 'http://t/op1',
      sequence: 2,
      ts: 0,
      detail: null,
    };
    const told = withTransaction(pending, update);
    expect(only(told)).toMatchObject({ stage: 'submitted', signature: 'sig', temporalUrl: 'http://t/op1' });
    expect(only(withResult(told, result('done'), 20))).toMatchObject({ status: 'done', operationId: 'op1' });
  });

  it('confirmed says that it is being sent, and no longer that it must be confirmed', () => {
    const error = { code: 'CONFIRMATION_REQUIRED', message: 'Confirm.' };
    const asked = withResult(sent(), result('confirmation_required', { confirmation_token: 't' }, { error }), 10);
    expect(only(asked)).toMatchObject({ error, confirmation: { token: 't' } });
    const confirmed = withSent(asked, { commandId: 'c1', action: 'DRIFT_DEPOSIT', data: { amount: '1' } }, 20);
    expect(only(confirmed)).toMatchObject({ status: 'sent', error: null, message: '', confirmation: null });
  });

  it('does not go back from an end to pending', () => {
    const done = withResult(sent(), result('done'), 10);
    expect(withResult(done, result('pending'), 20)).toBe(done);
  });

  it('takes the true fate after an unknown one', () => {
    const unknown = withResult(sent(), result('unknown'), 10);
    expect(isOpen(only(unknown))).toBe(true);
    expect(only(withResult(unknown, result('failed'), 20)).status).toBe('failed');
  });

  it('says so when no answer comes in time, and takes a late one', () => {
    expect(only(withSilence(sent(), 5_999, 6_000)).status).toBe('sent');
    const silent = withSilence(sent(), 6_000, 6_000);
    expect(only(silent).status).toBe('unanswered');
    expect(only(withResult(silent, result('done'), 7_000)).status).toBe('done');
  });

  it('finds the end of what it missed in the journal, and never takes another command for it', () => {
    const lost = withSilence(sent(), 6_000, 6_000);
    const [example] = z.decode(LISTS.operations, ANSWER_EXAMPLES['/api/operations']).items;
    const row = (change: Partial<OperationInfo>): OperationInfo => ({ ...(example as OperationInfo), ...change });
    const [attempt] = row({}).attempts;
    const rows = [
      row({ operation_id: 'op0', command_id: 'other', status: 'failed', attempts: [] }),
      row({
        operation_id: 'op1',
        command_id: 'c1',
        status: 'confirmed',
        attempts: attempt === undefined ? [] : [{ ...attempt, signature: 'sig' }],
      }),
    ];
    expect(only(withOperations(lost, rows, 9_000))).toMatchObject({
      status: 'done',
      operationId: 'op1',
      signature: 'sig',
    });
    expect(withOperations(lost, rows.slice(0, 1), 9_000)).toBe(lost);
  });

  it('shows commands of others and stays bounded', () => {
    let list: Activities = [];
    for (let index = 0; index < MAX_ACTIVITIES + 5; index += 1) {
      list = withResult(list, result('done', {}, { command_id: `c${index}` }), index);
    }
    expect(list).toHaveLength(MAX_ACTIVITIES);
    expect(list[0]).toMatchObject({ commandId: `c${MAX_ACTIVITIES + 4}`, ours: false });
  });

  it('counts the term of a confirmation down to zero', () => {
    const asked = withResult(
      sent(),
      result('confirmation_required', { confirmation_token: 't', expires_at: new Date(60_500).toISOString() }),
      500,
    );
    expect(secondsLeft(only(asked), 500)).toBe(60);
    expect(secondsLeft(only(asked), 70_000)).toBe(0);
    expect(isOpen(only(asked))).toBe(false);
  });

  it('names each in words', () => {
    expect(commandWords('DRIFT_OPEN_POSITION', { direction: 'short', size: '2.5', market: 'SOL-PERP' })).toBe(
      'Open short 2.5 SOL on SOL-PERP',
    );
    expect(commandWords('DRIFT_DEPOSIT', {})).toBe('Deposit');
    expect(commandWords('SOMETHING_NEW', {})).toBe('SOMETHING_NEW');
  });
});

describe('the forms', () => {
  const wallet = { mostBase: 4_983_000_000n, heldBase: 5_000_000_000n };

  it('leave the gas reserve in the wallet', () => {
    expect(checkDeposit('4.983', 'SOL', wallet).ok).toBe(true);
    expect(checkDeposit('4.983000001', 'SOL', wallet)).toEqual({
      ok: false,
      reason: 'Available: 4.983 SOL',
    });
  });

  it('refuse nothing for what they do not know', () => {
    const unknown = { mostBase: null, heldBase: null };
    expect(checkDeposit('1000', 'SOL', unknown).ok).toBe(true);
    expect(checkWithdrawal('1000', 'USDC', unknown).ok).toBe(true);
    expect(checkSize('0.0001', { stepBase: null, minimumBase: null }).ok).toBe(true);
  });

  it('let no more than is deposited be withdrawn, and leave to the engine what margin binds of it', () => {
    const held = { mostBase: 1_000_000_000n, heldBase: 1_999_999_999n };
    expect(checkWithdrawal('1.5', 'SOL', held).ok).toBe(true);
    // Drift rounds deposits down by a lamport: who deposited 2 SOL may ask for 2 SOL back.
    expect(checkWithdrawal('2', 'SOL', held).ok).toBe(true);
    expect(checkWithdrawal('2.1', 'SOL', held)).toEqual({ ok: false, reason: 'Only 1.999999999 SOL deposited' });
    expect(checkWithdrawal('0.1', 'SOL', { mostBase: 0n, heldBase: -5n })).toMatchObject({ ok: false });
  });

  it('hold to the decimals of the asset', () => {
    expect(checkWithdrawal('1.0000001', 'USDC', { mostBase: null, heldBase: null })).toEqual({
      ok: false,
      reason: 'At most 6 decimals.',
    });
  });

  it('hold a size to step and minimum', () => {
    const market = { stepBase: 1_000_000n, minimumBase: 5_000_000n };
    expect(checkSize('0.004', market)).toEqual({ ok: false, reason: 'Minimum: 0.005 SOL' });
    expect(checkSize('1.2345', market)).toEqual({ ok: false, reason: 'Must be a multiple of 0.001 SOL' });
    expect(checkSize('1.234', market)).toMatchObject({ ok: true, text: '1.234' });
  });
});

describe('what can be sent', () => {
  const view = (engine: object, connected = true): AvailabilityView => {
    const state = z.decode(State, {
      ...STATE_EXAMPLE,
      drift_state: { ...STATE_EXAMPLE.drift_state, net_delta: 0.5 },
      engine: { ...STATE_EXAMPLE.engine, ...engine },
    });
    return { connected, engine: state.engine, drift: state.drift_state };
  };
  const UNKNOWN_ENGINE = { state: null, trading_state: null, holds: null, unresolved: null };
  const running = { mode: 'paper', state: 'running', trading_state: 'active', holds: [], unresolved: [] };
  const halted = {
    ...running,
    holds: [
      { code: 'desync', since: STATE_EXAMPLE.as_of, permits: 'nothing', cleared_by: 'person', reason: 'Differs.' },
    ],
  };
  const stuck = { ...running, unresolved: ['op1'] };

  it('is everything while the engine runs freely', () => {
    for (const kind of ['open', 'close', 'flatten', 'deposit', 'withdraw', 'settle', 'rebalance', 'stop'] as const) {
      expect(blockedBy(kind, view(running))).toBeNull();
    }
    expect(blockedBy('start', view(running))).not.toBeNull();
  });

  it('is no rebalance without a position', () => {
    const flat = { ...view(running), drift: { ...STATE_EXAMPLE.drift_state, positions: [] } };
    expect(blockedBy('rebalance', flat as never)).toMatch(/no position/);
    expect(blockedBy('rebalance', { ...view(running), drift: null })).toBeNull();
  });

  it('is the way out under every hold, and while the page knows nothing', () => {
    for (const engine of [halted, stuck, { mode: 'paper', state: 'stopped' }, UNKNOWN_ENGINE]) {
      expect(blockedBy('close', view(engine))).toBeNull();
      expect(blockedBy('flatten', view(engine))).toBeNull();
    }
  });

  it('is nothing without a connection', () => {
    for (const kind of ['open', 'close', 'flatten', 'start', 'resume'] as const) {
      expect(blockedBy(kind, view(running, false))).toMatch(/not connected/i);
    }
  });

  it('beyond LIVE_PERMISSIONS is said before it is sent, of an exit too', () => {
    const live = { ...running, mode: 'live' } as const;
    const of = (kind: Parameters<typeof blockedBy>[0], permissions: string) =>
      blockedBy(kind, { ...view(live), permissions });
    for (const kind of ['deposit', 'withdraw', 'settle'] as const) {
      expect(of(kind, 'read-only')).toMatch(/read-only/i);
      expect(of(kind, 'capital') ?? '').not.toMatch(/disabled/);
    }
    for (const kind of ['open', 'rebalance', 'close', 'flatten'] as const) {
      expect(of(kind, 'capital')).toMatch(/disabled/);
      expect(of(kind, 'read-only')).toMatch(/read-only/);
      expect(of(kind, 'trading')).toBeNull();
    }
    expect(of('stop', 'read-only')).toBeNull();
    // Paper has no permissions, and unknown ones take no exit away.
    expect(blockedBy('flatten', { ...view(running), permissions: 'read-only' })).toBeNull();
    expect(blockedBy('flatten', { ...view(live), permissions: null })).toBeNull();
  });

  it('is no start in the other mode, which needs another process', () => {
    const stopped = { ...running, state: 'stopped' };
    expect(startBlocked('paper', view(stopped))).toBeNull();
    expect(startBlocked('live', view(stopped))).toMatch(/runs in paper mode.*ENGINE_MODE=live/);
    expect(startBlocked('paper', view(running))).toMatch(/already running/);
  });

  it('blocks what the venue has paused, and never an exit', () => {
    const pauses = { deposit: true, withdraw: true, increase: true, reduce: true, settle: true, detail: null };
    const paused = { ...view(running), forbids: forbidden(pauses as never) };
    for (const kind of ['deposit', 'withdraw', 'open', 'settle', 'rebalance'] as const) {
      expect(blockedBy(kind, paused)).toMatch(/^The venue has paused /);
    }
    expect(blockedBy('close', paused)).toBeNull();
    expect(blockedBy('flatten', paused)).toBeNull();
    // The other asset may go.
    const one = { ...pauses, deposit: false, refusedAssets: { deposit: ['USDC'], withdraw: [] } };
    expect(blockedBy('deposit', { ...view(running), forbids: forbidden(one as never) })).toBeNull();
  });

  it('is no opening while trading is halted, stopped, unresolved or unknown', () => {
    expect(blockedBy('open', view(halted))).toMatch(/halted: Differs/);
    expect(blockedBy('open', view({ ...running, state: 'stopped' }))).toMatch(/stopped/);
    expect(blockedBy('open', view(stuck))).toMatch(/unresolved/);
    expect(blockedBy('open', view(UNKNOWN_ENGINE))).not.toBeNull();
  });
});
