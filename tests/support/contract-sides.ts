/** Engines with the same holdings, on paper and on each real program, and the changes that a test makes to their venues. */

import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import { lamports, microUsd } from '../../src/domain/money/units.ts';
import { actionOf, type CommandAnswer, type CommandRequest } from '../../src/domain/order/command.ts';
import { STATE, USER_STATS } from '../../src/venues/velocity/program/accounts.ts';
import { stateAddress, userStatsAddress } from '../../src/venues/velocity/program/addresses.ts';
import { configure } from '../../workflows/messages.ts';
import { EngineHarness, lamportsOf, until } from './engine-harness.ts';
import { LiveEngine, VelocityEngine } from './live-engine.ts';
import { longCrowd } from './velocity-crowd.ts';

/** The engine corrects nothing by itself, and no question is asked. */
const POLICY = { driftTolerancePct: 100, cooldownMs: 0, maxUnhedgedPct: 1, confirmAboveUsd: '1000000000000' } as const;
const QUOTE = 500_000_000n;

/** Flags of Velocity's State, and of somebody's statistics there. */
const ALL_PAUSED = 255;
const NO_TAKES = 2;

export interface ContractSide {
  readonly mode: 'paper' | 'live';
  /** Symbol of the account's quote asset. */
  readonly quote: string;
  readonly engine: EngineHarness;
  /** Final, with the engine at rest before and after. */
  answer(request: CommandRequest): Promise<CommandAnswer>;
  /** What becomes of orders from now on: a part is 40 %. */
  fills(how: 'whole' | 'part' | 'none'): Promise<void>;
  pause(paused: boolean): Promise<void>;
  /** `LIVE_PERMISSIONS` from now on; paper asks for none. */
  permit(permissions: PolicyJson['permissions']): Promise<void>;
  /** Takes the short of 2 SOL away, and the engine has not seen it. */
  strangerCloses(): Promise<void>;
  close(): Promise<void>;
}

async function permit(engine: EngineHarness, permissions: PolicyJson['permissions']): Promise<void> {
  const args = [{ policy: { ...engine.policy, permissions }, tuning: engine.tuning }] as const;
  await engine.handle.executeUpdate(configure, { args: [...args] });
}

async function answerAtRest(engine: EngineHarness, request: CommandRequest): Promise<CommandAnswer> {
  const atRest = () => engine.untilState('nothing running', ({ operation }) => operation === null);
  return await until(`an answer to ${actionOf(request)}`, async () => {
    await atRest();
    const answer = await engine.carryOut(request);
    await atRest();
    // A machine too busy to reach its journal in time sent nothing, and is asked again.
    return answer.error?.code === 'UNAVAILABLE' ? null : answer;
  });
}

export class PaperSide implements ContractSide {
  readonly mode = 'paper';
  readonly quote = 'USDC';
  readonly engine: EngineHarness;
  #fills: 'whole' | 'part' | 'none' = 'whole';

  private constructor(engine: EngineHarness) {
    this.engine = engine;
  }

  static async start(this: void, address: string): Promise<ContractSide> {
    const defaults = {
      sol: lamports(BigInt(lamportsOf(10))),
      usdc: microUsd(QUOTE),
      walletSol: lamports(BigInt(lamportsOf(5))),
    };
    return new PaperSide(await EngineHarness.start({ address, policy: POLICY, defaults }));
  }

  async answer(request: CommandRequest): Promise<CommandAnswer> {
    if (actionOf(request) === 'DRIFT_OPEN_POSITION') this.#arm();
    return await answerAtRest(this.engine, request);
  }

  async fills(how: 'whole' | 'part' | 'none'): Promise<void> {
    this.#fills = how;
  }

