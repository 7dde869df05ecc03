import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { itUnless } from '../../localnet/tests/support/unless.ts';
import { noteChanges } from '../../src/journal/generations.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { noPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { Product, productEnv, until } from '../support/product.ts';
import { shareBuild } from '../support/product-run.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const DAYS_30_MS = 30 * 86_400_000;

describe('workers and bridge apart, on one Temporal and one Postgres', () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-roles-'));
  const namespace = `roles-${randomUUID()}`;
  let postgres: TestPostgres | null = null;
  let databaseUrl = '';
  const products: Product[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    if (postgres !== null) databaseUrl = await postgres.createDatabase();
  });
  afterAll(async () => {
    for (const product of products) await product.end();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (role: 'worker' | 'bridge', home: string): Promise<Product> => {
    const env = await productEnv({
      DRIFTLESS_HOME: join(folder, home),
      TEMPORAL_ADDRESS: temporalAddress(),
      TEMPORAL_NAMESPACE: namespace,
      DATABASE_URL: databaseUrl,
      DRIFTLESS_TOKEN: 'a-token-for-the-roles',
      POLL_INTERVAL_SECONDS: '1',
    });
    await shareBuild(join(folder, home), { journal: false });
    const product = new Product(folder, env, [role]);
    products.push(product);
    return product;
  };

  /** As its worker does before it polls. */
  async function newerVersionTakesOver(): Promise<void> {
    const journal = await openJournal({ databaseUrl, dataDir: null });
    await noteChanges(journal.db, ['a-later-change'], '9.9.9');
    await journal.close();
  }

  itUnless(noPostgres())(
    'take a command through any worker, go on when one is gone, and stop when a newer version takes over',
    async () => {
      const [first, second, bridge] = await Promise.all([
        start('worker', 'one'),
        start('worker', 'two'),
        start('bridge', 'three'),
      ]);
      await Promise.all([first.ready(), second.ready(), bridge.ready()]);
      await until('every part to be ready', async () => (await bridge.get('/readyz')).status === 200);
      const deposited = await bridge.command('DRIFT_DEPOSIT', { amount: '1' });
      expect(deposited).toMatchObject({ data: { status: 'done' }, message: 'Deposited 1 SOL' });
      await first.crash();
      const opened = await until('a position in spite of a worker that died', async () => {
        const answer = await bridge.command('DRIFT_OPEN_POSITION', {
          market: 'SOL-PERP',
          direction: 'short',
          size: '1',
        });
        return answer.data.status === 'done' && answer;
      });
      expect(opened.data).toMatchObject({ filled_size: 1 });
      await newerVersionTakesOver();
      expect((await second.exited).code).toBe(1);
      expect(second.output).toMatch(
        /^Driftless 9\.9\.9 has taken over the work of this worker .* Upgrade this process/m,
      );
      expect(second.output).not.toContain('did not stop in time');
      await until('the bridge to say it', () =>
        bridge.output.includes('Driftless 9.9.9 has taken over the work. This bridge'),
      );
      const alerts = (await (await bridge.get('/api/alerts')).json()) as {
        readonly items: readonly { code: string }[];
      };
      expect(alerts.items.filter(({ code }) => code === 'WORKER_SUPERSEDED')).toHaveLength(1);
      expect((await bridge.interrupt()).code).toBe(0);
    },
  );

  itUnless(noPostgres())('make the namespace with thirty days of retention and our search attributes', async () => {
    const connection = await Connection.connect({ address: temporalAddress() });
    try {
      const { config } = await connection.workflowService.describeNamespace({ namespace });
      expect(tsToMs(config?.workflowExecutionRetentionTtl)).toBe(DAYS_30_MS);
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      expect(Object.keys(customAttributes ?? {})).toEqual(
        expect.arrayContaining(['DriftlessEngineId', 'DriftlessStage', 'DriftlessNeedsPerson']),
      );
    } finally {
      await connection.close();
    }
  });
});
