/**
 * A person's consent to CARRY_POLICY=auto: to one policy with its limits, named by a hash. It ends by itself as soon as what it
 * stood on is gone, and nothing but ENABLE_AUTO_CARRY brings it back. The cases stand in docs/architecture/carry.md.
 */
import type { Hold, HoldCode, EngineState as RunState } from './hold.ts';

export interface CarryConsent {
  readonly policyHash: string;
  readonly market: string;
  /** Wall clock. */
  readonly sinceMs: number;
  readonly operator: string;
  /** Its backtest no longer earns more than doing nothing: not asked again in this period. */
  readonly unproven: { readonly periodMs: number; readonly why: string } | null;
}

/** What the policy has traded, whoever consented to it when. */
export interface CarryTraded {
  /** End of the newest funding period that it traded on: one trade a period, whatever happens to it. */
  readonly decidedPeriodMs: number | null;
  /** Entries of a day of market time (UTC). */
  readonly entries: { readonly dayMs: number; readonly count: number };
}

export const NOTHING_TRADED: CarryTraded = { decidedPeriodMs: null, entries: { dayMs: 0, count: 0 } };

/** As decisions know it. */
export type AutoCarry = CarryConsent & CarryTraded;

export const CARRY_ENDINGS = {
  close: 'CLOSE ended it',
  flatten: 'FLATTEN ended it',
  stopped: 'the engine was stopped',
  settings: 'the policy or a limit was changed',
  guard: 'the guard reduced the position',
  liquidation: 'the venue liquidated the position',
  foreign_trade: 'the position was changed outside Driftless',
  desync: 'the position is not what Driftless can explain',
  stores: "the engine's two stores differ",
} as const;
export type CarryEnding = keyof typeof CARRY_ENDINGS;

/** The part of the engine's state that this is about. */
interface CarryState {
  readonly carry: CarryConsent | null;
  readonly carryTraded: CarryTraded;
  readonly carryEnded: CarryEnding | null;
  readonly state: RunState;
  readonly holds: readonly Hold[];
}

const ENDING_HOLDS: Partial<Record<HoldCode, CarryEnding>> = {
  stopped: 'stopped',
  flattened: 'flatten',
  left_open: 'close',
  guarded: 'guard',
  liquidation: 'liquidation',
  foreign_trade: 'foreign_trade',
  desync: 'desync',
  verdict_unaccepted: 'desync',
  stores_diverged: 'stores',
  settings_refused: 'settings',
};

export const enableAutoCarry = <State extends CarryState>(
  engine: State,
  consent: Omit<CarryConsent, 'unproven'>,
): State => ({ ...engine, carry: { ...consent, unproven: null }, carryEnded: null });

export const endAutoCarry = <State extends CarryState>(engine: State, why: CarryEnding): State =>
  engine.carry === null ? engine : { ...engine, carry: null, carryEnded: why };

/** Whatever changed the state: a consent does not outlive what it stood on. The same object where nothing ends. */
export function endCarryIfOver<State extends CarryState>(engine: State): State {
  if (engine.carry === null) return engine;
  const ending = engine.holds.map(({ code }) => ENDING_HOLDS[code]).find((each) => each !== undefined);
  if (ending !== undefined) return endAutoCarry(engine, ending);
  return engine.state === 'running' ? engine : endAutoCarry(engine, 'stopped');
}

/** Other settings are another policy. `policyHash`: of those in force. */
export const checkConsent = <State extends CarryState>(engine: State, policyHash: string): State =>
  engine.carry === null || engine.carry.policyHash === policyHash ? engine : endAutoCarry(engine, 'settings');

/** A trade of the policy starts: no other one in this period. */
export function noteCarryTrade<State extends CarryState>(
  engine: State,
  {
    periodMs,
    marketTimeMs,
    enters,
  }: { readonly periodMs: number; readonly marketTimeMs: number; readonly enters: boolean },
): State {
  const { entries } = engine.carryTraded;
  const count = entriesOn(engine.carryTraded, marketTimeMs) + 1;
  return {
    ...engine,
    carryTraded: { decidedPeriodMs: periodMs, entries: enters ? { dayMs: dayOf(marketTimeMs), count } : entries },
  };
}

export const noteUnproven = <State extends CarryState>(engine: State, periodMs: number, why: string): State =>
  engine.carry === null ? engine : { ...engine, carry: { ...engine.carry, unproven: { periodMs, why } } };

const DAY_MS = 86_400_000;
const dayOf = (marketTimeMs: number): number => Math.floor(marketTimeMs / DAY_MS) * DAY_MS;

export const entriesOn = ({ entries }: Pick<CarryTraded, 'entries'>, marketTimeMs: number): number =>
  entries.dayMs === dayOf(marketTimeMs) ? entries.count : 0;