  #arm(): void {
    if (this.#fills === 'whole') return;
    this.engine.faults.onSubmit({ kind: 'fills', ppm: this.#fills === 'part' ? 400_000 : 0 });
  }

  async pause(paused: boolean): Promise<void> {
    const all = { deposit: paused, withdraw: paused, increase: paused, reduce: paused, settle: paused };
    this.engine.faults.pause({ ...all, detail: null });
  }

  async strangerCloses(): Promise<void> {
    await this.engine.foreignPerp(0);
  }

  permit = async (permissions: PolicyJson['permissions']): Promise<void> => await permit(this.engine, permissions);
  close = async (): Promise<void> => await this.engine.close();
}

export class DriftSide implements ContractSide {
  readonly mode = 'live';
  readonly quote = 'USDC';
  readonly engine: LiveEngine;

  private constructor(engine: LiveEngine) {
    this.engine = engine;
  }

  static async start(this: void, address: string): Promise<ContractSide> {
    const walletLamports = BigInt(lamportsOf(15.1));
    const engine = await LiveEngine.startLive({ address, policy: POLICY }, { walletLamports, walletUsdc: QUOTE });
    const { net } = engine;
    const actor = net.actor(net.wallet.secretKey);
    await actor.done(actor.initialize('contract'));
    await actor.done(actor.deposit('SOL', BigInt(lamportsOf(10))));
    await actor.done(actor.deposit('USDC', QUOTE));
    await engine.pass(2);
    return new DriftSide(engine);
  }

  answer = async (request: CommandRequest): Promise<CommandAnswer> => await answerAtRest(this.engine, request);

  async fills(how: 'whole' | 'part' | 'none'): Promise<void> {
    const parts = how === 'part' ? [{ afterSlots: 3, share: 0.4 }] : [];
    this.engine.net.keeper.set({ fills: how !== 'none', amm: how === 'whole', parts });
  }

  async pause(paused: boolean): Promise<void> {
    const { net } = this.engine;
    net.pauses.exchange(paused ? 'all' : []);
    await net.advance(5);
  }

  async strangerCloses(): Promise<void> {
    const { net } = this.engine;
    const stranger = net.actor(net.wallet.secretKey);
    await stranger.done(stranger.trade({ direction: 'long', size: BigInt(lamportsOf(2)), reduceOnly: true }));
    await until('the stranger’s fill', async () => (await this.engine.perp()) === 0n);
  }

  permit = async (permissions: PolicyJson['permissions']): Promise<void> => await permit(this.engine, permissions);
  close = async (): Promise<void> => await this.engine.close();
}

/** An order fills where it lands, unless the account's own flag makes it wait for a keeper. */
export class VelocitySide implements ContractSide {
  readonly mode = 'live';
  readonly quote = 'USDT';
  readonly engine: VelocityEngine;

  private constructor(engine: VelocityEngine) {
    this.engine = engine;
  }

  static async start(this: void, address: string): Promise<ContractSide> {
    const walletLamports = BigInt(lamportsOf(15.1));
    const chain = { walletLamports, walletUsdt: QUOTE };
    const engine = await VelocityEngine.startOnVelocity({ address, policy: POLICY }, chain);
    const { net } = engine;
    const actor = net.actor(net.wallet.secretKey);
    await actor.done(actor.initialize('contract'));
    await actor.done(actor.deposit('SOL', BigInt(lamportsOf(10))));
    await actor.done(actor.deposit('USDT', QUOTE));
    await longCrowd(net);
    await engine.pass(2);
    return new VelocitySide(engine);
  }

  answer = async (request: CommandRequest): Promise<CommandAnswer> => await answerAtRest(this.engine, request);

  async fills(how: 'whole' | 'part' | 'none'): Promise<void> {
    const { net } = this.engine;
    const { address } = net.wallet;
    const parts = how === 'part' ? [{ afterSlots: 3, share: 0.4 }] : [];
    net.keeper.setFor(address, { fills: how !== 'none', amm: how === 'whole', parts });
    const pausedOperations = how === 'whole' ? 0 : NO_TAKES;
    net.write(USER_STATS, userStatsAddress(address), { pausedOperations });
    await net.advance(3);
  }

  async pause(paused: boolean): Promise<void> {
    const { net } = this.engine;
    net.write(STATE, stateAddress(), { exchangeStatus: paused ? ALL_PAUSED : 0 });
    await net.advance(5);
  }

  async strangerCloses(): Promise<void> {
    const { net } = this.engine;
    const stranger = net.actor(net.wallet.secretKey);
    const base = BigInt(lamportsOf(2));
    await stranger.done(stranger.placeAndTake({ direction: 'long', base, price: 90_000_000n, reduceOnly: true }));
    await until('the stranger’s fill', async () => (await this.engine.perp()) === 0n);
  }

  permit = async (permissions: PolicyJson['permissions']): Promise<void> => await permit(this.engine, permissions);
  close = async (): Promise<void> => await this.engine.close();
}
