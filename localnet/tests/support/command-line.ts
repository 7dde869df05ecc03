import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from './on-test-finished.ts';

export const LOCALNET_COMMAND = fileURLToPath(new URL('../../cli.mjs', import.meta.url));

interface LocalnetProcess {
  readonly child: ChildProcess;
  readonly said: { out: string; err: string };
}

/** Runs the command as `npm run localnet` does. The process ends with the test. */
export function runLocalnet(...args: string[]): LocalnetProcess {
  const child = spawn(process.execPath, [LOCALNET_COMMAND, ...args]);
  const said = { out: '', err: '' };
  child.stdout.on('data', (part) => (said.out += part));
  child.stderr.on('data', (part) => (said.err += part));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, said };
}
