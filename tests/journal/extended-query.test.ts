/** Statements that the database keeps parsed, and what can go wrong with them. */
import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runStatement } from '../../src/journal/extended-query.ts';

const MORE_THAN_KEPT = 300;

describe('a statement on the embedded database', () => {
  let db: PGlite;
  const run = (sql: string, ...parameters: unknown[]) => runStatement(db, sql, parameters, {});
  const kept = async () => (await db.query<{ name: string }>('SELECT name FROM pg_prepared_statements')).rows.length;

  beforeAll(async () => {
    db = await PGlite.create();
    await run('CREATE TABLE things (id int PRIMARY KEY, name text)');
  });
  afterAll(() => db.close());

  it('is parsed once, and answers each time for its own parameters', async () => {
    await run('INSERT INTO things VALUES ($1, $2)', 1, 'one');
    await run('INSERT INTO things VALUES ($1, $2)', 2, null);
    const before = await kept();
    const rows = [];
    for (const id of [1, 2, 3]) rows.push((await run('SELECT name FROM things WHERE id = $1', id)).rows);
    expect(rows).toEqual([[{ name: 'one' }], [{ name: null }], []]);
    expect(await kept()).toBe(before + 1);
  });

  it('works again after an error of its own, in a transaction too', async () => {
    const insert = 'INSERT INTO things VALUES ($1, $2)';
    await expect(run(insert, 1, 'again')).rejects.toMatchObject({ code: '23505' });
    await db.exec('BEGIN');
    await expect(run(insert, 1, 'again')).rejects.toMatchObject({ code: '23505' });
    await expect(run(insert, 5, 'late')).rejects.toMatchObject({ code: '25P02' });
    await db.exec('ROLLBACK');
    expect(await run(insert, 5, 'five')).toMatchObject({ command: 'INSERT', rowCount: 1 });
  });

  it('works once what was not there is there', async () => {
    const select = 'SELECT * FROM later';
    await expect(run(select)).rejects.toMatchObject({ code: '42P01' });
    await run('CREATE TABLE later (a int)');
    expect((await run(select)).rows).toEqual([]);
    await run('ALTER TABLE later ADD COLUMN b text');
    await expect(run(select)).rejects.toMatchObject({ code: '0A000' });
    await run('INSERT INTO later VALUES (1, $1)', 'x');
    expect((await run(select)).rows).toEqual([{ a: 1, b: 'x' }]);
  });

  it('is kept up to a bound; those beyond it work as well', async () => {
    const answers = [];
    for (let place = 0; place < MORE_THAN_KEPT; place += 1)
      answers.push((await run(`SELECT ${place} AS n`)).rows[0]?.n);
    expect(answers).toEqual(Array.from({ length: MORE_THAN_KEPT }, (_, place) => place));
    expect(await kept()).toBe(256);
  });
});
