/**
 * A backup of the running product, restored into another folder and started there: an open hedge, a deposit whose outcome is
 * unknown, an operation that was never signed, and a cooldown. The data began with version 0.1.0. docs/architecture/backup.md.
 */
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect } from '@jest/globals';
import { openJournal } from '../../src/journal/open-journal.ts';
import { operationIdOf } from '../../src/lib/ids.ts';
import { readManifest } from '../../src/runtime/backup-manifest.ts';
import { readRestored } from '../../src/runtime/restored-folder.ts';
import {
  DATA_FOLDER_SETTINGS,
  type DataFolderFacts,
  SILENCE,
  SILENT_PAPER,
  unpackDataFolder,
} from '../fixtures/data-folder.ts';
import { itLong } from '../support/long.ts';
import { until } from '../support/product.ts';
import { ProductRun, type StateView } from '../support/product-run.ts';
import { backup, homeOf, restoreInto } from '../support/restoring.ts';

const SETTINGS = { ...DATA_FOLDER_SETTINGS, DRIFT_TOLERANCE_PCT: '100' };
const CLOSE = { market: 'SOL-PERP' } as const;

const runs: ProductRun[] = [];
afterEach(async () => {
  for (const run of runs.splice(0)) await run.end();
});

async function openRun(): Promise<ProductRun> {
  const run = await ProductRun.open(SETTINGS, { journal: false });
  runs.push(run);
  await mkdir(homeOf(run), { recursive: true });
  // No node answers for a transaction until the file is gone.
  await writeFile(join(run.folder, SILENCE), '');
  return run;
}

const engineOf = async (run: ProductRun): Promise<StateView> => (await run.state()).engine;
const operation = async (run: ProductRun, id: string): Promise<StateView | undefined> =>
  (await run.list('operations')).find(({ operation_id }) => operation_id === id);

async function holdsSecret(folder: string, secrets: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const holding: string[] = [];
  for (const file of files) {
    const bytes = await readFile(file);
    if (secrets.some((secret) => bytes.includes(secret))) holding.push(file);
  }
  return holding;
}

/** What the original had begun, and not signed when the backup was made. */
async function beginUnsigned(home: string, { engineId }: DataFolderFacts): Promise<string> {
  const journal = await openJournal({ databaseUrl: null, dataDir: join(home, 'journal') });
  try {
    const commandId = randomUUID();
    const operationId = operationIdOf(engineId, commandId);
    const intent = { kind: 'settle', market: 'SOL-PERP' } as const;
    const createdAtMs = Date.now() - 60_000;
    const begun = {
      operationId,
      engineId,
      kind: 'settle',
      commandId,
      status: 'running',
      createdAtMs,
      intent,
    } as const;
    await journal.writeOperation({ atMs: createdAtMs, operation: begun, transitions: [] });
    return operationId;
  } finally {
    await journal.close();
  }
}

itLong(
  'restored elsewhere it signs nothing, follows what was signed, and trades only after a person said so twice',
  async () => {
    const original = await openRun();
    const facts = await unpackDataFolder('0.1.0', homeOf(original));
    await original.start([], SILENT_PAPER);
    await until('the unknown deposit', async () => (await engineOf(original)).unresolved.length === 1);
    const made = await backup(original);
    const manifest = await readManifest(made.folder);
    expect(manifest.engines).toMatchObject([{ engine_id: facts.engineId, workflow_sequence: expect.any(Number) }]);
    const payloadKeys = (await readFile(join(homeOf(original), 'payload-keys'), 'utf8')).trim();
    expect(await holdsSecret(made.folder, [String(original.env.DRIFTLESS_TOKEN), payloadKeys])).toEqual([]);
    // The original goes on: nothing stands still any longer.
    await until('the original to be ready', () => original.isReady());

    const elsewhere = await openRun();
    await restoreInto(elsewhere, made.folder);
    const unsigned = await beginUnsigned(homeOf(elsewhere), facts);
    await original.product.interrupt();
    await elsewhere.start([], SILENT_PAPER);
    const held = await until('the hold', async () => {
      const engine = await engineOf(elsewhere);
      return engine.trading_state === 'halted' && engine.unresolved.length > 0 && engine;
    });
    expect(held.holds).toContainEqual(
      expect.objectContaining({ code: 'stores_diverged', reason: expect.stringContaining('restored from a backup') }),
    );
    expect(held.cooldown_until).toBe(Date.now() < Date.parse(facts.cooldownUntil) ? facts.cooldownUntil : null);
    const end = await until('the end of what was never signed', async () => {
      const found = await operation(elsewhere, unsigned);
      return found?.ended_at != null && found;
    });
    expect(end).toMatchObject({ status: 'failed', error: { code: 'TRANSACTION_UNKNOWN' }, attempts: [] });
    expect(await operation(elsewhere, facts.unknown.operationId)).toMatchObject({
      ended_at: null,
      attempts: [{ signature: facts.unknown.signature }],
    });

    const caller = await elsewhere.caller();
    rmSync(join(elsewhere.folder, SILENCE));
    await until('the proof', async () => (await operation(elsewhere, facts.unknown.operationId))?.ended_at != null);
    expect(await operation(elsewhere, facts.unknown.operationId)).toMatchObject({
      status: 'done',
      attempts: [{ signature: facts.unknown.signature, outcome: 'confirmed' }],
    });
    // Nobody has said yet that the original is stopped.
    const early = await caller.end('DRIFT_CLOSE_POSITION', CLOSE);
    expect(early).toMatchObject({ success: false, error: { code: 'PERMISSION_DENIED', details: { part: 'restore' } } });

    const commandId = randomUUID();
    const asked = await caller.first('RESUME', {}, commandId);
    expect(asked).toMatchObject({
      data: { status: 'confirmation_required', preview: { reasons: ['ORIGINAL_STOPPED'] } },
    });
    const token = { confirmation_token: asked.data.confirmation_token };
    // A caller sends the same data under the same id, so the confirmation comes from another.
    const confirming = await elsewhere.caller();
    expect(await confirming.first('RESUME', token, commandId)).toMatchObject({ success: true });
    expect(readRestored(homeOf(elsewhere))).toMatchObject({ confirmed_at: expect.any(Number), compared: [] });
    const settled = await caller.end('SETTLE_PNL', CLOSE);
    expect(settled).toMatchObject({ success: false, error: { code: 'PERMISSION_DENIED' } });
    expect(await caller.end('DRIFT_CLOSE_POSITION', CLOSE)).toMatchObject({ success: true });

    expect(await caller.end('RESUME', {})).toMatchObject({ success: true });
    await until('no hold', async () => (await engineOf(elsewhere)).holds.length === 0);
    expect(readRestored(homeOf(elsewhere))).toMatchObject({ compared: [facts.engineId] });
    const open = { market: 'SOL-PERP', direction: 'short', size: 1 };
    expect(await caller.end('DRIFT_OPEN_POSITION', open)).toMatchObject({ success: true });
  },
);
