import { describe, expect, it } from '@jest/globals';
import { type CommandAnswer, done, refused } from '../../../src/domain/order/command.ts';
import { repeatedAnswer, type UsedCommand } from '../../../src/domain/order/repeated-command.ts';

const ID = 'command-1';
const OPERATION = 'operation-1';
const END = done('Deposited.', { operation_id: OPERATION });
const FIRST = { action: 'DRIFT_DEPOSIT', receivedAtMs: Date.UTC(2026, 3, 18, 3) } as const;
const running = { operationId: OPERATION, answer: null, endedAtMs: null };

const used = (known: Partial<UsedCommand>): UsedCommand => ({
  isSame: true,
  answer: null,
  first: FIRST,
  operation: null,
  ...known,
});

describe('a command that comes again', () => {
  it('with other data is refused, and told what took the id', () => {
    const answer = repeatedAnswer(ID, used({ isSame: false, answer: END }));
    expect(answer).toMatchObject({
      success: false,
      error: {
        code: 'COMMAND_ID_CONFLICT',
        details: { command_id: ID, action: 'DRIFT_DEPOSIT', received_at: '2026-04-18T03:00:00.000Z' },
      },
    });
  });

  it('has its first final answer, whatever its operation says', () => {
    const refusal = refused({ code: 'GATE_BLOCKED', message: 'Blocked.' });
    const operation = { operationId: OPERATION, answer: END, endedAtMs: 5 };
    expect(repeatedAnswer(ID, used({ answer: refusal, operation }))).toBe(refusal);
  });

  it('is pending while its operation runs, unknown ends and answers not yet final included', () => {
    const waiting: CommandAnswer = { success: true, message: 'Accepted.', data: { status: 'pending' } };
    for (const answer of [null, waiting]) {
      expect(repeatedAnswer(ID, used({ answer, operation: running }))).toMatchObject({
        success: true,
        data: { status: 'pending', operation_id: OPERATION },
      });
    }
    const unended = { operationId: OPERATION, answer: END, endedAtMs: null };
    expect(repeatedAnswer(ID, used({ operation: unended }))?.data.status).toBe('pending');
  });

  it('has the answer of its operation when that ended and the command’s own answer was lost', () => {
    expect(repeatedAnswer(ID, used({ operation: { ...running, answer: END, endedAtMs: 5 } }))).toBe(END);
  });

  it('goes on when nothing became of it: it may wait for its confirmation', () => {
    expect(repeatedAnswer(ID, used({}))).toBeNull();
  });
});
