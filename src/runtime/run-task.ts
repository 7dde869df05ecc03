/**
 * Heavy work in a process of its own. What Vite, webpack, a new database and a download need goes back to the system when
 * that process ends. In ours it would stay for good, some 350 MB of it.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { type ProgramSetting, runProgram } from './run-program.ts';

const TASK = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'scripts', 'task.mjs');
const MAX_SAID_CHARS = 600;

export type TaskName = 'page' | 'workflows' | 'journal' | 'temporal-cli';

/** Null when it is done, else why not, in words. `args`: tasks.ts */
export async function runTask(
  name: TaskName,
  args: readonly string[],
  withinMs: number,
  setting: ProgramSetting = {},
): Promise<string | null> {
  const { code, output, problem } = await runProgram(process.execPath, [TASK, name, ...args], withinMs, setting);
  if (code === 0) return null;
  const said = stripVTControlCharacters(output).trim().slice(0, MAX_SAID_CHARS);
  return [problem ?? '', said].filter((part) => part !== '').join(': ') || `it ended with code ${code}`;
}
