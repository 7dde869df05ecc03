/** Which setting decides each field of the policy, and how its value becomes the field. */
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { SettingName, SettingValues } from './setting-table.ts';

export const LIVE_MAX_LEVERAGE = 5;
const PAPER_MAX_LEVERAGE = 10;
const MS = 1_000;

interface PolicySetting<T> {
  readonly setting: SettingName;
  readonly value: (read: SettingValues) => T;
}

/** @throws RangeError: a default is missing in the table */
export function needed<T>(value: T | null): T {
  if (value === null) throw new RangeError('a setting with a default has no value');
  return value;
}

const from = <Name extends SettingName, T>(
  setting: Name,
  convert: (value: NonNullable<SettingValues[Name]>) => T,
): PolicySetting<T> => ({
  setting,
  value: (read) => convert(needed(read[setting]) as NonNullable<SettingValues[Name]>),
});
const same = <Name extends SettingName>(setting: Name) => from(setting, (value) => value);
const milliseconds = (value: number): number => value * MS;
const baseUnits = (value: bigint): string => value.toString();

const isPaper = (read: SettingValues): boolean => read.ENGINE_MODE === 'paper';

/** `programHash` is read from the chain, not set. */
type SetField = Exclude<keyof PolicyJson, 'programHash'>;

const POLICY_SETTINGS: { readonly [Field in SetField]-?: PolicySetting<PolicyJson[Field]> } = {
  mode: same('ENGINE_MODE'),
  permissions: {
    setting: 'LIVE_PERMISSIONS',
    value: (read) => (isPaper(read) ? 'trading' : needed(read.LIVE_PERMISSIONS)),
  },
  driftTolerancePct: same('DRIFT_TOLERANCE_PCT'),
  cooldownMs: from('COOLDOWN_SECONDS', milliseconds),
  maxSlippageBps: same('MAX_SLIPPAGE_BPS'),
  minTradeSize: from('MIN_TRADE_SIZE', baseUnits),
  reservedSol: from('RESERVED_SOL', baseUnits),
  loopIntervalMs: from('LOOP_INTERVAL_SECONDS', milliseconds),
  pollIntervalMs: from('POLL_INTERVAL_SECONDS', milliseconds),
  maxLeverage: {
    setting: 'MAX_LEVERAGE',
    value: (read) => read.MAX_LEVERAGE ?? (isPaper(read) ? PAPER_MAX_LEVERAGE : LIVE_MAX_LEVERAGE),
  },
  confirmAboveUsd: from('CONFIRM_ABOVE_USD', baseUnits),
  maxAutoTradeUsd: from('MAX_AUTO_TRADE_USD', baseUnits),
  hedgeWalletSol: same('HEDGE_WALLET_SOL'),
  guard: same('GUARD'),
  holdingHorizonHours: same('HOLDING_HORIZON_HOURS'),
  maxUnhedgedPct: same('MAX_UNHEDGED_PCT'),
  minLiquidationDistancePct: same('MIN_LIQUIDATION_DISTANCE_PCT'),
  maxSnapshotAgeMs: from('MAX_SNAPSHOT_AGE_SECONDS', milliseconds),
  maxRpcLatencyMs: same('MAX_RPC_LATENCY_MS'),
  maxQuoteDepegPct: same('MAX_QUOTE_DEPEG_PCT'),
  carryPolicy: same('CARRY_POLICY'),
  carryAutoExit: same('CARRY_AUTO_EXIT'),
  carryWindowHours: same('CARRY_WINDOW_HOURS'),
  carryZ: same('CARRY_Z'),
  carryHedgeFraction: same('CARRY_HEDGE_FRACTION'),
  alternativeYieldAprPct: same('ALTERNATIVE_YIELD_APR'),
  maxHedgeSol: { setting: 'MAX_HEDGE_SOL', value: (read) => read.MAX_HEDGE_SOL?.toString() ?? null },
  maxTradesPerDay: { setting: 'MAX_TRADES_PER_DAY', value: (read) => read.MAX_TRADES_PER_DAY },
  marketSpeed: same('MARKET_SPEED'),
};

const FIELDS = Object.keys(POLICY_SETTINGS) as readonly SetField[];

export const policyFrom = (read: SettingValues): PolicyJson =>
  Object.fromEntries(FIELDS.map((field) => [field, POLICY_SETTINGS[field].value(read)])) as unknown as PolicyJson;

/** The settings by which two policies differ, as a person knows them. */
export const differingSettings = (one: PolicyJson, other: PolicyJson): readonly SettingName[] =>
  FIELDS.filter((field) => one[field] !== other[field]).map((field) => POLICY_SETTINGS[field].setting);
