/** `/api/carry`, from the latest snapshot and the settings in force. */
import { SOL_PERP } from '../domain/account/account.ts';
import { decodeSnapshot, type Snapshot, type SnapshotJson } from '../domain/account/snapshot.ts';
import { snapshotAgeMs } from '../domain/account/snapshot-age.ts';
import { carryFigures } from '../domain/carry/carry-figures.ts';
import { policyHash } from '../domain/carry/consent.ts';
import { carryVerdict } from '../domain/carry/verdict.ts';
import { placeAdvice } from '../domain/carry/where-to-keep.ts';
import { CARRY_ENDINGS, entriesOn } from '../domain/engine/auto-carry.ts';
import { carryTerms, type Policy } from '../domain/hedge/policy.ts';
import type { EngineRecord } from '../journal/records.ts';
import type * as z from '../lib/codec.ts';
import type { CarryAnswer } from '../protocol/carry.ts';
import { isoTime } from './units-view.ts';

type CarryJson = z.input<typeof CarryAnswer>;

const UNKNOWN = {
  market: SOL_PERP,
  holding: null,
  sentence: 'Stay unhedged: whether hedging would pay is not known. The account has not been read yet.',
  pays: null,
  apr_now: null,
  apr_mean: null,
  apr_error: null,
  apr_lower: null,
  apr_after_our_size: null,
  apr_expected: null,
  apr_costs: null,
  apr_net: null,
  apr_given_up: null,
  per_day: null,
  break_even_days: null,
  size: null,
  size_base: null,
  notional: null,
  round_trip: null,
  round_trip_pct: null,
  horizon_hours: null,
  window_hours: null,
  known_periods: null,
  wanted_periods: null,
  z: null,
  missing: ['the account'],
  advice: null,
} as const;

interface CarryViewInput {
  readonly engineId: string;
  readonly engine: EngineRecord | null;
  readonly snapshot: SnapshotJson | null;
  readonly policy: Policy;
  readonly nowMs: number;
}

export function carryView({ engineId, engine, snapshot: json, policy, nowMs }: CarryViewInput): CarryJson {
  const snapshot = json === null ? null : readable(json);
  const auto = autoView(engineId, engine, policy, snapshot?.marketTimeMs ?? null);
  if (snapshot === null) return { as_of: null, age_ms: null, ...UNKNOWN, auto };
  const terms = carryTerms(policy);
  const { where, text, liquidationDistancePct, lendAprPct } = placeAdvice(snapshot, policy);
  return {
    as_of: isoTime(snapshot.takenAtMs),
    age_ms: snapshotAgeMs(snapshot, nowMs),
    ...carryFigures(snapshot, policy, carryVerdict(snapshot, policy, terms.policy === 'auto')),
    advice: {
      where,
      text,
      liquidation_distance_pct:
        liquidationDistancePct === null || Number.isFinite(liquidationDistancePct) ? liquidationDistancePct : null,
      lend_apr: lendAprPct,
    },
    auto,
  };
}

function autoView(
  engineId: string,
  engine: EngineRecord | null,
  policy: Policy,
  marketTimeMs: number | null,
): CarryJson['auto'] {
  const context = engine?.decisionContext;
  const carry = context?.carry;
  return {
    policy: carryTerms(policy).policy,
    enabled: context === undefined ? null : carry !== undefined,
    policy_hash: policyHash(engineId, policy),
    enabled_at: carry === undefined ? null : isoTime(carry.sinceMs),
    entries_today: carry === undefined || marketTimeMs === null ? null : entriesOn(carry, marketTimeMs),
    ended: context?.carryEnded === undefined ? null : CARRY_ENDINGS[context.carryEnded],
  };
}

/** Null: a row of another version. */
function readable(json: SnapshotJson): Snapshot | null {
  try {
    return decodeSnapshot(json);
  } catch {
    return null;
  }
}
