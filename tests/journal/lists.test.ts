import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeCursor, encodeCursor } from '../../src/journal/cursor.ts';
import type { Journal, ListQuery, Page } from '../../src/journal/journal.ts';
import { MAX_LIST_LIMIT } from '../../src/journal/lists.ts';
import { ValidationError } from '../../src/lib/errors.ts';
import { onBothDatabases } from './both-databases.ts';
import { alertOf, attemptOf, equityOf, fundingOf, newEngineId, newId, operationOf, T0, tradeOf } from './records.ts';

async function walk<Row>(list: (query: ListQuery) => Promise<Page<Row>>, query: ListQuery): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Row> = await list(cursor === null ? query : { ...query, cursor });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

await onBothDatabases((open) => {
  let journal: Journal;
  const engineId = newEngineId();
  const COUNT = 23;
  // Several rows share a time, so that a page may end between them.
  const at = (index: number) => T0 + Math.floor(index / 4) * 1_000;

  beforeAll(async () => {
    journal = await open();
    for (let index = 0; index < COUNT; index += 1) {
      const tsMs = at(index);
      const operation = operationOf({ engineId, operationId: `operation-${engineId}-${index}`, createdAtMs: tsMs });
      await journal.openOperation(operation);
      await journal.recordAttempt(attemptOf({ operationId: operation.operationId, number: 1 }));
      await journal.recordTrades([tradeOf({ engineId, signature: `${index}`, tsMs })]);
      await journal.recordFunding([fundingOf({ engineId, periodTsMs: index, tsMs })]);
      await journal.recordEquity(equityOf({ engineId, tsMs, marketTimeMs: index }));
      await journal.raiseAlert(alertOf({ engineId, id: `${engineId}-${index}`, tsMs }));
    }
    await journal.recordTrades([tradeOf({ tsMs: T0 })]);
  });

  it('gives every row once, newest first, whatever the page size', async () => {
    const newestFirst = Array.from({ length: COUNT }, (_, index) => COUNT - 1 - index);
    for (const limit of [1, 4, 7, COUNT, 100]) {
      const query = { engineId, limit };
      expect((await walk(journal.trades, query)).map((row) => Number(row.signature))).toEqual(newestFirst);
      expect((await walk(journal.funding, query)).map((row) => row.periodTsMs)).toEqual(newestFirst);
      expect((await walk(journal.equity, query)).map((row) => row.marketTimeMs)).toEqual(newestFirst);
      expect((await walk(journal.alerts, query)).map((row) => row.id)).toEqual(
        newestFirst.map((n) => `${engineId}-${n}`),
      );
    }
    const operations = await walk(journal.operations, { engineId, limit: 5 });
    expect(operations.map((row) => row.operationId)).toEqual(newestFirst.map((n) => `operation-${engineId}-${n}`));
    expect(operations.every((row) => row.attempts.length === 1)).toBe(true);
  });

  it('gives funding by the time of its period, whenever it was written', async () => {
    const periods = await walk(journal.funding, { engineId, limit: 3, fromMs: 4, toMs: 9 });
    expect(periods.map((row) => row.periodTsMs)).toEqual([9, 8, 7, 6, 5, 4]);
    expect(await walk(journal.funding, { engineId, limit: 3, fromMs: T0, toMs: at(COUNT) })).toEqual([]);
  });

  it('holds to from and to, both included, across pages', async () => {
    const rows = await walk(journal.trades, { engineId, limit: 3, fromMs: at(4), toMs: at(12) });
    expect(rows.map((row) => Number(row.signature))).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
  });

  it('is not shifted by rows that come while somebody reads', async () => {
    const first = await journal.alerts({ engineId, limit: 10 });
    await journal.raiseAlert(alertOf({ engineId, id: `${engineId}-late`, tsMs: T0 + 9_999_999 }));
    const second = await journal.alerts({ engineId, limit: 10, cursor: first.nextCursor ?? '' });
    expect(second.items[0]?.id).toBe(`${engineId}-12`);
  });

  it('lists every engine when none is named', async () => {
    expect((await walk(journal.trades, { limit: 10 })).length).toBeGreaterThan(COUNT);
  });

  it('finds the operations of a command', async () => {
    const commandId = newId();
    const operation = operationOf({ engineId: newEngineId(), commandId });
    await journal.openOperation(operation);
    const page = await journal.operations({ limit: 5, commandId });
    expect(page.items.map((row) => row.operationId)).toEqual([operation.operationId]);
  });

  it('refuses a cursor that is not its own, and a limit out of bounds', async () => {
    const own = encodeCursor({ tsMs: T0, seq: 1 });
    const forged = [
      '',
      'x',
      `${own}!`,
      'a'.repeat(10_000),
      Buffer.from('v1.1').toString('base64url'),
      Buffer.from('v1.99999999999999999999.1').toString('base64url'),
      Buffer.from("v1.1.1'; DROP TABLE trades").toString('base64url'),
    ];
    for (const cursor of forged) {
      const error = await journal.trades({ engineId, limit: 5, cursor }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ValidationError);
      expect(error).toMatchObject({ code: 'INVALID_FIELD', details: { field: 'cursor' } });
    }
    for (const limit of [0, -1, 1.5, Number.NaN, MAX_LIST_LIMIT + 1]) {
      await expect(journal.trades({ engineId, limit })).rejects.toMatchObject({
        code: 'INVALID_FIELD',
        details: { field: 'limit' },
      });
    }
  });
});

describe('cursor', () => {
  it('comes back as it was', () => {
    for (const place of [
      { tsMs: 0, seq: 1 },
      { tsMs: 8.64e15, seq: Number.MAX_SAFE_INTEGER },
    ]) {
      expect(decodeCursor(encodeCursor(place))).toEqual(place);
    }
  });
});
