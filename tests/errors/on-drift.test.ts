/** Errors that only a live venue has, through the venue as the product opens it: docs/architecture/errors.md. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { type DriftLocalnet, startDriftLocalnet } from '../../localnet/drift/index.ts';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import type { CommandRequest } from '../../src/domain/order/command.ts';
import type { Settings } from '../../src/runtime/config.ts';
import { watchOtherEngines } from '../../src/runtime/other-engines.ts';
import { ConfiguredEngine, settingsOn } from '../support/configured-engine.ts';
import { lamportsOf, until } from '../support/engine-harness.ts';
import { ERROR, WARN } from '../support/kept-log.ts';
import { longOnly } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const SLOT_MS = 40;
const FINAL_SLOTS = 40;
const SOME_PROGRAM = 'SysvarC1ock11111111111111111111111111111111';
const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: lamportsOf(0.5) } as const;
const START = { action: 'START_ENGINE', mode: 'live' } as const;
const OPEN = {
  kind: 'open',
  market: 'SOL-PERP',
  size: lamportsOf(-0.5),
} as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;

let net: DriftLocalnet;
let engine: ConfiguredEngine | null = null;

const process = async (settings: Settings, engineId?: string): Promise<ConfiguredEngine> => {
  engine = await ConfiguredEngine.startWith({ address: temporalAddress() }, settings, engineId);
  return engine;
};

const logged = async (running: ConfiguredEngine, code: string, level: number) =>
  await until(`${code} in the log`, async () => running.log.has(code, level));

longOnly(describeOnDrift)('on Drift', () => {
  beforeAll(async () => {
    // A seed of its own: engines are named by the wallet, and other tests share the Temporal server.
    net = await startDriftLocalnet({ slotMs: SLOT_MS, fundingHourly: 0.0001, seed: randomUUID() });
    await net.advance(FINAL_SLOTS);
  });
  afterEach(async () => {
    await engine?.close();
    engine = null;
  });
  afterAll(async () => await net?.stop());

  it.each<[string, string, () => Settings]>([
    ['BAD_SUB_ACCOUNT', 'no such sub-account', () => settingsOn(net, { DRIFT_SUB_ACCOUNT: '3' })],
    [
      'USER_NOT_INITIALISED',
      'nothing to watch, and only reading is allowed',
      () =>
        settingsOn(net, {
          SOLANA_PRIVATE_KEY: null,
          AUTHORITY: net.wallet.address,
          LIVE_PERMISSIONS: 'read-only',
        }),
    ],
    ['WRONG_CLUSTER', 'a node of another cluster', () => settingsOn(net, { DRIFT_ENV: 'devnet' })],
    ['DRIFT_NOT_FOUND', 'no Drift there', () => settingsOn(net, { DRIFT_PROGRAM_ID: SOME_PROGRAM })],
    [
      'RPC_URL_MISSING',
      'an engine of before, and no node to read it from',
      () => {
        const settings = settingsOn(net);
        return { ...settings, live: { ...settings.live, rpcUrls: [] } };
      },
    ],
  ])('%s: %s; the engine stops, and no command gets past it', async (code, _what, settings) => {
    const running = await process(settings());
    const { holds } = await running.untilState('a stopped engine', ({ state }) => state === 'stopped');
    expect(holds.map((hold) => hold.code)).toContain('connection');
    expect(await running.untilAlert(code)).toMatchObject({ severity: 'critical' });
    await logged(running, code, ERROR);
    expect(await running.carryOut(START)).toMatchObject({ success: false, error: { code } });
    expect(await running.carryOut(DEPOSIT)).toMatchObject({ success: false });
    expect(await running.failureTypes()).toContain(code);
  });

  async function refusedAs(code: string, running: ConfiguredEngine, request: CommandRequest): Promise<void> {
    const startedAt = Date.now();
    const answer = await running.carryOut(request);
    expect({ took: Date.now() - startedAt < 5_000, answer }).toMatchObject({
      took: true,
      answer: { success: false, data: { status: 'rejected' }, error: { code } },
    });
    await logged(running, code, WARN);
  }

  it('PERMISSION_DENIED, VENUE_PAUSED: refused at once, in the log, and nothing is sent', async () => {
    const running = await process(settingsOn(net, { LIVE_PERMISSIONS: 'capital' }));
    expect(await running.carryOut(DEPOSIT)).toMatchObject({ success: true });
    const { wallet } = await running.snapshot();
    await refusedAs('PERMISSION_DENIED', running, OPEN);
    await refusedAs('PERMISSION_DENIED', running, CLOSE);
    net.pauses.exchange('all');
    try {
      await running.untilAlert('VENUE_PAUSED');
      await refusedAs('VENUE_PAUSED', running, DEPOSIT);
    } finally {
      net.pauses.exchange([]);
    }
    expect((await running.snapshot()).wallet.sol).toBe(wallet.sol);
  });

  it('NO_POSITION: refused at once, in the log, and nothing is sent', async () => {
    const running = await process(settingsOn(net));
    const { wallet } = await running.snapshot();
    await refusedAs('NO_POSITION', running, CLOSE);
    expect((await running.snapshot()).wallet.sol).toBe(wallet.sol);
  });

  it('KEY_MISSING: the account of another key is watched and not traded; ENGINE_UNWATCHED: and not left alone', async () => {
    const other = net.actor('another key');
    await net.advance(2);
    await other.done(other.initialize());
    await other.done(other.deposit('SOL', 5_000_000_000n));
    await other.done(other.trade({ direction: 'short', size: 1_000_000_000n }));
    const running = await process(settingsOn(net), settingsOn(net).engineId.replace(net.wallet.address, other.address));
    await until(
      'the position',
      async () => (await running.latest())?.account?.perps[0]?.baseAmount === -1_000_000_000n,
    );
    const commandId = randomUUID();
    const before = (await running.snapshot()).wallet.sol;
    expect(await running.carryOut(DEPOSIT, { commandId })).toMatchObject({
      success: false,
      error: { code: 'KEY_MISSING' },
    });
    expect((await running.failureTypes(commandId)).filter((type) => type === 'KEY_MISSING')).toHaveLength(1);
    await logged(running, 'KEY_MISSING', WARN);
    expect((await running.snapshot()).wallet.sol).toBe(before);

    const { journal } = running;
    const said: string[] = [];
    const say = (line: string) => void said.push(line);
    await watchOtherEngines({ journal, settings: settingsOn(net), say });
    expect(said.join()).toContain(`${running.engineId} is also open`);
    const paper = settingsOn(net, {
      ...{ ENGINE_MODE: 'paper', RPC_URL: null, RPC_WS_URL: null, SOLANA_PRIVATE_KEY: null, LIVE_PERMISSIONS: null },
    });
    await expect(watchOtherEngines({ journal, settings: paper, say })).rejects.toMatchObject({
      code: 'ENGINE_UNWATCHED',
      category: 'critical',
      message: expect.stringContaining('an open position'),
      details: { engine_id: running.engineId },
    });
  });
});
