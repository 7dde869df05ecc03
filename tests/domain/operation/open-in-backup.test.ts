/** An operation that was open in a backup: its recorded signatures are proven, and nothing else is ever asked for. */
import { describe, expect, it } from '@jest/globals';
import type {
  OperationEffect,
  OperationEvent,
  OperationState,
  OperationTask,
} from '../../../src/domain/operation/operation.ts';
import { OPERATION_RULES } from '../../../src/domain/operation/operation.ts';
import { newOperation, step } from '../../../src/domain/operation/operation-step.ts';
import type { OperationRequest } from '../../../src/domain/order/operation-request.ts';
import { DEFAULT_TIMING } from '../../../src/domain/transaction/transaction.ts';
import { absent, landed, unseen } from '../../support/operation-driver.ts';

const START_MS = 1_000_000;
const SIGNED = { signature: 's1', wire: 'AQID', lastValidBlockHeight: 10, signedAtMs: START_MS, slot: 5 };
const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: '1000000000' } as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;

/** What it asks for on the way, with each look at the chain giving the next of `sightings`. */
function follow(request: OperationRequest, sightings: readonly ReturnType<typeof unseen>[], fromBackup: boolean) {
  const task: OperationTask = {
    ...{
      operationId: 'o',
      engineId: 'engine:drift:key:0',
      mode: 'live' as const,
      commandId: 'c',
      request,
      acceptedAtMs: START_MS,
    },
    ...{
      timing: DEFAULT_TIMING,
      freshMs: 30_000,
      hadPosition: true,
      rules: OPERATION_RULES,
      ...(fromBackup ? { fromBackup: true as const } : {}),
    },
  };
  let state: OperationState = newOperation(task, { priceLimit: null, exposure: true }, [SIGNED]);
  const asked: string[] = [];
  let nowMs = START_MS;
  const push = (event: object): readonly OperationEffect[] => {
    const next = step(state, { ...event, nowMs } as OperationEvent);
    state = JSON.parse(JSON.stringify(next.state));
    return next.effects;
  };
  let effects = push({ kind: 'start' });
  const left = [...sightings];
  for (let round = 0; round < 20; round += 1) {
    const main = effects.find((effect) => effect.kind === 'main');
    if (main === undefined || state.course === 'ended') break;
    asked.push(main.main.main.kind);
    nowMs += 700_000;
    const { ticket } = main.main;
    const sighting = main.main.main.kind === 'wait' ? null : left.shift();
    if (sighting === undefined) break;
    const result = sighting === null ? { kind: 'woke' } : { kind: 'sighted', sighting, order: null };
    effects = push({ kind: 'result', ticket, result });
  }
  return { asked, state };
}

describe('an operation that was open in a backup', () => {
  it.each([DEPOSIT, CLOSE])('whose attempts are all proven dead ends as unknown: $kind', (request) => {
    const { asked, state } = follow(request, [unseen({}), absent], true);
    expect(state.course).toBe('ended');
    expect(state.answer).toMatchObject({
      success: false,
      data: { status: 'unknown' },
      error: { code: 'TRANSACTION_UNKNOWN' },
    });
    for (const kind of asked) expect(['confirm', 'wait']).toContain(kind);
  });

  it('that landed is done', () => {
    const { asked, state } = follow(DEPOSIT, [unseen({}), landed('finalized'), landed('finalized')], true);
    expect(state.answer).toMatchObject({ success: true });
    for (const kind of asked) expect(['confirm', 'wait']).toContain(kind);
  });

  it('says more than one whose Temporal was lost, which nobody else goes on with', () => {
    const { state } = follow(DEPOSIT, [absent], false);
    expect(state.answer).toMatchObject({ error: { code: 'TRANSACTION_FAILED' } });
  });
});
