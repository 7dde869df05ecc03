/** `driftless backtest` in this process: the command, with the settings as a start reads them. */
import { backtestCommand } from '../backtest/command.ts';

/** The exit code. */
export const main = (words: readonly string[]): Promise<number> =>
  backtestCommand(words, {
    say: (text) => void process.stdout.write(text),
    tell: (text) => void process.stderr.write(text),
    nowMs: () => performance.now(),
    // Reading settings brings their whole table along; most backtests need none.
    settings: async (given) => (await import('./backtest-settings.ts')).backtestSettings(given),
  });
