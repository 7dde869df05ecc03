/** What the backtest of the engine's own policy on the data at hand came to. Plain JSON: it travels through Temporal. */
import { percentText } from '../money/display.ts';

export type CarryBacktest =
  | {
      readonly kind: 'known';
      readonly fromMs: number;
      readonly toMs: number;
      readonly hours: number;
      /** Per cent a year beyond doing nothing. */
      readonly netAprPct: number;
      /** The 90 % interval of that, by block bootstrap. */
      readonly lowAprPct: number;
      readonly highAprPct: number;
      readonly trades: number;
      readonly timeInMarketPct: number;
      /** What this size costs of the rate in each hour that it holds, per cent a year. Null: size moves no rate there. */
      readonly ownSizeAprPct: number | null;
    }
  | { readonly kind: 'unknown'; readonly why: string };

/** At the lower end of its interval it earns more than doing nothing. */
export const beatsNever = (backtest: CarryBacktest): boolean =>
  backtest.kind === 'known' && backtest.trades > 0 && backtest.lowAprPct > 0;

const HOURS_PER_DAY = 24;

export function backtestSentence(backtest: CarryBacktest): string {
  if (backtest.kind === 'unknown') return `The backtest of this policy is not known: ${backtest.why}.`;
  const { netAprPct, lowAprPct, highAprPct, trades, hours, ownSizeAprPct } = backtest;
  const over = `over ${Math.round(hours / HOURS_PER_DAY)} days`;
  const size =
    ownSizeAprPct === null ? '' : ` Its own size is priced: ${percentText(ownSizeAprPct)} a year while it holds.`;
  if (trades === 0) return `The backtest of this policy never entered ${over}, so nothing is proven.${size}`;
  const interval = `[${percentText(lowAprPct)} to ${percentText(highAprPct)}, 90 %]`;
  const verdict = beatsNever(backtest) ? '' : ' That is not more than doing nothing with any confidence.';
  return `The backtest of this policy earned ${percentText(netAprPct)} a year beyond doing nothing ${over} ${interval}.${verdict}${size}`;
}

export const backtestJson = (backtest: CarryBacktest) =>
  backtest.kind === 'unknown'
    ? { known: false, why: backtest.why }
    : {
        known: true,
        from: new Date(backtest.fromMs).toISOString(),
        to: new Date(backtest.toMs).toISOString(),
        hours: backtest.hours,
        net_apr_pct: backtest.netAprPct,
        interval_90_apr_pct: [backtest.lowAprPct, backtest.highAprPct],
        trades: backtest.trades,
        time_in_market_pct: backtest.timeInMarketPct,
        own_size_apr_pct: backtest.ownSizeAprPct,
      };
