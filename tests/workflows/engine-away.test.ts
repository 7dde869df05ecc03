import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { CriticalError, TransientError } from '../../src/lib/errors.ts';
import { lamportsOf, until } from '../support/engine-harness.ts';
import { LedgerHarness } from '../support/ledger-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

const OPEN = { kind: 'open', market: 'SOL-PERP', size: lamportsOf(-4) } as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const STOP = { action: 'STOP_ENGINE' } as const;
const START = { action: 'START_ENGINE', mode: 'paper' } as const;
const AWAY = new TransientError('RPC_UNREACHABLE', 'No node answered getMultipleAccounts.');
const ROUNDS = 6;

let engine: LedgerHarness;
const begin = async () => {
  engine = await LedgerHarness.openEngine({ address: temporalAddress(), feed: new SteadyFeed() });
};
const opened = async () => {
  await begin();
  expect(await engine.carryOut(OPEN)).toMatchObject({ success: true });
  await engine.untilState('the slot to be free', ({ operation }) => operation === null);
};
const away = async () => {
  engine.failure = AWAY;
  return await engine.untilState('the hold', ({ holds }) => holds.some(({ code }) => code === 'connection'));
};
afterEach(async () => await engine?.close());

describe('while the venue cannot be read', () => {
  it('halts, says why and how often it tries, and refuses what takes risk with the same words', async () => {
    await opened();
    const { tradingState, holds } = await away();
    expect(tradingState).toBe('halted');
    expect(holds[0]?.reason).toBe(
      'Driftless cannot read the account, so nothing can trade: No node answered getMultipleAccounts. No action needed. ' +
        'Driftless tries again every 10 s.',
    );
    for (const request of [OPEN, { kind: 'rebalance', market: 'SOL-PERP' } as const]) {
      const refused = await engine.send(request);
      expect(refused).toMatchObject({ success: false, error: { code: 'ENGINE_HALTED' } });
      expect(refused.message).toContain('tries again every 10 s');
    }
    const deposit = await engine.send({ kind: 'deposit', asset: 'SOL', amount: '1000000' });
    expect(deposit.error).toMatchObject({
      code: 'RPC_UNREACHABLE',
      details: { part: 'venue', retry_after_s: 10 },
    });
  });

  itLong('names the venue when it hangs, and not the journal', async () => {
    await opened();
    engine.hangs = true;
    const deposit = await engine.send({ kind: 'deposit', asset: 'SOL', amount: '1000000' });
    expect(deposit.error).toMatchObject({ code: 'RPC_TIMEOUT', details: { part: 'venue' } });
    engine.hangs = false;
  });

  it('accepts a way out, which goes first as soon as the venue is back', async () => {
    await opened();
    await away();
    const commandId = randomUUID();
    expect(await engine.send(CLOSE, { commandId })).toMatchObject({ success: true, data: { status: 'pending' } });
    expect((await engine.state()).operation).toBeNull();
    // Off target when it comes back: the engine's own correction would have a claim to the slot.
    await engine.foreignPerp(-4.5);
    engine.failure = null;
    const end = await until('the close', async () => (await engine.journal.command(commandId))?.answer);
    expect(end).toMatchObject({ success: true, data: { status: 'done' } });
    expect(await engine.perp()).toBe(0n);
    const { items } = await engine.journal.operations({ engineId: engine.engineId, limit: 10 });
    expect(items.map(({ kind }) => kind)).toEqual(['close', 'open']);
    await engine.untilAlert('CONNECTION_LOST', 'recovered');
  });
});

describe('what cannot work as configured', () => {
  itLong('stops the engine by its own name, and another reason takes its place', async () => {
    await begin();
    engine.failure = new CriticalError('BAD_SUB_ACCOUNT', 'Sub-account 3 does not exist: set DRIFT_SUB_ACCOUNT to 0.');
    const stopped = await engine.untilState('a stopped engine', ({ state }) => state === 'stopped');
    expect(stopped.holds.find(({ code }) => code === 'stopped')?.reason).toBe(
      'Sub-account 3 does not exist: set DRIFT_SUB_ACCOUNT to 0. The engine is stopped. Fix this, then press Start.',
    );
    expect(await engine.untilAlert('BAD_SUB_ACCOUNT')).toMatchObject({ severity: 'critical' });
    engine.failure = new CriticalError('WRONG_CLUSTER', 'The node is not of mainnet-beta: correct RPC_URL.');
    expect(await engine.untilAlert('WRONG_CLUSTER')).toMatchObject({ severity: 'critical' });
    const other = await engine.untilState('the other reason', ({ holds }) =>
      holds.some(({ code, reason }) => code === 'connection' && reason.includes('correct RPC_URL')),
    );
    expect(other).toMatchObject({ state: 'stopped', tradingState: 'halted' });
    engine.failure = null;
    await engine.untilAlert('WRONG_CLUSTER', 'recovered');
    expect(await engine.send(START)).toMatchObject({ success: true, data: { changed: true, trading_state: 'active' } });
  });
});

describe('an end that the journal tells', () => {
  itLong('counts for the next command, however soon it comes', async () => {
    await begin();
    for (let round = 0; round < ROUNDS; round += 1) {
      const open = await engine.carryOut({ ...OPEN, size: lamportsOf(-1) });
      expect(open).toMatchObject({ success: true });
      const commandId = randomUUID();
      const closing = engine.send(CLOSE, { commandId });
      for (;;) {
        const told = (await engine.journal.command(commandId))?.answer;
        if (told != null) break;
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const stopped = await engine.send(STOP);
      withContext(`round ${round}`, () =>
        expect(stopped).toMatchObject({ success: true, data: { position_open: false } }),
      );
      expect((await closing).success).toBe(true);
      await engine.send(START);
    }
  });
});
