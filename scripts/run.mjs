/** Runs a program, passes its output on, and returns its exit code. */
import { spawn } from 'node:child_process';

/** @returns {Promise<number>} 1 when it could not be started or was ended by a signal */
export function run(file, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', ...options });
    child.once('error', (error) => {
      process.stderr.write(`${file}: ${error.message}\n`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
