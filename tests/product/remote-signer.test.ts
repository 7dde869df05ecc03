/**
 * The whole product without a key: a real `driftless signer` holds it and signs what its policy lists, on the real programs of
 * Velocity and Drift. It is killed in between, and keeps its counters.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { USDC_MINT } from '../../localnet/drift/addresses.ts';
import { startDriftLocalnet } from '../../localnet/drift/index.ts';
import { TIP_ACCOUNTS } from '../../localnet/jito.ts';
import { SOL_MINT } from '../../localnet/perps/token-addresses.ts';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import { startVelocityLocalnet } from '../../localnet/velocity/index.ts';
import { USDT_MINT } from '../../localnet/velocity/markets.ts';
import type { LiveVenueName } from '../../src/lib/ids.ts';
import { ROOT } from '../architecture/imports.ts';
import { type FundedChain, type LiveRun, liveRun } from '../support/live-run.ts';
import { LONG, longOnly } from '../support/long.ts';
import type { Caller } from '../support/product-caller.ts';

const TIMEOUT_MS = 200_000;
const SOL = 1_000_000_000n;
const PERP = { market: 'SOL-PERP' } as const;

type SignedChain = FundedChain & { readonly wallet: { readonly address: string } };

interface World {
  readonly venue: LiveVenueName;
  readonly quote: { readonly asset: 'USDT' | 'USDC'; readonly mint: string };
  readonly startChain: () => Promise<SignedChain>;
}

const chain = { slotMs: 200, skipShare: 0 } as const;

const onVelocity: typeof describeOnVelocity = LONG
  ? describeOnVelocity
  : (title, tests) => longOnly(describe)(title, () => tests({} as never));

onVelocity('the whole product with a remote signer, on Velocity', (files) =>
  signsOn({
    venue: 'velocity',
    quote: { asset: 'USDT', mint: USDT_MINT },
    startChain: () => startVelocityLocalnet({ ...chain, files, longBase: 100n * SOL }),
  }),
);

longOnly(describeOnDrift)('the whole product with a remote signer, on Drift', () =>
  signsOn({
    venue: 'drift',
    quote: { asset: 'USDC', mint: USDC_MINT },
    startChain: () => startDriftLocalnet({ ...chain, fundingHourly: 0.0001 }),
  }),
);

function signsOn({ venue, quote, startChain }: World): void {
  let folder = '';
  const pathOf = (...names: readonly string[]): string => join(folder, ...names);
  let live: LiveRun<SignedChain>;
  let caller: Caller;
  let signer: ChildProcess;
  let said = '';

  async function startSigner(): Promise<void> {
    const words = [join(ROOT, 'scripts/driftless.mjs'), 'signer', '--policy', pathOf('policy.json')];
    signer = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const heard = said.length;
    for (const stream of [signer.stdout, signer.stderr])
      stream?.on('data', (chunk) => {
        said += String(chunk);
      });
    await waitUntil('the signer to listen', async () => said.slice(heard).includes('listening'), {
      withinMs: 60_000,
      everyMs: 100,
    });
  }

  async function killSigner(): Promise<void> {
    const gone = once(signer, 'exit');
    signer.kill('SIGKILL');
    await gone;
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'driftless-signer-'));
    const socket = pathOf('run', 'socket');
    const state = pathOf('lib', 'state.json');
    const net = await startChain();
    for (const name of ['run', 'lib']) mkdirSync(pathOf(name), { mode: name === 'run' ? 0o750 : 0o700 });
    writeFileSync(pathOf('id.json'), JSON.stringify([...net.wallet.secretKey]), { mode: 0o600 });
    const cap = (each: string, per_day: string) => ({ each, per_day });
    const policy = {
      ...{ wallet: net.wallet.address, keypair: 'id.json', socket, state, venue },
      ...{ sub_accounts: [0], perp_market: 0 },
      assets: [
        {
          ...quote,
          decimals: 6,
          spot_market: 0,
          deposit: cap('1000', '1000'),
          withdraw: cap('10', '10'),
        },
        {
          asset: 'SOL',
          decimals: 9,
          spot_market: 1,
          mint: SOL_MINT,
          deposit: cap('10', '12'),
          withdraw: cap('10', '10'),
        },
      ],
      order: cap('6', '6'),
      fee: cap('0.0011', '0.1'),
      tip: { each: '0.0001', accounts: TIP_ACCOUNTS },
    };
    writeFileSync(pathOf('policy.json'), JSON.stringify(policy), { mode: 0o644 });
    await startSigner();
    live = await liveRun(net, venue, {
      ...{ SOLANA_PRIVATE_KEY: undefined, SIGNER_SOCKET: socket, AUTHORITY: net.wallet.address },
      CONFIRM_ABOVE_USD: '1000000',
    });
    await live.run.start();
    caller = await live.run.caller();
  }, TIMEOUT_MS);

  afterAll(async () => {
    signer?.kill('SIGKILL');
    await live?.end();
    if (folder !== '') rmSync(folder, { recursive: true, force: true });
  }, TIMEOUT_MS);

  const done = async (action: string, data: object): Promise<void> => {
    const end = await caller.end(action, data);
    if (!end.success) throw new Error(`${action}: ${JSON.stringify(end.error)}\n${said}`);
  };

  it(
    'deposits and opens what the policy allows',
    async () => {
      await done('DRIFT_DEPOSIT', { amount: '10', asset: 'SOL' });
      await done('DRIFT_DEPOSIT', { amount: '100', asset: quote.asset });
      await done('DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '5' });
      expect(said).toMatch(/"kind":"order","asset":"SOL","amount":"5000000000"/);
      expect(said).not.toContain(readFileSync(pathOf('id.json'), 'utf8').slice(1, 40));
    },
    TIMEOUT_MS,
  );

  it(
    'ends what it does not allow with the signer’s sentence',
    async () => {
      for (const [action, data, words] of [
        ['DRIFT_DEPOSIT', { amount: '5', asset: 'SOL' }, /2 SOL of today’s 12 SOL is left/],
        ['DRIFT_WITHDRAW', { amount: '11', asset: quote.asset }, new RegExp(`at most 10 ${quote.asset}`)],
        ['DRIFT_OPEN_POSITION', { ...PERP, direction: 'short', size: '2' }, /1 SOL of today’s 6 SOL is left/],
      ] as const)
        expect(await caller.end(action, data)).toMatchObject({
          success: false,
          data: { status: 'rejected' },
          error: { code: 'SIGNER_REFUSED', message: expect.stringMatching(words) },
        });
    },
    TIMEOUT_MS,
  );

  it(
    'without the signer nothing is signed and an alert says so; when it is back it knows what it has signed today',
    async () => {
      await killSigner();
      expect(existsSync(pathOf('lib', 'state.json'))).toBe(true);
      expect((await caller.end('DRIFT_DEPOSIT', { amount: '1', asset: quote.asset })).error).toMatchObject({
        code: 'SIGNER_UNREACHABLE',
      });
      const alerts = async () => (await live.run.list('alerts')).map(({ code }) => code);
      await waitUntil('the alert', async () => (await alerts()).includes('SIGNER_MISSING'), {
        withinMs: 60_000,
        everyMs: 100,
      });
      await startSigner();
      expect((await caller.end('DRIFT_DEPOSIT', { amount: '5', asset: 'SOL' })).error).toMatchObject({
        ...{ code: 'SIGNER_REFUSED', details: { refusal: 'DAILY_AMOUNT' } },
      });
      // What takes risk away has no cap.
      await done('DRIFT_CLOSE_POSITION', PERP);
      expect(said).toMatch(/"kind":"reduction"/);
      await done('DRIFT_WITHDRAW', { amount: '5', asset: quote.asset });
      expect(said).toMatch(new RegExp(`"kind":"withdraw\\w*","asset":"${quote.asset}","amount":"5000000"`));
    },
    TIMEOUT_MS,
  );
}
