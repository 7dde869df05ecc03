import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cloneDrift } from '../../drift/clone.ts';
import { findDriftProgram, startDriftLocalnet } from '../../drift/index.ts';
import { runLocalnet } from '../support/command-line.ts';
import { describeOnDrift, driftProgram } from '../support/drift-program.ts';
import { land, positionOf, SOL, stillDrift, trader } from '../support/drift-still.ts';
import { onTestFinished } from '../support/on-test-finished.ts';
import { hasRecording, RECORDING } from '../support/recording.ts';
import { itUnless } from '../support/unless.ts';
import { until } from '../support/until.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'driftless-drift-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describe('where the program comes from', () => {
  it('is nowhere in an empty cache, and a wrong file is named with both sums', () => {
    const empty = folder();
    expect(findDriftProgram({ XDG_CACHE_HOME: empty })).toBeNull();
    const wrong = join(empty, 'drift.so');
    writeFileSync(wrong, 'not a program');
    expect(() => findDriftProgram({ DRIFT_PROGRAM_PATH: wrong })).toThrow(
      /is not Drift v2\.84\.0: its sha256 is .*080423d7/,
    );
    expect(() => findDriftProgram({ DRIFT_PROGRAM_PATH: join(empty, 'none.so') })).toThrow('cannot be read');
  });

  it('needs --drift, and options within their bounds', async () => {
    for (const args of [
      ['--clone', 'http://127.0.0.1:1'],
      ['--drift', '--funding', '2'],
    ]) {
      const { child, said } = runLocalnet(...args);
      const [code] = await once(child, 'close');
      expect([code, said.err]).toEqual([
        2,
        expect.stringMatching(/--clone needs --drift or --velocity|--funding does not accept 2/),
      ]);
    }
  });
});

describeOnDrift('npm run localnet -- --drift', () => {
  it('says where it listens and whose key is funded, steered over its control endpoint', async () => {
    const walletFile = join(folder(), 'wallet.json');
    const options = ['--price', 'walk:7', '--funding=-0.0001', '--accounts', 'made', '--wallet-file', walletFile];
    const { child, said } = runLocalnet('--drift', '--port', '0', ...options);
    await until('the start', () => said.out.includes('Ctrl-C'));
    expect(said.out).toContain('Drift v2.84');
    const [url = ''] = /(?<=control +)http:\S+/.exec(said.out) ?? [];
    const { drift } = (await (await fetch(`${url}/state`)).json()) as { drift: Record<string, unknown> };
    expect(drift).toMatchObject({
      oracles: { sol: { path: { kind: 'walk', seed: '7' } } },
      funding: { hourly: -0.0001 },
    });
    const key: unknown = JSON.parse(readFileSync(walletFile, 'utf8'));
    expect(key).toHaveLength(64);
    expect(said.out).toContain(String(drift.wallet));
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
  });
});

describeOnDrift('Drift from elsewhere', () => {
  it('is cloned from an RPC, program and accounts, kept in the cache, and lives on here', async () => {
    const cache = folder();
    const there = await startDriftLocalnet({ solPrice: 140, slotMs: 50 });
    onTestFinished(() => there.stop());
    const env = { XDG_CACHE_HOME: cache };
    const cloned = await cloneDrift(there.rpcUrl, env);
    expect(cloned).toMatchObject({ programNote: null });
    expect(findDriftProgram(env)).toBe(cloned.programPath);
    const here = await stillDrift({ program: cloned.programPath ?? '', accountsFolder: cloned.folder });
    expect(here.oracles.sol.price).toBe(140);
    const one = await trader(here, 'one', { sol: 5n * SOL });
    await land(here, one, one.trade({ direction: 'short', size: SOL }));
    await here.advance(12);
    expect(positionOf(here, one.address).base).toBe(-SOL);
  });

  it('that cannot be had is told without the URL’s secrets', async () => {
    const env = { XDG_CACHE_HOME: folder() };
    await expect(cloneDrift('http://127.0.0.1:1/?api-key=secret', env)).rejects.toThrow(/127\.0\.0\.1:1: (?!.*secret)/);
    await expect(cloneDrift('nonsense', env)).rejects.toThrow('URL of an RPC');
    expect(existsSync(join(env.XDG_CACHE_HOME, 'driftless'))).toBe(false);
  });

  it('lacks what it needs: the accounts are named', async () => {
    await expect(startDriftLocalnet({ accountsFolder: folder() })).rejects.toThrow(/lacks accounts of Drift: State \(/);
  });

  itUnless(!hasRecording() && 'that recording is not at hand')(
    'mainnet’s accounts of September 2024 trade here, at their price and with their books',
    async () => {
      const net = await stillDrift({ accountsFolder: RECORDING, program: driftProgram() ?? '', fundingHourly: 0.0001 });
      expect(readdirSync(RECORDING).length).toBeGreaterThan(5);
      expect(net.oracles.sol.price).toBeCloseTo(156.801834, 6);
      const one = await trader(net, 'one', { sol: 10n * SOL });
      await land(net, one, one.trade({ direction: 'short', size: 5n * SOL }));
      await net.advance(12);
      expect(positionOf(net, one.address).base).toBe(-5n * SOL);
      net.jump({ seconds: 2 * 3600 });
      const { quote } = positionOf(net, one.address);
      await land(net, one, one.settleFunding());
      expect(positionOf(net, one.address).quote).toBeGreaterThan(quote);
      await expect(startDriftLocalnet({ accountsFolder: RECORDING, solPrice: 90 })).rejects.toThrow('by a ramp');
    },
  );
});
