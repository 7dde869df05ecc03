/** The engine harness over the live venue: the real program on a local chain whose slots pass by themselves. */
import { randomUUID } from 'node:crypto';
import { type DriftLocalnet, type DriftLocalnetOptions, startDriftLocalnet } from '../../localnet/drift/index.ts';
import {
  startVelocityLocalnet,
  type VelocityLocalnet,
  type VelocityLocalnetOptions,
} from '../../localnet/velocity/index.ts';
import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import { actionOf, type CommandAnswer, type CommandRequest } from '../../src/domain/order/command.ts';
import type { LiveVenueName } from '../../src/lib/ids.ts';
import type { PerpsVenue } from '../../src/venues/solana-perps/perps-venue.ts';
import type { Venue } from '../../src/venues/venue.ts';
import type { EngineTuning } from '../../workflows/messages.ts';
import { tradingVenue, walletOn, walletOnVelocity } from './drift-wallet.ts';
import { EngineHarness, type HarnessOptions, QUICK_TIMING, until } from './engine-harness.ts';

/** A tenth of mainnet's. */
const SLOT_MS = 40;

/** Windows that are long against these slots and short for a test. */
const LIVE_TIMING = {
  ...QUICK_TIMING,
  confirmMs: 5_000,
  queryMs: 3_000,
  rebroadcastMs: 400,
  orderLifeMs: 8_000,
};

/** Until the markets are finalized too. */
const FINAL_SLOTS = 40;

type PerpsLocalnet = DriftLocalnet | VelocityLocalnet;

abstract class EngineOn<N extends PerpsLocalnet> extends EngineHarness {
  readonly net: N;
  live!: PerpsVenue;

  protected constructor(venue: LiveVenueName, options: HarnessOptions, net: N) {
    // Each on a chain of its own; the name only keeps them apart on one Temporal server.
    super(options, `engine:${venue}-localnet:${net.wallet.address.slice(0, 20)}${randomUUID().slice(0, 8)}:0`);
    this.net = net;
  }

  /** The chain ends with an engine that does not begin. */
  protected static async beginOn<E extends EngineHarness>(
    net: PerpsLocalnet,
    engine: E,
    options: HarnessOptions,
  ): Promise<E> {
    await net.advance(FINAL_SLOTS);
    try {
      return await EngineHarness.begin(engine, options);
    } catch (error) {
      await net.stop();
      throw error;
    }
  }

  protected abstract openOn(net: N): PerpsVenue;

  override get policy(): PolicyJson {
    return {
      ...super.policy,
      mode: 'live',
      permissions: 'trading',
      maxLeverage: 5,
      confirmAboveUsd: '1000000000000',
      maxRpcLatencyMs: 5_000,
      ...this.options.policy,
    };
  }

  override get tuning(): EngineTuning {
    return { ...super.tuning, timing: LIVE_TIMING, ...this.options.tuning };
  }

  protected override get anyVenue(): Venue {
    return this.live;
  }

  protected override async accountExists(): Promise<boolean> {
    return true;
  }

  override async openVenue(): Promise<void> {
    this.live = this.openOn(this.net);
  }

  /** Blocks to come until the chain's clock is this much later; what is due is published on the way. */
  async pass(hours: number): Promise<void> {
    for (let hour = 0; hour < hours; hour += 1) {
      this.net.jump({ seconds: 3_600 });
      await this.net.advance(3);
    }
  }

  /** Its final answer; a machine too busy to reach its journal in time sent nothing, and is asked again. */
  async commanded(request: CommandRequest): Promise<CommandAnswer> {
    return await until(`an answer to ${actionOf(request)}`, async () => {
      const answer = await this.carryOut(request);
      return answer.error?.code === 'UNAVAILABLE' ? null : answer;
    });
  }

  async untilPerp(what: string, met: (size: bigint) => boolean): Promise<void> {
    let size = 0n;
    try {
      await until(what, async () => {
        size = await this.perp();
        return met(size);
      });
    } catch (error) {
      const alerts = (await this.alerts()).map(({ code, message }) => `${code}: ${message}`);
      throw new Error(`${String(error)}; ${size}; ${JSON.stringify(await this.state())}; ${alerts.join(' · ')}`);
    }
  }

  override async close(): Promise<void> {
    await super.close();
    await this.net.stop();
  }
}

export class LiveEngine extends EngineOn<DriftLocalnet> {
  static async startLive(options: HarnessOptions, chain: DriftLocalnetOptions = {}): Promise<LiveEngine> {
    const net = await startDriftLocalnet({ slotMs: SLOT_MS, fundingHourly: 0.0001, ...chain });
    return await EngineOn.beginOn(net, new LiveEngine('drift', options, net), options);
  }

  protected override openOn = (net: DriftLocalnet): PerpsVenue =>
    tradingVenue(this.engineId, walletOn(net, { slotMs: SLOT_MS }));
}

export class VelocityEngine extends EngineOn<VelocityLocalnet> {
  static async startOnVelocity(options: HarnessOptions, chain: VelocityLocalnetOptions = {}): Promise<VelocityEngine> {
    const net = await startVelocityLocalnet({ slotMs: SLOT_MS, ...chain });
    return await EngineOn.beginOn(net, new VelocityEngine('velocity', options, net), options);
  }

  protected override openOn = (net: VelocityLocalnet): PerpsVenue =>
    tradingVenue(this.engineId, walletOnVelocity(net, { slotMs: SLOT_MS }));
}
