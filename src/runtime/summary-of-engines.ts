/** The figures of the daily summary where a process has several engines: totals, and a short line for each engine. */
import { setImmediate } from 'node:timers/promises';
import type { Summary } from '../alerts/daily-summary.ts';
import { readable, statisticsView } from '../bridge/account-answers.ts';
import type { AlertSeverity } from '../domain/alerts/alert-row.ts';
import { alertTitle } from '../domain/alerts/alert-table.ts';
import { equityFiguresOf } from '../domain/figures/account-figures.ts';
import { driftState } from '../domain/figures/figures.ts';
import { type EngineWorth, type TotalEquity, totalEquity, walletWorth } from '../domain/figures/total-equity.ts';
import { decodePolicy, type PolicyJson } from '../domain/hedge/policy.ts';
import { percentText } from '../domain/money/display.ts';
import { usdNumber } from '../domain/money/units.ts';
import type { Journal } from '../journal/journal.ts';
import { newestAlerts } from '../journal/standing-alerts.ts';
import { parseEngineId } from '../lib/ids.ts';
import { earned, HOUR_MS, usd } from './summary-figures.ts';

export interface SummarisedEngine {
  readonly engineId: string;
  readonly name: string;
  readonly policy: PolicyJson;
}

/** Exact amounts are micro-USD. */
interface EarnedInSpan {
  readonly net: bigint;
  readonly funding: bigint;
  readonly costs: bigint;
  /** A year, of the capital; null where it would need a caution. */
  readonly aprPct: number | null;
  readonly capital: number | null;
}

export interface EngineDay {
  readonly engineId: string;
  readonly name: string;
  /** Micro-USD; null: unknown. */
  readonly equity: bigint | null;
  /** Of equity, the wallet, and whose it is; absent: the engine's own. */
  readonly wallet?: Pick<EngineWorth, 'wallet' | 'authority'>;
  readonly health: number | null;
  /** Null: nothing is recorded yet. */
  readonly earned: Readonly<Record<(typeof SPANS)[number], EarnedInSpan>> | null;
  /** Titles of what stands, and how bad it is. */
  readonly alerts: readonly { readonly title: string; readonly severity: AlertSeverity }[];
}

const SPANS = ['today', 'week', 'all'] as const;
const SPAN_TITLES = { today: 'Today', week: 'Last 7 days', all: 'Since the start' } as const;
/** A webhook's message is bounded as well. */
const MOST_IN_DATA = 100;
const MOST_LINE_CHARS = 160;

interface SummaryOfEnginesPorts {
  readonly journal: Journal;
  readonly engines: readonly SummarisedEngine[];
  /** One for the whole process, so that paper and real money are never added up. */
  readonly mode: 'paper' | 'live';
}

/** Null: nothing is known of any of them yet. */
export async function summaryOfEngines({ journal, engines, mode }: SummaryOfEnginesPorts): Promise<Summary | null> {
  const days: EngineDay[] = [];
  for (const engine of engines) {
    days.push(await dayOf(engine, journal));
    // An embedded database answers within the microtasks of its caller, and there may be a thousand engines.
    await setImmediate();
  }
  const isKnown = days.some(({ equity, earned: sums }) => equity !== null || sums !== null);
  return isKnown ? summaryOfDays(days, mode) : null;
}

async function dayOf({ engineId, name, policy }: SummarisedEngine, journal: Journal): Promise<EngineDay> {
  const latest = await journal.latestSnapshot(engineId);
  const snapshot = readable(latest?.snapshot ?? null);
  const { spans } = statisticsView(await journal.statistics(engineId), HOUR_MS);
  const newest = [...(await newestAlerts(journal.db, engineId)).values()];
  const equity = snapshot === null ? null : equityFiguresOf(snapshot).equity_usd_base;
  const sumsOf = (span: NonNullable<typeof spans>['today']): EarnedInSpan => ({
    net: BigInt(span.net_base),
    funding: BigInt(span.funding_base),
    costs: BigInt(span.costs_base),
    aprPct: span.caution === null ? span.net_apr_pct : null,
    capital: span.capital,
  });
  return {
    ...{ engineId, name, equity: equity === null ? null : BigInt(equity) },
    ...(snapshot === null ? {} : { wallet: { wallet: walletWorth(snapshot), authority: ownerOf(engineId) } }),
    health: snapshot === null ? null : driftState(snapshot, decodePolicy(policy)).health,
    earned: spans === null ? null : { today: sumsOf(spans.today), week: sumsOf(spans.week), all: sumsOf(spans.all) },
    alerts: newest
      .filter(({ kind, severity }) => kind === 'alert' && severity !== 'info')
      .map(({ code, severity }) => ({ title: alertTitle(code), severity })),
  };
}

/** Null: paper, where each account has a wallet of its own. */
function ownerOf(engineId: string): string | null {
  const parts = parseEngineId(engineId);
  return parts === null || parts.venue === 'paper' ? null : parts.authority;
}

