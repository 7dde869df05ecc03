/**
 * The terminal may go away under a running engine: its window is closed, or the program that reads our pipe ends. Each
 * write then fails with an error event that nothing would catch. The engine's work goes on; the log file tells the rest.
 */
import type { Writable } from 'node:stream';
import { visible } from '../lib/visible.ts';

interface Terminal {
  /** Without a line's end. */
  say(line: string): void;
  printError(line: string): void;
  /** As it is. */
  log(text: string): void;
  /** Runs once, when the first of the two is gone; at once when it is gone already. */
  whenGone(tell: (error: Error) => void): void;
}

interface Streams {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** From here on a failed write to either stream ends writing to it, and nothing else. */
export function openTerminal({ stdout, stderr }: Streams = process): Terminal {
  let lost: Error | null = null;
  let tell: ((error: Error) => void) | null = null;
  const writer = (stream: Writable) => {
    let open = true;
    stream.on('error', (error: Error) => {
      open = false;
      if (lost !== null) return;
      lost = error;
      tell?.(error);
    });
    return (text: string) => void (open && stream.write(visible(text)));
  };
  const toStdout = writer(stdout);
  const toStderr = writer(stderr);
  return {
    say: (line) => toStdout(`${line}\n`),
    printError: (line) => toStderr(`${line}\n`),
    log: toStderr,
    whenGone: (listener) => {
      tell = listener;
      if (lost !== null) listener(lost);
    },
  };
}
