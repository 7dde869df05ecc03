/** `--set NAME=VALUE` of a backtest: the same table, kinds and errors as at a start, for what a backtest reads. */
import type { BacktestSettings } from '../backtest/jobs.ts';
import { decodePolicy } from '../domain/hedge/policy.ts';
import { loadSettings, SettingsError } from './config.ts';
import { SETTING_NAMES, SETTINGS, type SettingName } from './setting-table.ts';

/** Policy settings that only live mode reads, or that have no meaning without a clock. */
const NOT_HERE: readonly SettingName[] = ['LOOP_INTERVAL_SECONDS', 'POLL_INTERVAL_SECONDS'];
/** What the words of the command say; a setting beside them would be passed over. */
const AS_WORDS: Readonly<Partial<Record<SettingName, string>>> = {
  CARRY_POLICY: '--policy confidence',
  CARRY_AUTO_EXIT: '--policy',
  CARRY_WINDOW_HOURS: '--policy confidence:hours=N,block_hours=N/7',
  CARRY_Z: '--policy confidence:z=N',
  CARRY_HEDGE_FRACTION: '--fraction',
  ALTERNATIVE_YIELD_APR: '--policy confidence:exit_apr_pct=N, for the way out',
  MAX_HEDGE_SOL: '--sol and --fraction',
  MAX_TRADES_PER_DAY: '--policy trades:<file>',
};
const NAMES = SETTING_NAMES.filter(
  (name) =>
    (SETTINGS[name].group === 'Policy' && !NOT_HERE.includes(name) && AS_WORDS[name] === undefined) ||
    name === 'FUNDING_PERIOD_SECONDS',
);

/** @throws SettingsError with everything that is wrong */
export function backtestSettings(given: ReadonlyMap<string, string>): BacktestSettings {
  const unknown = [...given.keys()].filter((name) => !(NAMES as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new SettingsError(
      unknown.map((setting) => ({
        setting,
        got: 'a name that a backtest does not read',
        expected: AS_WORDS[setting as SettingName] ?? `one of ${NAMES.join(', ')}`,
      })),
    );
  }
  const settings = loadSettings({ env: Object.fromEntries(given), dotenv: null, cwd: process.cwd() });
  return { limits: decodePolicy(settings.policy), periodMs: settings.paper.fundingPeriodMs };
}
