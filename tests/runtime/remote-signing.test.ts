/** A process whose signer does not answer counts as one that cannot sign; settings that would put the key in two places. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { waitUntil } from '../../localnet/tests/support/until.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { watchRemoteSigning } from '../../src/runtime/remote-signing.ts';
import { serveSigner } from '../../src/signer/signer-server.ts';
import { SECRET, WALLET } from '../support/signer-drafts.ts';

const logger = pino({ level: 'silent' });
const wallet = WALLET.toBase58();

it('follows a signer that starts, is another’s, and goes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-signer-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const signerSocket = join(folder, 'socket');
  const watch = await watchRemoteSigning({ live: { signerSocket, authority: wallet }, logger }, 20);
  onTestFinished(watch.stop);
  const until = (answers: boolean) =>
    waitUntil(`answers: ${answers}`, async () => watch.answers() === answers, { withinMs: 20_000, everyMs: 20 });
  expect(watch.answers()).toBe(false);
  let address = wallet;
  const server = await serveSigner(signerSocket, { answer: async () => ({ type: 'hello', address }) });
  await until(true);
  address = '11111111111111111111111111111111';
  await until(false);
  address = wallet;
  await until(true);
  await server.close();
  await until(false);
});

it('a process with its own key needs no signer', async () => {
  const watch = await watchRemoteSigning({ live: { signerSocket: null, authority: wallet }, logger });
  expect(watch.answers()).toBe(true);
  await watch.stop();
});

const LIVE = { ENGINE_MODE: 'live', RPC_URL: 'http://127.0.0.1:1', LIVE_PERMISSIONS: 'trading' };
const settings = (env: NodeJS.ProcessEnv) => loadSettings({ env: { ...LIVE, ...env }, dotenv: null, cwd: '/srv' });

it('a signer takes the place of the key, and both together are refused', () => {
  const remote = { SIGNER_SOCKET: 'run/socket', AUTHORITY: wallet };
  expect(settings(remote).live).toMatchObject({ signerSocket: '/srv/run/socket', authority: wallet, privateKey: null });
  expect(settings({ ...remote, LIVE_PERMISSIONS: 'read-only' }).live.signerSocket).toBeNull();
  for (const key of [{ SOLANA_PRIVATE_KEY: SECRET }, { SOLANA_KEYPAIR_PATH: '/nowhere/id.json' }])
    expect(() => settings({ ...remote, ...key })).toThrow(/SIGNER_SOCKET: the key is the signer’s alone/);
  expect(() => settings({ SIGNER_SOCKET: 'run/socket' })).toThrow(
    /AUTHORITY: got nothing, expected the wallet of the signer/,
  );
});
