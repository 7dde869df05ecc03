import { afterEach, describe, expect, it } from '@jest/globals';
import type { PolicyJson } from '../../src/domain/hedge/policy.ts';
import { startEngine } from '../../src/runtime/engine-start.ts';
import { configureSignal } from '../../workflows/messages.ts';
import { EngineHarness, lamportsOf, until } from '../support/engine-harness.ts';
import { openTestJournal } from '../support/journal.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = { kind: 'open', market: 'SOL-PERP', size: lamportsOf(-2) } as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.1) } as const;
const STATE = { action: 'GET_STATE' } as const;
/** Too low for any position. */
const NO_LEVERAGE = { maxLeverage: 0.001 };

let engine: EngineHarness;
afterEach(async () => await engine?.close());
const begin = async () => {
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed: new SteadyFeed(),
    tuning: { maxHistoryEvents: 20 },
  });
};

const runId = async (): Promise<string> => (await engine.handle.describe()).runId;

/** The engine goes into its next run. */
async function renew(): Promise<void> {
  const before = await runId();
  await until('a new run', async () => {
    await engine.carryOut(STATE);
    return (await runId()) !== before;
  });
}

/** A process starts anew beside the engine that Temporal knows, as the product does it: settings first, then the worker. */
async function restart(change: Partial<PolicyJson> = {}): Promise<void> {
  await engine.stopWorker();
  await startEngine({
    client: engine.client,
    journal: engine.journal,
    venues: {
      venueOf: async () => engine.venue,
      accountExists: async () => true,
      seed: async () => undefined,
      closeAll: async () => undefined,
    },
    engineId: engine.engineId,
    policy: { ...engine.policy, ...change },
    tuning: engine.tuning,
    paper: { sol: 0n, usdc: 0n, walletSol: 0n, fundingPeriodMs: 3_600_000 } as never,
    say: () => undefined,
  });
  await engine.startWorker();
}

const held = (code: string) => engine.untilState(code, ({ holds }) => holds.some((hold) => hold.code === code));
const free = () => engine.untilState('no hold', ({ holds }) => holds.length === 0);

describe('a process that starts beside an engine that renewed itself', () => {
  it('gives it its settings, after any number of renewals', async () => {
    await begin();
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: true });
    await renew();
    await restart(NO_LEVERAGE);
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: false, error: { code: 'GATE_BLOCKED' } });
    await renew();
    // Carried into the next run, and changed in the one after that.
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: false, error: { code: 'GATE_BLOCKED' } });
    await renew();
    await restart();
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: true });
    await renew();
    await restart(NO_LEVERAGE);
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: false });
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
    expect(await engine.replay(engine.engineId)).toBeGreaterThan(4);
  });

  itLong('notices a journal that is another than the one that the renewed engine knows', async () => {
    await begin();
    await engine.carryOut(DEPOSIT);
    await renew();
    await renew();
    const known = engine.journal;
    engine.journal = await openTestJournal();
    await engine.openVenue(false);
    await restart();
    await held('stores_diverged');
    expect(await engine.carryOut(DEPOSIT)).toMatchObject({ success: false });
    await known.close();
  });
});

describe('settings that the engine cannot read', () => {
  itLong('leave it reducing under those it has, with the cause, until a process comes with better ones', async () => {
    await begin();
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: true });
    await renew();
    const { maxLeverage: _, ...incomplete } = engine.policy;
    await engine.handle.signal(configureSignal, {
      policy: { ...incomplete, maxSlippageBps: 45, cooldownMs: 0 } as PolicyJson,
      tuning: engine.tuning,
    });
    const { tradingState, holds, policy } = await held('settings_refused');
    expect(policy).toMatchObject({ maxSlippageBps: 45, maxLeverage: engine.policy.maxLeverage });
    expect(tradingState).toBe('reducing');
    expect(holds[0]?.reason).toContain('maxLeverage');
    expect((await engine.untilAlert('SETTINGS_REFUSED')).severity).toBe('critical');
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: false });
    await renew();
    await held('settings_refused');
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
    await restart();
    await free();
    await engine.untilAlert('SETTINGS_REFUSED', 'recovered');
    expect(await engine.carryOut(OPEN)).toMatchObject({ success: true });
  });
});
