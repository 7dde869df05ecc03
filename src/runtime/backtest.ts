/** `driftless backtest` in this process: the command, with the settings as a start reads them. */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { backtestCommand, backtestRunner, type Runner } from '../backtest/command.ts';
import type { ReadSettings } from '../backtest/jobs.ts';
import type { RunReport } from '../backtest/run-report.ts';
import { DriftlessError, type ErrorReport, ValidationError } from '../lib/errors.ts';

import { childEnvironment } from './child-environment.mjs';

/** Set in the environment of a process that does single runs for another one. */
const RUNNER = 'DRIFTLESS_BACKTEST_RUNNER';
const INTERRUPTED = 130;

/** Reading settings brings their whole table along; most backtests need none. */
const settings: ReadSettings = async (given) => (await import('./backtest-settings.ts')).backtestSettings(given);

interface RunRequest {
  readonly job: number;
  readonly rows: string | null;
}

type RunAnswer = { readonly report: RunReport } | { readonly error: ErrorReport };

/** The exit code. */
export async function main(words: readonly string[]): Promise<number> {
  if (process.env[RUNNER] !== undefined && process.send !== undefined) return await serveRuns(words);
  return await backtestCommand(words, {
    say: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(text),
    nowMs: () => performance.now(),
    cores: availableParallelism(),
    settings,
    temporaryFolder,
    startRunner,
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-backtest-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED));
  return folder;
}

/** This program again, with the same words. */
function startRunner(words: readonly string[]): Runner {
  const program = process.argv[1] as string;
  const child = fork(program, ['backtest', ...words], { env: { ...childEnvironment(process.env), [RUNNER]: '1' } });
  let waiting: { readonly resolve: (answer: RunAnswer) => void; readonly reject: (error: Error) => void } | null = null;
  let ended: Error | null = null;
  child.on('message', (answer) => {
    const { resolve } = waiting ?? {};
    waiting = null;
    resolve?.(answer as RunAnswer);
  });
  const end = (why: string): void => {
    ended ??= new ValidationError('RUN_ENDED', `A process of the backtest ended before its run did: ${why}.`, {
      remedy: 'Start it again; with --sweep it goes on where it was. With --jobs 1 it needs less memory.',
    });
    waiting?.reject(ended);
    waiting = null;
  };
  child.once('error', ({ message }) => end(message));
  child.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  return {
    async run(job, rows) {
      if (ended !== null) throw ended;
      const answer = await new Promise<RunAnswer>((resolve, reject) => {
        waiting = { resolve, reject };
        child.send({ job, rows } satisfies RunRequest);
      });
      if ('report' in answer) return answer.report;
      throw new ValidationError(answer.error.code, answer.error.message, answer.error.details);
    },
    stop: () => {
      if (child.connected) child.disconnect();
    },
  };
}

async function serveRuns(words: readonly string[]): Promise<number> {
  const disconnected = new Promise<number>((resolve) => process.once('disconnect', () => resolve(0)));
  const run = await backtestRunner(words, settings).catch((error: unknown) => (): RunReport => {
    throw error;
  });
  process.on('message', ({ job, rows }: RunRequest) => {
    process.send?.(answerOf(() => run(job, rows)));
  });
  return await disconnected;
}

function answerOf(run: () => RunReport): RunAnswer {
  try {
    return { report: run() };
  } catch (error) {
    if (error instanceof DriftlessError) return { error: error.report() };
    throw error;
  }
}
