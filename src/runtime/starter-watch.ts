/**
 * Whoever ends `npm start` ends the product. npm runs a shell that runs us; a signal to npm ends the shell, and neither
 * passes it on. So we look whether they still live. Started directly, we have no such starter: a shell may go before us.
 */
import { readFile } from 'node:fs/promises';
import { commandLineOf, isAlive } from './processes.ts';
import { runProgram } from './run-program.ts';

const LOOK_EVERY_MS = 1_000;
const ASK_MS = 5_000;
const RUNNER = /\b(npm|npx|pnpm|yarn|bun)\b/;

/** Calls `gone` once, when the npm that runs the script `start`, or its shell, is gone. Never keeps the process alive. */
export async function watchStarter(env: NodeJS.ProcessEnv, gone: () => void): Promise<void> {
  if (env.npm_lifecycle_event !== 'start') return;
  const parent = process.ppid;
  const starters = [parent];
  const grandparent = await parentOf(parent);
  // Without a shell in between, npm is our parent, and above it stands what called npm: that one may go.
  if (grandparent !== null && RUNNER.test((await commandLineOf(grandparent)) ?? '')) starters.push(grandparent);
  const timer = setInterval(() => {
    // On Windows an orphan keeps the number of its parent; elsewhere it gets another.
    if (process.ppid === parent && starters.every(isAlive)) return;
    clearInterval(timer);
    gone();
  }, LOOK_EVERY_MS);
  timer.unref();
}

async function parentOf(pid: number): Promise<number | null> {
  const text = await (process.platform === 'linux' ? statusOf(pid) : askedParent(pid));
  const parent = Number(text.trim());
  return Number.isInteger(parent) && parent > 1 ? parent : null;
}

async function statusOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  return /^PPid:\s+(\d+)/m.exec(status)?.[1] ?? '';
}

async function askedParent(pid: number): Promise<string> {
  const query = `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").ParentProcessId`;
  const { output } =
    process.platform === 'win32'
      ? await runProgram('powershell', ['-NoProfile', '-Command', query], ASK_MS)
      : await runProgram('ps', ['-o', 'ppid=', '-p', String(pid)], ASK_MS);
  return output;
}
