/** Velocity's accounts from another chain. There is no mainnet here: another local chain stands for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { PERP_MARKET, SPOT_MARKET } from '../../../src/venues/velocity/program/accounts.ts';
import { perpMarketAddress, spotMarketAddress } from '../../../src/venues/velocity/program/addresses.ts';
import { startLocalnet } from '../../localnet.ts';
import { cloneVelocity, readDumps } from '../../velocity/clone.ts';
import { onTestFinished } from '../support/on-test-finished.ts';
import { describeOnVelocity } from '../support/velocity-files.ts';
import { SOL, stillVelocity, USDT, userOf, velocityTrader } from '../support/velocity-still.ts';

const CONFIRMED_SLOTS = 4;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'driftless-velocity-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

describeOnVelocity('Velocity from elsewhere', (files) => {
  it('is cloned from an RPC with its books and parameters, and lives on here', async () => {
    const there = await stillVelocity({ files, longBase: 60n * SOL });
    await there.advance(CONFIRMED_SLOTS);
    const env = { XDG_CACHE_HOME: folder() };
    const cloned = await cloneVelocity(there.rpcUrl, env);
    expect(cloned.programNote).toBeNull();
    const here = await stillVelocity({ files: { ...files, dumps: readDumps(cloned.folder) } });
    expect(here.field(PERP_MARKET, perpMarketAddress(0), 'baseLong')).toBe(202_040_000_000n + 60n * SOL);
    expect(here.field(SPOT_MARKET, spotMarketAddress(1), 'withdrawGuard')).toBe(117n * SOL);
    const one = await velocityTrader(here, 'one', { usdt: 1_000n * USDT, sol: 5n * SOL });
    const signature = one.placeAndTake({ direction: 'short', base: SOL, price: 70_000_000n });
    await here.advance(1);
    await one.done(signature);
    expect(userOf(here, one.address).perpPositions[0]?.base).toBe(-SOL);
    const withdrawn = one.withdraw('SOL', SOL);
    await here.advance(1);
    await one.done(withdrawn);
  });

  it('lacks what it needs: the accounts are named', async () => {
    const plain = await startLocalnet({ paused: true });
    onTestFinished(() => plain.stop());
    const cloning = cloneVelocity(plain.rpcUrl, { XDG_CACHE_HOME: folder() });
    await expect(cloning).rejects.toThrow(/has no State, SOL-PERP, USDT, SOL, the oracle of SOL/);
    expect(() => readDumps(folder())).toThrow(/lacks State of Velocity/);
  });
});
