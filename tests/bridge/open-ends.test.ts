import { describe, expect, it } from '@jest/globals';
import { acceptanceUnknown, unavailable } from '../../src/bridge/answers.ts';
import type { JournalLookup } from '../../src/bridge/journal-lookup.ts';
import { ASK_AGAIN_AFTER_MS } from '../../src/bridge/limits.ts';
import { OpenEnds } from '../../src/bridge/open-ends.ts';
import { type CommandAnswer, type CommandEnvelope, refused } from '../../src/domain/order/command.ts';

const SENT_AT_MS = 1_000_000;
const NOT_AFTER_MS = SENT_AT_MS + 5_000;

const envelopeOf = (commandId: string): CommandEnvelope => ({
  commandId,
  request: { kind: 'close', market: 'SOL-PERP' },
  requestHash: 'hash',
  operator: 'test',
  receivedAtMs: SENT_AT_MS,
  notAfterMs: NOT_AFTER_MS,
});

const expired = refused({ code: 'COMMAND_EXPIRED', message: 'Too late.' });

/** A journal without a row of any command, and an engine that answers as the test says. */
function openEnds(answer: () => CommandAnswer) {
  const asked: CommandEnvelope[] = [];
  const told: { action: string; commandId: string; answer: CommandAnswer }[] = [];
  const clock = { now: SENT_AT_MS, nowMs: () => clock.now };
  const lookup: JournalLookup = async () => ({ known: true, value: null as never });
  const ends = new OpenEnds({
    engineId: 'engine:test',
    lookup,
    clock,
    askAgain: async (envelope) => {
      asked.push(envelope);
      return answer();
    },
    tell: (action, commandId, given) => told.push({ action, commandId, answer: given }),
  });
  const lose = (commandId: string) => {
    ends.started(commandId);
    ends.unanswered(envelopeOf(commandId));
    ends.answered(commandId, acceptanceUnknown());
  };
  return { ends, clock, asked, told, lose };
}

describe('a command that the engine never answered', () => {
  it('is asked about once its time is over, and its end goes to every socket once', async () => {
    const { ends, clock, asked, told, lose } = openEnds(() => expired);
    lose('close-1');
    clock.now = NOT_AFTER_MS + ASK_AGAIN_AFTER_MS;
    await ends.sweep();
    expect(asked).toEqual([]);
    clock.now += 1;
    await ends.sweep();
    expect(asked).toEqual([envelopeOf('close-1')]);
    expect(told).toEqual([{ action: 'DRIFT_CLOSE_POSITION', commandId: 'close-1', answer: expired }]);
    await ends.sweep();
    expect(asked).toHaveLength(1);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['Temporal is away', unavailable('temporal', 'Away.')],
    ['the engine is silent again', acceptanceUnknown()],
  ])('is asked about again while %s', async (_, noAnswer) => {
    let answer: CommandAnswer = noAnswer;
    const { ends, clock, asked, told, lose } = openEnds(() => answer);
    lose('close-1');
    clock.now = NOT_AFTER_MS + ASK_AGAIN_AFTER_MS + 1;
    await ends.sweep();
    await ends.sweep();
    expect(asked).toHaveLength(2);
    expect(told).toEqual([]);
    answer = expired;
    await ends.sweep();
    expect(told.map(({ commandId }) => commandId)).toEqual(['close-1']);
  });

  it('that the engine took after all is left to the journal', async () => {
    const running: CommandAnswer = { success: true, message: 'Running', data: { status: 'pending' } };
    const { ends, clock, asked, told, lose } = openEnds(() => running);
    lose('close-1');
    clock.now = NOT_AFTER_MS + ASK_AGAIN_AFTER_MS + 1;
    await ends.sweep();
    await ends.sweep();
    expect(asked).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('of many keeps the end of each', async () => {
    const { ends, clock, told, lose } = openEnds(() => expired);
    const ids = Array.from({ length: 150 }, (_, index) => `close-${index}`);
    for (const id of ids) lose(id);
    clock.now = NOT_AFTER_MS + ASK_AGAIN_AFTER_MS + 1;
    for (let sweep = 0; sweep < 3; sweep += 1) await ends.sweep();
    expect(told.map(({ commandId }) => commandId)).toEqual(ids);
  });
});
