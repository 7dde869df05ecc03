/** A new embedded database, made in a separate process: the memory for it would stay in ours. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isDatabase } from '../journal/database-folder.ts';
import type { Logger } from './logger.ts';
import { runTask } from './run-task.ts';

const MAKE_MS = 300_000;

/** Does nothing if the folder has content: opening it reports the problem. If this fails, opening makes the database. */
export async function makeNewJournal(folder: string, logger: Logger): Promise<void> {
  if (isDatabase(folder) || (existsSync(folder) && (await readdir(folder)).length > 0)) return;
  const problem = await runTask('journal', [folder], MAKE_MS);
  if (problem !== null) logger.warn({ problem }, 'the journal’s database could not be made in a separate process');
}