export function summaryOfDays(days: readonly EngineDay[], mode: 'paper' | 'live'): Summary {
  const sorted = days.toSorted((a, b) => rankOf(a) - rankOf(b) || healthOf(a) - healthOf(b) || 0);
  const equity = totalEquity(
    days.map(({ equity: own, wallet }) => ({ wallet: null, authority: null, ...wallet, equity: own })),
  );
  const withAlerts = days.filter(({ alerts }) => alerts.length > 0);
  const standing = days.reduce((sum, { alerts }) => sum + alerts.length, 0);
  const lowest = days.filter(({ health }) => health !== null).toSorted((a, b) => healthOf(a) - healthOf(b))[0];
  const health =
    lowest === undefined ? 'Health: unknown' : `Lowest health: ${percentText(healthOf(lowest))} (${lowest.name})`;
  return {
    lines: [
      `${days.length} engines, ${mode} mode. Equity: ${totalText(equity)}. ${health}.`,
      ...earnedLines(days),
      standing === 0
        ? 'No alert stands.'
        : `Standing alerts: ${standing}, of ${withAlerts.length} ${withAlerts.length === 1 ? 'engine' : 'engines'}.`,
    ],
    engines: sorted.map(lineOf),
    data: {
      ...{ mode, engines: days.length, standing_alerts: standing },
      ...{ equity: equity.sum === null ? null : dollars(equity.sum), equity_unknown: equity.unknown },
      earnings: Object.fromEntries(SPANS.map((span) => [span, earnedData(days, span)])),
      items: sorted.slice(0, MOST_IN_DATA).map(itemOf),
      items_left_out: Math.max(0, days.length - MOST_IN_DATA),
    },
  };
}

/** What stands, by how bad it is; then an engine of which nothing is known. */
function rankOf({ alerts, equity }: EngineDay): number {
  if (alerts.some(({ severity }) => severity === 'critical')) return 0;
  if (alerts.length > 0) return 1;
  return equity === null ? 2 : 3;
}
const healthOf = ({ health }: EngineDay): number => health ?? Number.POSITIVE_INFINITY;

const dollars = (micro: bigint): number => usdNumber(micro.toString());
const totalText = ({ sum, unknown }: TotalEquity): string =>
  `${usd(sum === null ? null : dollars(sum))}${sum === null || unknown === 0 ? '' : ` and ${unknown} unknown`}`;

function earnedData(days: readonly EngineDay[], span: (typeof SPANS)[number]) {
  const known = days.flatMap((day) => (day.earned === null ? [] : [day.earned[span]]));
  const sum = (of: (one: EarnedInSpan) => bigint): number => dollars(known.reduce((total, one) => total + of(one), 0n));
  return {
    net: known.length === 0 ? null : sum(({ net }) => net),
    funding: known.length === 0 ? null : sum(({ funding }) => funding),
    costs: known.length === 0 ? null : sum(({ costs }) => costs),
    net_apr_pct: aprOf(known, days.length),
    engines_unknown: days.length - known.length,
  };
}

/** Each engine's yearly figure by its capital; null unless every engine has one that needs no caution. */
function aprOf(known: readonly EarnedInSpan[], engines: number): number | null {
  let [weighed, capital] = [0, 0];
  for (const one of known) {
    if (one.aprPct === null || one.capital === null) return null;
    weighed += one.aprPct * one.capital;
    capital += one.capital;
  }
  return known.length === engines && capital > 0 ? weighed / capital : null;
}

function earnedLines(days: readonly EngineDay[]): readonly string[] {
  if (days.every((day) => day.earned === null)) return ['Earnings: nothing recorded yet.'];
  return SPANS.map((span) => {
    const { net, funding, costs, net_apr_pct, engines_unknown: unknown } = earnedData(days, span);
    const sums = { net: net ?? 0, funding: funding ?? 0, costs: costs ?? 0, net_apr_pct, caution: null };
    return earned(SPAN_TITLES[span], sums) + (unknown === 0 ? '' : ` Nothing recorded yet of ${unknown}.`);
  });
}

function lineOf({ name, equity, health, earned: sums, alerts }: EngineDay): string {
  const parts = [
    `equity ${usd(equity === null ? null : dollars(equity))}`,
    `health ${health === null ? 'unknown' : percentText(health)}`,
    `today ${usd(sums === null ? null : dollars(sums.today.net))}`,
  ];
  const titles = alerts.map(({ title }) => title).join(', ');
  const line = `- ${name}: ${parts.join(', ')}${titles === '' ? '' : `; ${titles}`}`;
  return line.length > MOST_LINE_CHARS ? `${line.slice(0, MOST_LINE_CHARS - 1)}…` : line;
}

const itemOf = ({ engineId, name, equity, health, earned: sums, alerts }: EngineDay) => ({
  ...{ engine_id: engineId, engine_name: name, health, equity: equity === null ? null : dollars(equity) },
  net_today: sums === null ? null : dollars(sums.today.net),
  standing_alerts: alerts.map(({ title }) => title),
});
