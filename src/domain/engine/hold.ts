/** Holds: reasons not to trade, one list. The strictest gives the trading state. */
import type { Json } from '../../lib/errors.ts';

export const HOLD_CODES = [
  'connection',
  'resync',
  'unresolved',
  'backoff',
  'feed_ended',
  'nodes_disagree',
  'verdict_unaccepted',
  'foreign_trade',
  'liquidation',
  'desync',
  'stores_diverged',
  'settings_refused',
  'journal_away',
  'flattened',
  'left_open',
  'guarded',
  'stopped',
] as const;
export type HoldCode = (typeof HOLD_CODES)[number];

export interface Hold {
  readonly code: HoldCode;
  /** The subject, if there can be several holds of a code: an operation id, a market. */
  readonly key?: string;
  readonly sinceMs: number;
  readonly permits: 'reducing' | 'nothing';
  readonly clearedBy: 'itself' | 'person';
  /** In words, with what to do. */
  readonly reason: string;
  readonly details?: Readonly<Record<string, Json | undefined>>;
}

export type TradingState = 'active' | 'reducing' | 'halted';
export type EngineState = 'running' | 'stopping' | 'stopped';

export function tradingStateOf(holds: readonly Hold[]): TradingState {
  if (holds.some((hold) => hold.permits === 'nothing')) return 'halted';
  return holds.length > 0 ? 'reducing' : 'active';
}

const same = (a: Pick<Hold, 'code' | 'key'>, b: Pick<Hold, 'code' | 'key'>) => a.code === b.code && a.key === b.key;

/** Adds the hold, or replaces one of the same code and key and keeps since when it stands. */
export function withHold(holds: readonly Hold[], hold: Hold): readonly Hold[] {
  const standing = holds.find((other) => same(other, hold));
  const next = standing === undefined ? hold : { ...hold, sinceMs: standing.sinceMs };
  return [...holds.filter((other) => !same(other, hold)), next];
}

export const withoutHold = (holds: readonly Hold[], code: HoldCode, key?: string): readonly Hold[] =>
  holds.filter((hold) => hold.code !== code || (key !== undefined && hold.key !== key));
