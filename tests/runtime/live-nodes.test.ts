/** Sub-accounts of one wallet in one process, on the real program: what they read at a tick is one request. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { stillVelocity } from '../../localnet/tests/support/velocity-still.ts';
import type { VelocityLocalnet } from '../../localnet/velocity/index.ts';
import { spotHeld } from '../../src/domain/margin/margin.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { venueRegistry } from '../../src/runtime/venues.ts';
import { userAddress } from '../../src/venues/velocity/program/addresses.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { openTestJournal } from '../support/journal.ts';
import { denying, lyingNode } from '../support/lying-node.ts';

const FINAL_SLOTS = 40;
const LANDING_SLOTS = 3;
const USDT = 1_000_000n;
const TIMEOUT_MS = 120_000;

/** A node that tells what it was asked to read, the nodes' own clocks apart. */
interface HeardNode {
  readonly url: string;
  readonly asked: (readonly string[])[];
  /** Accounts that it denies. */
  denied: readonly string[];
}

async function heardNode(net: VelocityLocalnet): Promise<HeardNode> {
  const node = await lyingNode(net.rpcUrl);
  const heard: HeardNode = { url: node.url, asked: [], denied: [] };
  node.lie = (answer, addresses) => {
    if (addresses.length > 1) heard.asked.push(addresses);
    return denying(...heard.denied)?.(answer, addresses) ?? null;
  };
  return heard;
}

/** The process's own engine and two of ENGINES_FILE; sub-account n holds n + 1 USDT. */
async function threeEngines(net: VelocityLocalnet, nodes: readonly HeardNode[]) {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-live-nodes-'));
  const tables = { one: { DRIFT_SUB_ACCOUNT: 1 }, two: { DRIFT_SUB_ACCOUNT: 2 } };
  writeFileSync(join(folder, 'engines.json'), JSON.stringify(tables));
  const env = {
    ...{ ENGINE_MODE: 'live', LIVE_VENUE: 'velocity', DRIFT_ENV: 'localnet', LIVE_PERMISSIONS: 'trading' },
    ...{ RPC_URL: nodes.map(({ url }) => url).join(), RPC_WS_URL: net.wsUrl, ENGINES_FILE: 'engines.json' },
    SOLANA_PRIVATE_KEY: JSON.stringify([...net.wallet.secretKey]),
  };
  const genesis = net.chain.genesis.blockhash;
  const settings = loadSettings({ env, dotenv: null, cwd: folder }, { genesis });
  const journal = await openTestJournal();
  const time = { aheadMs: 0 };
  const clock = { nowMs: () => Date.now() + time.aheadMs };
  const registry = venueRegistry({ journal, settings, clock, logger: { warn: () => undefined } });
  onTestFinished(async () => {
    await registry.closeAll();
    await journal.close();
    rmSync(folder, { recursive: true });
  });
  const venues: Venue[] = [];
  for (const { engineId } of [settings, ...settings.engines]) {
    const venue = await registry.venueOf(engineId);
    venues.push(venue);
    await deposit(net, venue, BigInt(venues.length) * USDT);
  }
  /** The next tick of the clock. */
  const tick = (): number => {
    time.aheadMs += 5_000;
    return clock.nowMs();
  };
  return { venues, tick };
}

async function deposit(net: VelocityLocalnet, venue: Venue, amount: bigint): Promise<void> {
  const intent = { kind: 'deposit', asset: 'USDT', amount: amount.toString() } as const;
  expect(await venue.simulate(intent)).toMatchObject({ ok: true });
  const attempt = await venue.sign(intent);
  await venue.submit(attempt, 0);
  await net.advance(LANDING_SLOTS);
  expect(await venue.status(attempt)).toMatchObject({ kind: 'landed', error: null });
}

describeOnVelocity('three sub-accounts of one wallet', (files) => {
  it(
    'poll and keep their books with one request each, and a node that denies one account disagrees for that one alone',
    async () => {
      const net = await stillVelocity({ files });
      await net.advance(FINAL_SLOTS);
      const nodes = [await heardNode(net), await heardNode(net)] as const;
      const { venues, tick } = await threeEngines(net, nodes);
      await net.advance(FINAL_SLOTS);
      /** What came of it, and how many reads each node was asked for. */
      async function asked<T>(work: () => Promise<T>): Promise<readonly [came: T, asked: readonly number[]]> {
        for (const { asked } of nodes) asked.length = 0;
        const came = await work();
        return [came, nodes.map(({ asked }) => asked.length)];
      }
      const poll = (sinceMs: number) => Promise.all(venues.map((venue) => venue.shared?.poll(sinceMs)));
      const keep = () => Promise.all(venues.map((venue) => venue.keepBooks?.()));
      await poll(tick());
      await keep();

      await net.advance(1);
      const [snapshots, requests] = await asked(() => poll(tick()));
      expect(requests).toEqual([1, 0]);
      expect(new Set(snapshots.map((snapshot) => snapshot?.slot)).size).toBe(1);
      const held = snapshots.map((one) => one?.account && spotHeld(one.account, one.markets, 'USDT'));
      expect(held.map((amount) => Math.round(Number(amount) / 1e4))).toEqual([100, 200, 300]);

      tick();
      expect(await asked(keep)).toEqual([expect.anything(), [1, 0]]);

      // Asked for itself: its own request, for nobody else.
      const others = [0, 2].map((subAccount) => userAddress(net.wallet.address, subAccount));
      expect(await asked(async () => await venues[1]?.read('confirmed'))).toEqual([expect.anything(), [1, 0]]);
      expect(nodes[0].asked[0]?.filter((address) => others.includes(address))).toEqual([]);

      nodes[0].denied = [userAddress(net.wallet.address, 1)];
      const [denied, reads] = await asked(() => poll(tick()));
      expect(denied.map((snapshot) => snapshot?.nodesDisagree != null)).toEqual([false, true, false]);
      expect(denied.every((snapshot) => snapshot?.account != null)).toBe(true);
      expect(reads).toEqual([1, 1]);
    },
    TIMEOUT_MS,
  );
});
