import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import type { Journal, JournalEvent } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
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
  operationOf,
  snapshotAt,
  T0,
  tradeOf,
  transitionOf,
} from './records.ts';

/** The whole way to a browser has 500 ms. */
const MAX_LATENCY_MS = 250;
const WAIT_MS = 10_000;

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

await onBothDatabases((open) => {
  let journal: Journal;
  const events: JournalEvent[] = [];
  let unlisten: () => Promise<void>;
  beforeAll(async () => {
    journal = await open();
    unlisten = await journal.listen(
      (event) => events.push(event),
      () => {},
    );
  });

  it('tells of a new row in each table, whose it is and its key', async () => {
    const engine = engineOf();
    const { engineId } = engine;
    const command = commandOf({ engineId });
    const operation = operationOf({ engineId });
    const { operationId } = operation;
    const trade = tradeOf({ engineId });
    const alert = alertOf({ engineId });
    await journal.publishEngine(engine);
    await journal.admitCommand(command);
    await journal.openOperation(operation);
    await journal.recordTransition(transitionOf({ operationId, sequence: 3 }));
    await journal.recordSnapshot({ engineId, generation: 1, attempt: 1 }, snapshotAt(T0));
    await journal.recordTrades([trade]);
    await journal.recordFunding([fundingOf({ engineId })]);
    await journal.recordEquity(equityOf({ engineId }));
    await journal.raiseAlert(alert);
    const mine = () => events.filter((event) => event.engineId === engineId);
    await until(() => mine().length >= 9);
    expect(mine()).toEqual([
      { table: 'engines', engineId, key: engineId },
      { table: 'commands', engineId, key: command.commandId },
      { table: 'operations', engineId, key: operationId },
      { table: 'transitions', engineId, key: `${operationId}/3` },
      { table: 'snapshots', engineId, key: `${T0}` },
      { table: 'trades', engineId, key: `${trade.signature}/0` },
      { table: 'funding', engineId, key: `SOL-PERP/${T0}` },
      { table: 'equity', engineId, key: `${T0}` },
      { table: 'alerts', engineId, key: alert.id },
    ]);
  });

  it('tells of an answer and of an attempt, and says nothing when a write adds nothing', async () => {
    const command = commandOf();
    const operation = operationOf({ engineId: command.engineId });
    await journal.admitCommand(command);
    await journal.openOperation(operation);
    await journal.recordAnswer(command.commandId, answerOf(), T0);
    await journal.recordAttempt(attemptOf({ operationId: operation.operationId }));
    const repeated = async () => {
      await journal.admitCommand(command);
      await journal.recordAnswer(command.commandId, answerOf('again'), T0);
      await journal.openOperation(operation);
    };
    await repeated();
    const last = alertOf({ engineId: command.engineId });
    await journal.raiseAlert(last);
    const mine = () => events.filter((event) => event.engineId === command.engineId);
    await until(() => mine().some((event) => event.key === last.id));
    expect(mine().map((event) => event.table)).toEqual(['commands', 'operations', 'commands', 'operations', 'alerts']);
  });

  it('tells of nothing that is written back, and of what changes in it then', async () => {
    const command = commandOf();
    const { engineId, commandId } = command;
    const operation = operationOf({ engineId, commandId });
    const { operationId } = operation;
    const [old, last] = [alertOf({ engineId, operationId }), alertOf({ engineId })];
    await journal.rebuilding.admitCommand(command);
    const transitions = [transitionOf({ operationId, sequence: 1 })];
    await journal.rebuilding.writeOperation({ atMs: T0, operation, transitions, alerts: [old] });
    const written = await journal.rebuilding.operation(operationId);
    expect(written).toMatchObject({ operationId, commandId });
    await journal.recordAnswer(commandId, answerOf(), T0);
    await journal.raiseAlert(last);
    const mine = () => events.filter((event) => event.engineId === engineId);
    await until(() => mine().some((event) => event.key === last.id));
    expect(mine().map(({ table, key }) => [table, key])).toEqual([
      ['commands', commandId],
      ['alerts', last.id],
    ]);
    expect(await journal.alert(old.id)).toMatchObject({ id: old.id });
    await journal.rebuilding.recordAnswer(commandId, answerOf('again'), T0);
    expect(await journal.transitions(operationId)).toHaveLength(1);
  });

  it('tells of nothing that was rolled back', async () => {
    const engineId = newEngineId();
    const failing = journal.db.transaction().execute(async (trx) => {
      await trx.deleteFrom('meta').where('key', '=', 'nothing').execute();
      await trx.insertInto('fences').values({ engine_id: engineId, generation: 1, attempt: 1 }).execute();
      throw new Error('rolled back');
    });
    await expect(failing).rejects.toThrow('rolled back');
    await journal.raiseAlert(alertOf({ engineId }));
    await until(() => events.some((event) => event.engineId === engineId));
    expect(events.filter((event) => event.engineId === engineId).map((event) => event.table)).toEqual(['alerts']);
  });

  it('does not fail a write whose names are too long to tell', async () => {
    const engineId = `engine:paper:replay:${'x'.repeat(8_200)}:0`;
    const before = events.length;
    expect(await journal.raiseAlert(alertOf({ engineId }))).toBe(true);
    await until(() => events.length > before);
    expect(events.at(-1)).toEqual({ table: 'alerts', engineId: null, key: '' });
  });

  it(`reaches the listener within ${MAX_LATENCY_MS} ms of the write`, async () => {
    const took: number[] = [];
    for (let round = 0; round < 40; round += 1) {
      const alert = alertOf();
      const started = performance.now();
      await journal.raiseAlert(alert);
      await until(() => events.some((event) => event.key === alert.id));
      took.push(performance.now() - started);
    }
    took.sort((a, b) => a - b);
    expect(took[Math.floor(took.length / 2)]).toBeLessThan(MAX_LATENCY_MS);
  });

  it('is silent after the end', async () => {
    await unlisten();
    const before = events.length;
    await journal.raiseAlert(alertOf());
    await journal.ping();
    expect(events.length).toBe(before);
  });
});

const postgres: TestPostgres | null = await startPostgres();

describeUnless(postgres === null && 'no Postgres on this machine')('a Postgres that goes away', () => {
  afterAll(() => postgres?.stop());

  it('is reported as unavailable while it is away; afterwards writes work and the listener tells of the gap', async () => {
    const url = (await postgres?.createDatabase()) ?? '';
    const [writer, reader] = await Promise.all([
      openJournal({ databaseUrl: url, dataDir: null }),
      openJournal({ databaseUrl: url, dataDir: null }),
    ]);
    const keys: string[] = [];
    let gaps = 0;
    const unlisten = await reader.listen(
      (event) => keys.push(event.key),
      () => {
        gaps += 1;
      },
    );
    const before = alertOf();
    await writer.raiseAlert(before);
    await until(() => keys.includes(before.id));

    await postgres?.crash();
    const missed = alertOf();
    for (let round = 0; round < 3; round += 1) {
      await expect(writer.raiseAlert(missed)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        details: { part: 'journal' },
      });
    }
    await expect(openJournal({ databaseUrl: url, dataDir: null })).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    await postgres?.start();
    await until(() => gaps === 1);
    expect(await writer.raiseAlert(missed)).toBe(true);
    await until(() => keys.includes(missed.id));
    expect(await reader.alert(before.id)).toEqual(before);
    await unlisten();
    await Promise.all([writer.close(), reader.close()]);
  });
});
