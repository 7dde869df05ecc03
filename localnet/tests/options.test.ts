/** Wrong words on the command line of the local chain: one clear line, no stack, and no chain. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { cacheFolder } from '../cache.ts';
import { startFromArguments } from '../drift/main.ts';
import { main } from '../main.ts';
import { LOCALNET_COMMAND } from './support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'driftless-options-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('words that are refused at once', () => {
  it.each([
    [['--nodes', '0'], '--nodes does not accept 0'],
    [['--slot-ms', '0'], '--slot-ms does not accept 0'],
    [['--port', '99999'], '--port does not accept 99999'],
    [['--drift=no'], '--drift takes no value'],
    [['--price', '5'], '--price needs --drift'],
    [['--drift', '--funding', '5'], '--funding does not accept 5'],
    [['--velocity', '--funding', '0.001'], '--funding needs --drift'],
    [['--drift', '--velocity'], '--drift and --velocity exclude each other'],
    [['--drift', '--seed'], '--seed needs a value'],
    [['--other'], 'Unknown option --other'],
  ])('%j', (words, told) => {
    const { status, stderr } = spawnSync(process.execPath, [LOCALNET_COMMAND, ...words], { encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toContain(told);
    expect(stderr).toContain('--help');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('files that cannot be read', () => {
  const broken = join(folder, 'broken.json');
  writeFileSync(broken, '{');

  it.each([
    [{ faultsFile: join(folder, 'none') }, '--faults'],
    [{ faultsFile: broken }, '--faults'],
    [{ accountFiles: [broken] }, '--account'],
    [{ programs: ['address'] }, '--bpf-program takes <address>=<file.so>'],
    [{ programs: [`address=${join(folder, 'none.so')}`] }, '--bpf-program takes <address>=<file.so>'],
  ])('%j', async (options, told) => {
    await expect(main({ port: 0, ...options }, () => {})).rejects.toMatchObject({
      code: 'LOCALNET_OPTION',
      message: expect.stringContaining(told),
    });
  });

  it.each([
    [{ walletFile: join(folder, 'none', 'wallet.json') }, '--wallet-file cannot be written'],
    [{ price: 'walk:' }, '--price takes'],
    [{ price: '0' }, '--price takes'],
  ])('of Drift: %j', async (words, told) => {
    await expect(startFromArguments({ port: 0 }, words, () => {})).rejects.toMatchObject({
      code: 'LOCALNET_OPTION',
      message: expect.stringContaining(told),
    });
  });
});

it('takes an empty HOME or cache setting for none', () => {
  expect(cacheFolder({ HOME: '', XDG_CACHE_HOME: '' })).toMatch(/^\/.*\.cache.driftless$|^[A-Z]:/);
});
