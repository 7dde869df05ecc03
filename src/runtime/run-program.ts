/** Runs another program to its end and returns its output. */
import { spawn } from 'node:child_process';
import { childEnvironment } from './child-environment.mjs';

const MAX_OUTPUT_CHARS = 64 * 1024;

interface ProgramResult {
  /** Null when it could not be started, was ended by a signal, or ran out of time. */
  readonly code: number | null;
  readonly output: string;
  /** In words, when `code` is null. */
  readonly problem: string | null;
}

export interface ProgramSetting {
  /** Of which the program gets what `childEnvironment` lets through; our own by default. */
  readonly env?: NodeJS.ProcessEnv;
  readonly settingsOf?: 'npm' | 'pip' | null;
}

/** Never throws. Output (both streams, in order of arrival) is cut to its last 64 KiB. The program ends when we do. */
export function runProgram(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  { env = process.env, settingsOf = null }: ProgramSetting = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(file, args, {
      env: childEnvironment(env, settingsOf),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = () => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, timeoutMs);
    process.once('exit', end);
    const over = (result: ProgramResult) => {
      clearTimeout(timer);
      process.off('exit', end);
      resolve(result);
    };
    child.once('error', (error) => over({ code: null, output, problem: error.message }));
    child.once('close', (code, signal) => {
      const problem = timedOut ? `no end after ${timeoutMs} ms` : signal === null ? null : `ended by ${signal}`;
      over({ code: problem === null ? code : null, output, problem });
    });
  });
}
