/** Runs another program to its end and gives what it said. */
import { spawn } from 'node:child_process';

const MAX_OUTPUT_CHARS = 64 * 1024;

export interface ProgramResult {
  /** Null when it could not be started, was ended by a signal, or ran out of time. */
  readonly code: number | null;
  readonly output: string;
  /** In words, when `code` is null. */
  readonly problem: string | null;
}

/** Never throws. Output (both streams, in order of arrival) is cut to its last 64 KiB. */
export function runProgram(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, output, problem: error.message });
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      const problem = timedOut ? `no end after ${timeoutMs} ms` : signal === null ? null : `ended by ${signal}`;
      resolve({ code: problem === null ? code : null, output, problem });
    });
  });
}
