/** A backup of a running product, and its restore into the data folder of another. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { restoreBackup } from '../../src/runtime/backup-files.ts';
import type { ProductRun, StateView } from './product-run.ts';

export const homeOf = (run: ProductRun): string => join(run.folder, '.driftless');

export async function backup(run: ProductRun): Promise<StateView> {
  const headers = { authorization: `Bearer ${run.env.DRIFTLESS_TOKEN}` };
  const response = await fetch(`${run.url}/api/backup`, { method: 'POST', headers });
  const made = (await response.json()) as StateView;
  expect({ status: response.status, made }).toMatchObject({ status: 200, made: { files: expect.any(Number) } });
  return made;
}

/** The builds stay where they are: a backup has none. */
export async function restoreInto(run: ProductRun, folder: string): Promise<void> {
  const cache = join(homeOf(run), 'cache');
  const kept = join(run.folder, 'cache');
  if (existsSync(cache)) await rename(cache, kept);
  await rm(homeOf(run), { recursive: true });
  await restoreBackup(folder, homeOf(run));
  if (existsSync(kept)) await rename(kept, cache);
}
