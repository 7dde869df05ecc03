import { afterEach, describe, expect, it } from '@jest/globals';
import { TransientError } from '../../src/lib/errors.ts';
import { lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { LedgerHarness } from '../support/ledger-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const RESUME = { action: 'RESUME' } as const;

let engine: LedgerHarness;
const opened = async (size: number) => {
  engine = await LedgerHarness.openEngine({ address: temporalAddress(), feed: new SteadyFeed() });
  await engine.carryOut(OPEN(size));
  await engine.untilState('the target', ({ hedgeTarget, operation }) => hedgeTarget > 0 && operation === null);
  // Vault and venue have been seen as one, so that there is a mark to tell later differences from.
  const { kept } = engine;
  await until('two more polls', async () => engine.kept > kept + 2);
};
const held = (code: string) => engine.untilState(code, ({ holds }) => holds.some((hold) => hold.code === code));
afterEach(async () => await engine?.close());

describe('a live engine and its venue’s ledger', () => {
  itLong('counts a late fill of ours, without a hold, and keeps what it enlarged', async () => {
    await opened(4);
    await engine.foreignPerp(-5);
    await engine.untilAlert('LATE_FILL');
    const state = await engine.untilState('the target', ({ hedgeTarget }) => hedgeTarget > 0.45);
    expect(state).toMatchObject({ tradingState: 'active', holds: [] });
    expect(await engine.perp()).toBe(-5n * SOL);
  });

  it('holds for somebody else’s trade, told by the ledger', async () => {
    await opened(4);
    engine.foreign = SOL;
    await engine.foreignPerp(-3);
    await held('foreign_trade');
    await engine.untilAlert('FOREIGN_TRADE');
  });

  itLong('trades nothing before the ledger tells who moved the position, and then concludes as ever', async () => {
    await opened(4);
    engine.lagging = 2;
    engine.foreign = SOL;
    await engine.foreignPerp(-3);
    const unsure = await held('resync');
    expect(unsure).toMatchObject({ tradingState: 'halted', holds: [{ permits: 'nothing', clearedBy: 'itself' }] });
    const told = await held('foreign_trade');
    expect(told.holds).toHaveLength(1);
    // The hedge target wants what somebody else took away: it was never bought back unasked.
    expect((await engine.journal.operations({ engineId: engine.engineId, limit: 10 })).items).toHaveLength(1);
  });

  it('halts for what nothing explains after three looks, until RESUME', async () => {
    await opened(4);
    engine.mystery = SOL;
    await engine.foreignPerp(-3);
    const state = await held('desync');
    expect(state.tradingState).toBe('halted');
    expect(await engine.untilAlert('DESYNC')).toMatchObject({ severity: 'critical' });
    expect(await engine.carryOut(RESUME)).toMatchObject({ data: { cleared: ['desync'] } });
    await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
  });

  itLong('halts when the books find money that nothing explains, once', async () => {
    await opened(4);
    engine.unexplained = 1;
    await held('desync');
    await engine.carryOut(RESUME);
    const { kept } = engine;
    await until('more polls', async () => engine.kept > kept + 4);
    expect((await engine.alerts()).filter(({ code, kind }) => code === 'DESYNC' && kind === 'alert')).toHaveLength(1);
  });

  itLong('reads on when the books cannot be kept', async () => {
    await opened(4);
    engine.books = async () => {
      throw new TransientError('RPC_UNREACHABLE', 'No node answers.');
    };
    const before = (await engine.latest())?.takenAtMs ?? 0;
    await until('a later read', async () => ((await engine.latest())?.takenAtMs ?? 0) > before + 1_000);
    expect(await engine.alerts()).not.toContainEqual(expect.objectContaining({ code: 'CONNECTION_LOST' }));
  });
});
