/**
 * Says when the engine decides by other settings than those with which this process was started: of several workers the
 * one that started last decides, and a bridge has no say.
 */
import type { AlertSink } from '../alerts/channels.ts';
import { alertId, newAlert, raised } from '../domain/alerts/alert.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import type { Journal } from '../journal/journal.ts';
import type { Clock } from '../lib/clock.ts';
import { hashJson } from '../lib/ids.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Logger } from './logger.ts';

interface SettingsWatchPorts {
  readonly journal: Pick<Journal, 'engine'>;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly engineId: string;
  readonly policy: PolicyJson;
}

const EVERY_MS = 10_000;

/** How a person set them. */
const NAMES: Readonly<Record<keyof PolicyJson, string>> = {
  mode: 'ENGINE_MODE',
  permissions: 'LIVE_PERMISSIONS',
  driftTolerancePct: 'DRIFT_TOLERANCE_PCT',
  cooldownMs: 'COOLDOWN_SECONDS',
  maxSlippageBps: 'MAX_SLIPPAGE_BPS',
  minTradeSize: 'MIN_TRADE_SIZE',
  reservedSol: 'RESERVED_SOL',
  loopIntervalMs: 'LOOP_INTERVAL_SECONDS',
  pollIntervalMs: 'POLL_INTERVAL_SECONDS',
  maxLeverage: 'MAX_LEVERAGE',
  confirmAboveUsd: 'CONFIRM_ABOVE_USD',
  maxAutoTradeUsd: 'MAX_AUTO_TRADE_USD',
  hedgeWalletSol: 'HEDGE_WALLET_SOL',
  guard: 'GUARD',
  holdingHorizonHours: 'HOLDING_HORIZON_HOURS',
  maxUnhedgedPct: 'MAX_UNHEDGED_PCT',
  minLiquidationDistancePct: 'MIN_LIQUIDATION_DISTANCE_PCT',
  maxSnapshotAgeMs: 'MAX_SNAPSHOT_AGE_SECONDS',
  maxRpcLatencyMs: 'MAX_RPC_LATENCY_MS',
  maxQuoteDepegPct: 'MAX_QUOTE_DEPEG_PCT',
  marketSpeed: 'MARKET_SPEED',
};

const differing = (own: PolicyJson, inForce: PolicyJson): readonly string[] =>
  (Object.keys(NAMES) as (keyof PolicyJson)[]).filter((key) => own[key] !== inForce[key]).map((key) => NAMES[key]);

export function watchSettings(ports: SettingsWatchPorts, everyMs = EVERY_MS): Repeated {
  const { logger } = ports;
  const look = differenceTeller(ports);
  // A journal that is away is told by what needs it.
  return repeatEvery(everyMs, async () => {
    await look().catch((err: unknown) => logger.debug({ err }, 'the settings could not be compared'));
  });
}

/** Tells a difference that two looks in a row find: at a start the engine is about to take what the first one misses. */
function differenceTeller({ journal, alerts, clock, logger, engineId, policy }: SettingsWatchPorts) {
  let seen = '';
  let told = '';
  return async (): Promise<void> => {
    const inForce = (await journal.engine(engineId))?.policy ?? policy;
    const settings = differing(policy, inForce);
    const found = settings.length === 0 ? '' : hashJson([policy, inForce]);
    const standing = found !== '' && found === seen;
    seen = found;
    if (!standing || told === found) return;
    told = found;
    const draft = raised('SETTINGS_DIFFER', { settings });
    logger.warn({ settings, own: policy, in_force: inForce }, 'the engine uses other settings than this process');
    // The id follows from both: a restart with the same difference adds nothing.
    await alerts.raise(newAlert({ id: alertId(engineId, draft, found), engineId, tsMs: clock.nowMs(), draft }));
  };
}
