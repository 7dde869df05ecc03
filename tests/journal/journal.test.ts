import { beforeAll, describe, expect, it } from '@jest/globals';
import { refused } from '../../src/domain/order/command.ts';
import { forgetAccount } from '../../src/journal/forget-account.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { insertEquity, insertFunding, insertTrades } from '../../src/journal/writes.ts';
import type { Json } from '../../src/lib/errors.ts';
import { onBothDatabases } from './both-databases.ts';
import {
  alertOf,
  answerOf,
  attemptOf,
  commandOf,
  engineOf,
  equityOf,
  fundingOf,
  newEngineId,
  newId,
  operationOf,
  snapshotAt,
  T0,
  tradeOf,
  transitionOf,
} from './records.ts';

await onBothDatabases((open) => {
  let journal: Journal;
  beforeAll(async () => {
    journal = await open();
  });

  describe('engines', () => {
    it('publishes an engine and reads it back as it was', async () => {
      const record = engineOf({
        holds: [{ code: 'resync', sinceMs: T0, permits: 'reducing', clearedBy: 'itself', reason: 'start' }],
      });
      expect(await journal.engine(record.engineId)).toBeNull();
      await journal.publishEngine(record);
      expect(await journal.engine(record.engineId)).toEqual(record);
      expect((await journal.engines()).map((engine) => engine.engineId)).toContain(record.engineId);
    });

    it('never lets an older publish overwrite a newer one of its epoch', async () => {
      const record = engineOf({ sequence: 5, reason: 'newer' });
      await journal.publishEngine(record);
      await journal.publishEngine({ ...record, sequence: 4, reason: 'older' });
      await journal.publishEngine({ ...record, reason: 'the same number again' });
      expect((await journal.engine(record.engineId))?.reason).toBe('newer');
    });

    it('takes newer content under the number whose acknowledgement was lost', async () => {
      const record = engineOf({ sequence: 5 });
      await journal.publishEngine(record);
      await journal.publishEngine({ ...record, updatedAtMs: T0 + 1, reason: 'later' });
      expect((await journal.engine(record.engineId))?.reason).toBe('later');
    });

    it('lets a new epoch start from one', async () => {
      const record = engineOf({ sequence: 500 });
      await journal.publishEngine(record);
      await journal.publishEngine({ ...record, epoch: 'epoch-2', sequence: 1 });
      expect(await journal.engine(record.engineId)).toMatchObject({ epoch: 'epoch-2', sequence: 1 });
    });
  });

  describe('commands', () => {
    it('admits a command once, however many send it at the same time', async () => {
      const record = commandOf();
      const admissions = await Promise.all(Array.from({ length: 20 }, () => journal.admitCommand(record)));
      expect(admissions.filter(({ kind }) => kind === 'new')).toHaveLength(1);
      expect(admissions.filter(({ kind }) => kind === 'known')).toHaveLength(19);
    });

    it('tells a conflict when the id comes with other data or for another engine', async () => {
      const record = commandOf();
      await journal.admitCommand(record);
      expect(await journal.admitCommand({ ...record, requestHash: 'hash-2' })).toMatchObject({
        kind: 'conflict',
        record: { requestHash: 'hash-1' },
      });
      expect(await journal.admitCommand({ ...record, engineId: newEngineId() })).toMatchObject({ kind: 'conflict' });
    });

    it('keeps the first final answer for ever', async () => {
      const record = commandOf();
      await journal.admitCommand(record);
      await journal.recordAnswer(record.commandId, { ...answerOf('pending'), data: { status: 'pending' } }, T0 + 1);
      expect((await journal.command(record.commandId))?.answer).toBeNull();
      await journal.recordAnswer(record.commandId, answerOf(), T0 + 2);
      await journal.recordAnswer(record.commandId, refused({ code: 'X', message: 'second' }), T0 + 3);
      expect(await journal.command(record.commandId)).toEqual({ ...record, answer: answerOf(), answeredAtMs: T0 + 2 });
      expect(await journal.admitCommand(record)).toMatchObject({ kind: 'known', record: { answer: answerOf() } });
    });

    it('knows nothing of an id that nobody sent', async () => {
      expect(await journal.command(newId())).toBeNull();
      await expect(journal.recordAnswer(newId(), answerOf(), T0)).resolves.toBeUndefined();
    });
  });

  describe('operations', () => {
    it('opens an operation once', async () => {
      const record = operationOf();
      await journal.openOperation(record);
      await journal.openOperation({ ...record, kind: 'withdraw' });
      expect(await journal.operation(record.operationId)).toEqual({
        ...record,
        attempts: [],
        endedAtMs: null,
        error: null,
        answer: null,
      });
      expect(await journal.operation(newId())).toBeNull();
    });

    it('moves stage and outcome of an attempt forward only', async () => {
      const record = operationOf();
      await journal.openOperation(record);
      const attempt = attemptOf({ operationId: record.operationId });
      await journal.recordAttempt({ ...attempt, stage: 'confirmed', outcome: 'confirmed', updatedAtMs: T0 + 5 });
      await journal.recordAttempt({ ...attempt, stage: 'submitted', outcome: null, updatedAtMs: T0 + 9 });
      await journal.recordAttempt({ ...attempt, stage: 'submitted', outcome: 'unknown', updatedAtMs: T0 + 9 });
      const [stored] = (await journal.operation(record.operationId))?.attempts ?? [];
      expect(stored).toMatchObject({ stage: 'confirmed', outcome: 'confirmed' });
    });

    it('gives the attempts in order', async () => {
      const record = operationOf();
      await journal.openOperation(record);
      for (const number of [2, 1, 3])
        await journal.recordAttempt(attemptOf({ operationId: record.operationId, number }));
      const numbers = (await journal.operation(record.operationId))?.attempts.map((attempt) => attempt.number);
      expect(numbers).toEqual([1, 2, 3]);
    });

    it('keeps each transition once, in order, and those of a rebuilt operation beside them', async () => {
      const operationId = newId();
      const first = transitionOf({ operationId });
      const second = transitionOf({ operationId, sequence: 1, atMs: T0 + 1, stage: 'signed' });
      for (const transition of [second, first, first]) await journal.recordTransition(transition);
      expect(await journal.transitions(operationId)).toEqual([first, second]);
      const rebuilt = transitionOf({ operationId, atMs: T0 + 1_000, stage: 'recovered' });
      await journal.recordTransition(rebuilt);
      expect(await journal.transitions(operationId)).toEqual([first, second, rebuilt]);
    });

    it('leaves an ended operation as it ended', async () => {
      const record = operationOf();
      await journal.openOperation(record);
      await journal.updateOperation(record.operationId, { status: 'done', endedAtMs: T0 + 9, answer: answerOf() });
      await journal.updateOperation(record.operationId, { status: 'running', answer: null });
      expect(await journal.operation(record.operationId)).toMatchObject({
        status: 'done',
        endedAtMs: T0 + 9,
        answer: answerOf(),
      });
    });

    it('lists what has not ended, oldest first', async () => {
      const engineId = newEngineId();
      const [late, early, ended] = [T0 + 2, T0 + 1, T0].map((createdAtMs) => operationOf({ engineId, createdAtMs }));
      for (const record of [late, early, ended]) await journal.openOperation(record as never);
      await journal.updateOperation(ended?.operationId ?? '', { status: 'failed', endedAtMs: T0 + 9 });
      const unfinished = await journal.unfinishedOperations(engineId);
      expect(unfinished.map(({ operationId }) => operationId)).toEqual([early?.operationId, late?.operationId]);
    });
  });

  describe('a whole write of an operation', () => {
    const writeOf = () => {
      const command = commandOf();
      const operation = operationOf({ commandId: command.commandId, engineId: command.engineId });
      const { operationId } = operation;
      const { signature, wire, lastValidBlockHeight, slot, signedAtMs, intent } = attemptOf();
      const write = {
        operation,
        transitions: [transitionOf({ operationId }), transitionOf({ operationId, sequence: 1, stage: 'confirmed' })],
        attemptOutcome: {
          ref: {
            engineId: operation.engineId,
            operationId,
            number: 1,
            attempt: { signature, wire, lastValidBlockHeight, slot, signedAtMs },
            intent,
          },
          stage: 'confirmed',
          outcome: 'confirmed' as const,
          error: null,
        },
        update: { operationId, status: 'confirmed' as const, answer: answerOf() },
        answer: { commandId: command.commandId, answer: answerOf() },
        alerts: [alertOf({ operationId })],
        atMs: T0 + 10,
      };
      return { command, operationId, write };
    };

    it('lands in one piece, and doing it again adds nothing', async () => {
      const { command, operationId, write } = writeOf();
      await journal.admitCommand(command);
      await journal.writeOperation(write);
      const before = [await journal.operation(operationId), await journal.transitions(operationId)];
      await journal.writeOperation(write);
      expect([await journal.operation(operationId), await journal.transitions(operationId)]).toEqual(before);
      expect(before[0]).toMatchObject({ status: 'confirmed', attempts: [{ outcome: 'confirmed', number: 1 }] });
      expect((await journal.command(command.commandId))?.answer).toEqual(answerOf());
      expect(await journal.alert(write.alerts[0]?.id ?? '')).toEqual(write.alerts[0]);
    });

    it('leaves nothing behind when a part of it fails', async () => {
      const { operationId, write } = writeOf();
      const broken = { ...write, alerts: [{ ...alertOf(), tsMs: 'never' as unknown as number }] };
      await expect(journal.writeOperation(broken)).rejects.toThrow();
      expect(await journal.operation(operationId)).toBeNull();
      expect(await journal.transitions(operationId)).toEqual([]);
    });

    it('does not let a late retry undo what came after it', async () => {
      const { operationId, write } = writeOf();
      await journal.writeOperation(write);
      await journal.writeOperation({ transitions: [], update: { operationId, status: 'unresolved' }, atMs: T0 + 20 });
      await journal.writeOperation(write);
      expect((await journal.operation(operationId))?.status).toBe('unresolved');
    });
  });

  describe('snapshots', () => {
    const fence = (engineId: string, generation: number, attempt = 1) => ({ engineId, generation, attempt });

    it('refuses what a cut-off watch writes', async () => {
      const engineId = newEngineId();
      expect(await journal.latestSnapshot(engineId)).toBeNull();
      expect(await journal.recordSnapshot(fence(engineId, 1), snapshotAt(T0))).toBe(true);
      expect(await journal.recordSnapshot(fence(engineId, 1, 2), snapshotAt(T0 + 1))).toBe(true);
      expect(await journal.recordSnapshot(fence(engineId, 1, 1), snapshotAt(T0 + 2))).toBe(false);
      expect(await journal.recordSnapshot(fence(engineId, 2), snapshotAt(T0 + 3))).toBe(true);
      expect(await journal.recordSnapshot(fence(engineId, 1, 9), snapshotAt(T0 + 4))).toBe(false);
      expect(await journal.latestSnapshot(engineId)).toEqual({ snapshot: snapshotAt(T0 + 3), recordedAtMs: T0 + 3 });
    });

    it('takes the one written last for the latest, whatever the clock said', async () => {
      const engineId = newEngineId();
      const [ahead, back] = [snapshotAt(T0 + 3_600_000), snapshotAt(T0 + 10_000)];
      for (const one of [snapshotAt(T0), ahead, back]) await journal.recordSnapshot(fence(engineId, 1), one);
      expect((await journal.latestSnapshot(engineId))?.snapshot.takenAtMs).toBe(T0 + 10_000);
      await journal.thinSnapshots(engineId, T0 + 30 * 3_600_000);
      expect((await journal.latestSnapshot(engineId))?.snapshot.takenAtMs).toBe(T0 + 10_000);
    });

    it('lets the watches of a new epoch write, and those of the former one no more', async () => {
      const engine = engineOf({ sequence: 9 });
      const { engineId } = engine;
      await journal.publishEngine(engine);
      expect(await journal.recordSnapshot({ ...fence(engineId, 500), epoch: 'epoch-1' }, snapshotAt(T0))).toBe(true);
      await journal.publishEngine({ ...engine, epoch: 'epoch-2', sequence: 1 });
      expect(await journal.recordSnapshot({ ...fence(engineId, 501), epoch: 'epoch-1' }, snapshotAt(T0 + 1))).toBe(
        false,
      );
      expect(await journal.recordSnapshot({ ...fence(engineId, 1), epoch: 'epoch-2' }, snapshotAt(T0 + 2))).toBe(true);
    });

    it('writes the same snapshot once', async () => {
      const engineId = newEngineId();
      for (let times = 0; times < 3; times += 1) await journal.recordSnapshot(fence(engineId, 1), snapshotAt(T0));
      const { count } = await journal.db
        .selectFrom('snapshots')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('engine_id', '=', engineId)
        .executeTakeFirstOrThrow();
      expect(count).toBe(1);
    });
  });

  describe('figures', () => {
    it('keeps every digit of an amount', async () => {
      const trade = tradeOf({ size: '123456789012345678901234567890', price: '1', fee: '-1' });
      await journal.recordTrades([trade]);
      expect((await journal.trades({ engineId: trade.engineId, limit: 5 })).items).toEqual([trade]);
    });

    it('refuses a fraction of a base unit and what is no number', async () => {
      for (const size of ['1.5', 'NaN', 'Infinity', '']) {
        await expect(journal.recordTrades([tradeOf({ size })])).rejects.toThrow();
      }
    });

    it('writes trades and funding once per cause', async () => {
      const trade = tradeOf();
      const { engineId } = trade;
      const paid = fundingOf({ engineId });
      for (let times = 0; times < 2; times += 1) {
        await journal.recordTrades([trade, { ...trade, index: 1 }]);
        await journal.recordFunding([paid, { ...paid, periodTsMs: T0 + 3_600_000, amount: '-5000' }]);
      }
      await journal.recordFunding([{ ...paid, amount: '999999' }]);
      await journal.recordTrades([]);
      await journal.recordFunding([]);
      expect((await journal.trades({ engineId, limit: 9 })).items).toHaveLength(2);
      expect(await journal.fundingTotal(engineId, 'SOL-PERP')).toBe('17518');
      expect(await journal.fundingTotal(engineId, 'ETH-PERP')).toBe('0');
    });

    it('takes thousands of rows in one call', async () => {
      const engineId = newEngineId();
      const rows = Array.from({ length: 2_500 }, (_, hour) =>
        fundingOf({ engineId, periodTsMs: T0 + hour, amount: '1' }),
      );
      await journal.recordFunding(rows);
      expect(await journal.fundingTotal(engineId, 'SOL-PERP')).toBe('2500');
    });

    it('lets others write them in a transaction of their own, all or nothing', async () => {
      const engineId = newEngineId();
      const write = (fail: boolean) =>
        journal.db.transaction().execute(async (trx) => {
          await insertTrades(trx, [tradeOf({ engineId })]);
          await insertFunding(trx, fundingOf({ engineId }));
          await insertEquity(trx, equityOf({ engineId }));
          if (fail) throw new Error('after the writes');
        });
      await expect(write(true)).rejects.toThrow('after the writes');
      expect((await journal.equity({ engineId, limit: 9 })).items).toEqual([]);
      await write(false);
      expect((await journal.equity({ engineId, limit: 9 })).items).toEqual([equityOf({ engineId })]);
      expect((await journal.funding({ engineId, limit: 9 })).items).toEqual([fundingOf({ engineId })]);
    });

    it('raises an alert once', async () => {
      const alert = alertOf();
      expect(await journal.raiseAlert(alert)).toBe(true);
      expect(await journal.raiseAlert({ ...alert, message: 'again' })).toBe(false);
      expect(await journal.alert(alert.id)).toEqual(alert);
      expect(await journal.alert(newId())).toBeNull();
    });

    it('takes words that Postgres itself would refuse', async () => {
      const details: Json = { lone: 'a\ud800b', nul: 'a\0b', slash: 'a\\u0000b', pair: '🙂' };
      const alert = alertOf({ message: 'from\0outside', details });
      await journal.raiseAlert(alert);
      const stored = await journal.alert(alert.id);
      expect(stored?.message).toBe('from\ufffdoutside');
      expect(stored?.details).toEqual({ lone: 'a\ufffdb', nul: 'a\ufffdb', slash: 'a\\u0000b', pair: '🙂' });
    });
  });

  it('forgets a paper account so that another may start, and keeps what was commanded', async () => {
    const engine = engineOf();
    const { engineId } = engine;
    const command = commandOf({ engineId });
    const operation = operationOf({ engineId, commandId: command.commandId });
    await journal.publishEngine(engine);
    await journal.admitCommand(command);
    await journal.openOperation(operation);
    await journal.recordFunding([fundingOf({ engineId })]);
    await journal.recordSnapshot({ engineId, generation: 7, attempt: 1 }, snapshotAt(T0));
    await journal.db.transaction().execute((trx) => forgetAccount(trx, engineId, T0 + 1));
    expect(await journal.engine(engineId)).toBeNull();
    expect(await journal.latestSnapshot(engineId)).toBeNull();
    expect(await journal.fundingTotal(engineId, 'SOL-PERP')).toBe('0');
    expect(await journal.unfinishedOperations(engineId)).toEqual([]);
    expect(await journal.admitCommand(command)).toMatchObject({ kind: 'known' });
    expect(await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0))).toBe(true);
  });
});
