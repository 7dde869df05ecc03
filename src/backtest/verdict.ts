/** What the figures come to, in sentences: above all whether anything beats doing nothing, and how sure that is. */
import { BLOCK_HOURS } from './bootstrap.ts';
import { realityChecks } from './reality-check.ts';
import type { RunReport } from './run-report.ts';

const percent = (value: number): string => `${value.toFixed(1)} %`;
const HOURS_PER_MONTH = 730.5;
const HOURS_PER_DAY = 24;
/** Fewer blocks are drawn whole each time: every resample is the same hours, and the interval a point. */
const LEAST_BLOCKS = 2;

/** `9 months`, `12 days`, `5 hours`: no more than there was. */
function lastedText(hours: number): string {
  const [unit, count] =
    hours >= 2 * HOURS_PER_MONTH
      ? ['month', hours / HOURS_PER_MONTH]
      : hours >= 2 * HOURS_PER_DAY
        ? ['day', hours / HOURS_PER_DAY]
        : ['hour', hours];
  const whole = Math.round(count as number);
  return `${whole} ${unit}${whole === 1 ? '' : 's'}`;
}
const MOST_ENDINGS = 5;

export function verdict(runs: readonly RunReport[]): readonly string[] {
  const tried = runs.filter(({ policy }) => policy !== 'never');
  const best = tried.reduce<RunReport | null>(
    (top, each) => (top === null || each.summary.net_apr_pct > top.summary.net_apr_pct ? each : top),
    null,
  );
  if (best === null) return ['Doing nothing earns nothing and costs nothing; no policy was tried against it.'];
  return [mainSentence(best, tried.length), ...warnings(best, tried), ...endingsOf(tried)];
}

function mainSentence({ policy, summary }: RunReport, tried: number): string {
  const { net_apr_pct: net, interval_90_apr_pct: interval, share_of_resamples_above_zero: share } = summary;
  const [low, high] = interval;
  const lasted = lastedText(summary.hours);
  const over = `over ${lasted} [${low.toFixed(1)} to ${high.toFixed(1)}, 90 %]`;
  const which = tried === 1 ? policy : `the best of ${tried}, ${policy},`;
  if (summary.trades === 0) return `Stay flat: ${which} never opened, so it earned what doing nothing earns.`;
  if (summary.hours < LEAST_BLOCKS * BLOCK_HOURS) {
    return (
      `Stay flat: ${which} ${net <= 0 ? 'lost' : 'earned'} ${percent(Math.abs(net))} a year over ${lasted}. That is too ` +
      'short to tell luck from earning: the interval needs 28 days.'
    );
  }
  if (net <= 0) return `Stay flat: ${which} lost ${percent(-net)} a year ${over}. Nothing here beats doing nothing.`;
  if (low <= 0) {
    return (
      `Stay flat: ${which} earned ${percent(net)} a year ${over}, which is not proven: ` +
      `${Math.round((1 - share) * 100)} of 100 resamples of the same hours earn nothing or lose.`
    );
  }
  return `${which} earned ${percent(net)} a year beyond doing nothing ${over}. The past promises nothing.`;
}

function warnings({ summary }: RunReport, runs: readonly RunReport[]): readonly string[] {
  const said: string[] = [];
  const tried = runs.length;
  if (tried > 1) said.push(`The best of ${tried} tries looks better than it is: part of its lead is luck.`);
  for (const { p } of summary.net_apr_pct > 0 ? realityChecks(runs) : []) {
    if (p === null) continue;
    said.push(
      `If none of the ${tried} were worth anything, the best would still look this good in ${Math.round(p * 100)} of 100 ` +
        "cases (White's reality check).",
    );
  }
  const { basis_apr_pct: basis, net_apr_pct: net, core_apr_pct: core } = summary;
  if (net > 0 && basis > 0.25 * net) {
    said.push(
      `${percent(basis)} a year of it is basis: fills at an hour's average, which no one gets. Without it: ${percent(core)}.`,
    );
  }
  const [low, high] = summary.interval_90_apr_pct;
  if (summary.hours < 4_383 && high - low > 0) said.push('Less than half a year of data: the interval says little.');
  return said;
}

function endingsOf(runs: readonly RunReport[]): readonly string[] {
  const all = runs.flatMap(endings);
  const more = all.length - MOST_ENDINGS;
  return more > 0
    ? [...all.slice(0, MOST_ENDINGS), `… and ${more} more were ended by the guard or a liquidation.`]
    : all;
}

function endings({ policy, summary }: RunReport): readonly string[] {
  if (summary.ended === null) return [];
  const at = new Date(summary.ended.ts * 1_000).toISOString().slice(0, 16);
  const what = summary.ended.why === 'guard' ? 'The guard took the hedge away' : 'The account was liquidated';
  return [`${policy}: ${what} at ${at}; nothing was opened after that.`];
}
