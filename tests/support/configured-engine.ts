/** The engine harness over the venue that the product opens from its settings: its own registry, checks and log. */
import { tmpdir } from 'node:os';
import type { DriftLocalnet } from '../../localnet/drift/index.ts';
import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import { type ActivityLog, startActivityLog } from '../../src/runtime/activity-log.ts';
import { loadSettings, type Settings } from '../../src/runtime/config.ts';
import type { Logger } from '../../src/runtime/logger.ts';
import { type VenueRegistry, venueRegistry } from '../../src/runtime/venues.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { EngineHarness, type HarnessOptions } from './engine-harness.ts';
import { failureTypes } from './failure-types.ts';
import { KeptLog } from './kept-log.ts';

const NOW = { nowMs: () => Date.now() };

/** Settings of a process on this chain with its funded wallet's key, allowed to trade; null: not set. */
export function settingsOn(net: DriftLocalnet, given: Readonly<Record<string, string | null>> = {}): Settings {
  const env = {
    ENGINE_MODE: 'live',
    LIVE_VENUE: 'drift',
    DRIFT_ENV: 'localnet',
    RPC_URL: net.rpcUrl,
    RPC_WS_URL: net.wsUrl,
    SOLANA_PRIVATE_KEY: JSON.stringify([...net.wallet.secretKey]),
    LIVE_PERMISSIONS: 'trading',
    CONFIRM_ABOVE_USD: '1000000',
    MAX_RPC_LATENCY_MS: '10000',
    MAX_SNAPSHOT_AGE_SECONDS: '120',
    ...given,
  };
  const set = Object.entries(env).filter(([, value]) => value !== null);
  return loadSettings(
    { env: Object.fromEntries(set) as NodeJS.ProcessEnv, dotenv: null, cwd: tmpdir() },
    { genesis: genesisHashOf(net) },
  );
}

/** As its nodes tell it. */
export const genesisHashOf = (net: DriftLocalnet): string => net.chain.genesis.blockhash;

export class ConfiguredEngine extends EngineHarness {
  readonly log = new KeptLog();
  readonly settings: Settings;
  private readonly registry: { venues: VenueRegistry | null; activityLog: ActivityLog | null } = {
    venues: null,
    activityLog: null,
  };

  private constructor(options: HarnessOptions, settings: Settings, engineId: string) {
    super(options, engineId);
    this.settings = settings;
  }

  /** @param engineId another engine than the settings' own, which the process serves beside it */
  static async startWith(
    options: HarnessOptions,
    settings: Settings,
    engineId = settings.engineId,
  ): Promise<ConfiguredEngine> {
    return await EngineHarness.begin(new ConfiguredEngine(options, settings, engineId), options);
  }

  override get policy(): PolicyJson {
    return { ...this.settings.policy, pollIntervalMs: 300, loopIntervalMs: 300, ...this.options.policy };
  }

  protected override get logger(): Logger {
    return this.log.logger;
  }

  private get venues(): VenueRegistry {
    if (this.registry.venues === null) throw new Error('not opened yet');
    return this.registry.venues;
  }

  protected override venueOf(engineId: string): Promise<Venue> {
    return this.venues.venueOf(engineId);
  }

  protected override accountExists(engineId: string): Promise<boolean> {
    return this.venues.accountExists(engineId);
  }

  override async openVenue(): Promise<void> {
    const { journal, settings, logger, policy } = this;
    this.registry.venues = venueRegistry({ journal, clock: NOW, settings, logger });
    this.registry.activityLog = startActivityLog({ journal, logger, policy, nowMs: NOW.nowMs });
  }

  protected override async closeVenue(): Promise<void> {
    await this.registry.activityLog?.stop();
    await this.registry.venues?.closeAll();
  }

  /** Of the engine's own activities, or of a command's operation. */
  async failureTypes(commandId?: string): Promise<readonly string[]> {
    return await failureTypes(
      this.client,
      commandId === undefined ? this.engineId : this.operation(commandId).workflowId,
    );
  }
}
