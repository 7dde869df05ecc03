/**
 * Settings that an engine cannot take as a whole may still ask for less than it does now. Of each limit that can be read the
 * stricter one holds, so that a lowered limit is in force even where another setting beside it is unreadable.
 */
import { PERMISSIONS } from '../order/permission.ts';
import { decodePolicy, type PolicyJson } from './policy.ts';

type IsStricter<Value> = (configured: Value, carried: Value) => boolean;
type Limits = { readonly [Field in keyof PolicyJson]?: IsStricter<NonNullable<PolicyJson[Field]>> };

const lower: IsStricter<number> = (configured, carried) => configured < carried;
const higher: IsStricter<number> = (configured, carried) => configured > carried;
const lowerAmount: IsStricter<string> = (configured, carried) => BigInt(configured) < BigInt(carried);
const higherAmount: IsStricter<string> = (configured, carried) => BigInt(configured) > BigInt(carried);

const LIMITS: Limits = {
  permissions: (configured, carried) => PERMISSIONS.indexOf(configured) < PERMISSIONS.indexOf(carried),
  // Without it nothing is traded that no person asked for.
  guard: (configured, carried) => !configured && carried,
  cooldownMs: higher,
  maxSlippageBps: lower,
  minTradeSize: higherAmount,
  reservedSol: higherAmount,
  maxLeverage: lower,
  confirmAboveUsd: lowerAmount,
  maxAutoTradeUsd: lowerAmount,
  maxUnhedgedPct: lower,
  minLiquidationDistancePct: higher,
  maxSnapshotAgeMs: lower,
  maxRpcLatencyMs: lower,
  maxQuoteDepegPct: lower,
  // Without it the engine enters nothing by itself.
  carryPolicy: (configured, carried) => configured === 'manual' && carried === 'auto',
  maxHedgeSol: lowerAmount,
  maxTradesPerDay: lower,
};

/** @param configured what a process sent, and what could not be read as a whole */
export function stricterPolicy(carried: PolicyJson, configured: unknown): PolicyJson {
  if (typeof configured !== 'object' || configured === null) return carried;
  const given = configured as Readonly<Record<string, unknown>>;
  let policy = carried;
  for (const [field, isStricter] of Object.entries(LIMITS) as [keyof PolicyJson, IsStricter<unknown>][]) {
    const wanted = { ...carried, [field]: given[field] } as PolicyJson;
    if (given[field] == null || !canBeRead(wanted)) continue;
    if (carried[field] == null || isStricter(wanted[field], carried[field])) {
      policy = { ...policy, [field]: wanted[field] };
    }
  }
  return policy;
}

function canBeRead(policy: PolicyJson): boolean {
  try {
    decodePolicy(policy);
    return true;
  } catch {
    return false;
  }
}
