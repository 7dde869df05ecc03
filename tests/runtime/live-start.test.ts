/** What a person reads on the terminal when live mode cannot go on as it is configured: one sentence, with the remedy. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type DriftLocalnet, startDriftLocalnet } from '../../localnet/drift/index.ts';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { logLiveStart } from '../../src/runtime/live-start.ts';
import { venueRegistry } from '../../src/runtime/venues.ts';
import { genesisHashOf } from '../support/configured-engine.ts';
import { openTestJournal } from '../support/journal.ts';

const TIMEOUT_MS = 120_000;
const FINAL_SLOTS = 40;
const STOPPED = 'The engine is stopped. Fix this, then press Start.';
const NOWHERE = 'http://127.0.0.1:1';

describeOnDrift('a live start', () => {
  let net: DriftLocalnet;

  beforeAll(async () => {
    net = await startDriftLocalnet({ slotMs: 100, fundingHourly: 0.0001 });
    await net.advance(FINAL_SLOTS);
  }, TIMEOUT_MS);

  afterAll(async () => await net?.stop());

  async function told(env: Record<string, string>): Promise<{ lines: readonly string[]; logged: readonly unknown[] }> {
    const settings = loadSettings(
      {
        env: {
          ENGINE_MODE: 'live',
          LIVE_VENUE: 'drift',
          DRIFT_ENV: 'localnet',
          RPC_URL: net.rpcUrl,
          AUTHORITY: net.wallet.address,
          ...env,
        },
        dotenv: null,
        cwd: '/work',
      },
      { genesis: genesisHashOf(net) },
    );
    const clock = { nowMs: () => Date.now() };
    const journal = await openTestJournal();
    const lines: string[] = [];
    const logged: unknown[] = [];
    const logger = { warn: (fields: unknown) => void logged.push(fields) };
    const venues = venueRegistry({ journal, clock, settings, logger });
    try {
      await logLiveStart({ settings, venues, logger, say: (line) => void lines.push(line) });
    } finally {
      await venues.closeAll();
      await journal.close();
    }
    return { lines, logged };
  }

  const KEYED = () => ({ AUTHORITY: '', SOLANA_PRIVATE_KEY: JSON.stringify([...net.wallet.secretKey]) });

  it.each([
    ['nothing to watch', 'USER_NOT_INITIALISED', {}, ['has no Drift account 0 to watch', 'LIVE_PERMISSIONS=capital']],
    [
      'no such sub-account',
      'BAD_SUB_ACCOUNT',
      { DRIFT_SUB_ACCOUNT: '3' },
      ['Sub-account 3 of', 'Set DRIFT_SUB_ACCOUNT'],
    ],
    [
      'a node of another cluster',
      'WRONG_CLUSTER',
      { DRIFT_ENV: 'mainnet-beta' },
      ['does not belong to mainnet-beta', 'Correct RPC_URL or DRIFT_ENV'],
    ],
    [
      'another program',
      'DRIFT_NOT_FOUND',
      { DRIFT_PROGRAM_ID: 'SysvarC1ock11111111111111111111111111111111' },
      ['DRIFT_PROGRAM_ID'],
    ],
  ])(
    '%s: %s',
    async (_what, code, env, words) => {
      const { lines, logged } = await told(env);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(new RegExp(`^${code}: `));
      for (const word of words) expect(lines[0]).toContain(word);
      expect(lines[0]).toContain(STOPPED);
      // The stack is for the log.
      expect(lines[0]).not.toMatch(/\n|^\s+at /m);
      expect(logged).toMatchObject([{ err: { code } }]);
    },
    TIMEOUT_MS,
  );

  it(
    'no node there: it is tried again by itself',
    async () => {
      const { lines } = await told({ RPC_URL: NOWHERE });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^RPC_UNREACHABLE: No node answered .* Driftless tries again every 10 s\.$/);
    },
    TIMEOUT_MS,
  );

  it(
    'Drift frozen: said after whose wallet it is, and nothing else is',
    async () => {
      net.pauses.exchange('all');
      await net.advance(FINAL_SLOTS);
      const { lines, logged } = await told({ ...KEYED(), LIVE_PERMISSIONS: 'trading' });
      expect(lines[0]).toContain(`wallet ${net.wallet.address} with 100 SOL and 10000 USDC`);
      expect(lines.at(-1)).toMatch(/^Drift is frozen: its administrators have paused everything .*what can be read\.$/);
      expect(logged).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
