import { describe, expect } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { postgresPool } from '../../src/journal/postgres-pool.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';

describe('a connection in use whose server dies', () => {
  itUnless(noPostgres())('fails its next query, takes nobody with it, and is not used again', async () => {
    const postgres = (await startPostgres()) as TestPostgres;
    onTestFinished(() => postgres.stop());
    const pool = postgresPool(await postgres.createDatabase(), () => {});
    // Between two queries of a transaction no one waits for an answer, so an unhandled error would end the process.
    const client = await pool.connect();
    await client.query('BEGIN', []);
    await postgres.crash();
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(client.query('SELECT 1', [])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    client.release();
    await postgres.start();
    const next = await pool.connect();
    expect((await next.query<{ one: number }>('SELECT 1 AS one', [])).rows).toEqual([{ one: 1 }]);
    next.release();
    await pool.end();
  });
});
