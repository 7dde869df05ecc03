/** The carry policy on a running engine: it asks, enters, leaves, and ends, whatever is killed in between. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { policyHash } from '../../src/domain/carry/consent.ts';
import { decodePolicy } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import { atRest, EngineHarness, lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';

/** Short periods, so that the next one is seconds away. */
const PERIOD_MS = 5_000;
const RATE = 5e-5;
const MARKET = 'SOL-PERP';

let engine: EngineHarness;
let feed: SteadyFeed;

async function start(): Promise<void> {
  feed = new SteadyFeed({ rate: RATE, periodMs: PERIOD_MS });
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed,
    periodMs: PERIOD_MS,
    // A question that comes after `pending` is not asked: a slow machine takes its time for the backtest.
    tuning: { answerWithinMs: 15_000 },
    policy: {
      ...{ carryPolicy: 'auto', carryWindowHours: 1, maxHedgeSol: lamportsOf(4), maxTradesPerDay: 2 },
      ...{ maxAutoTradeUsd: '5000000000', cooldownMs: 0 },
    },
  });
}
afterEach(async () => await engine?.close());

const request = () =>
  ({
    action: 'ENABLE_AUTO_CARRY',
    market: MARKET,
    policyHash: policyHash(engine.engineId, decodePolicy(engine.policy)),
  }) as const;

async function enable(): Promise<CommandAnswer> {
  const commandId = randomUUID();
  const asked = await engine.send(request(), { commandId });
  expect(asked.error?.code).toBe('CONFIRMATION_REQUIRED');
  return await engine.send(request(), { commandId, confirmationToken: String(asked.data.confirmation_token) });
}

const isEnabled = async () => (await engine.state()).decisionContext?.carry !== undefined;
const trades = async () => (await engine.journal.trades({ engineId: engine.engineId, limit: 100 })).items;
const operations = async () => (await engine.journal.operations({ engineId: engine.engineId, limit: 100 })).items;
const restart = async () => {
  await engine.stopWorker();
  await engine.startWorker();
};
const perpIs = (sol: number) =>
  until(
    `a perp of ${sol} SOL`,
    async () => (await engine.perp()) === BigInt(lamportsOf(sol)) && atRest(await engine.state()),
  );

describe('CARRY_POLICY=auto', () => {
  it('enters only after a consent, once though it is killed in between, leaves when shorts pay, and ends with CLOSE', async () => {
    await start();
    const wrong = { ...request(), policyHash: 'abcdef0123456789' };
    expect(await engine.send(wrong)).toMatchObject({
      error: { code: 'INVALID_FIELD', details: { field: 'policy_hash' } },
    });
    const asked = await engine.send(request());
    expect(asked).toMatchObject({
      success: false,
      data: {
        status: 'confirmation_required',
        preview: { kind: 'auto_carry', auto_carry: { verdict: { pays: true }, backtest: { known: true } } },
      },
    });
    expect(await operations()).toHaveLength(0);
    expect(await enable()).toMatchObject({ success: true, data: { changed: true } });
    expect(await engine.send(request())).toMatchObject({ success: true, data: { changed: false } });

    await until('an operation of its own', async () => (await operations()).length > 0);
    await restart();
    await perpIs(-4);
    expect((await trades()).map(({ side, size }) => `${side} ${size}`)).toEqual([`sell ${4n * SOL}`]);
    expect(await operations()).toMatchObject([{ kind: 'open', commandId: null, intent: { kind: 'enter' } }]);
    expect((await engine.untilAlert('CARRY_ENTERED')).details).toMatchObject({ size: '4' });

    feed.rate = -RATE;
    await engine.untilAlert('CARRY_LEFT');
    await perpIs(0);
    expect(await isEnabled()).toBe(true);
    expect(await engine.carryOut({ kind: 'close', market: MARKET })).toMatchObject({ error: { code: 'NO_POSITION' } });
    expect(await isEnabled()).toBe(false);
    expect((await engine.untilAlert('AUTO_CARRY_ENDED')).message).toContain('CLOSE ended it');
    expect(await trades()).toHaveLength(2);
    expect(await engine.replay(engine.engineId)).toBe(1);
  });

  itLong('refuses a consent whose backtest does not beat doing nothing', async () => {
    await start();
    feed.rate = -RATE;
    const refused = await until('a look at the new rates', async () => {
      const answer = await engine.send(request());
      return answer.error?.code === 'GATE_BLOCKED' ? answer : null;
    });
    expect(refused.error).toMatchObject({ details: { gates: [{ code: 'CARRY_UNPROVEN', blocks: true }] } });
    expect(await isEnabled()).toBe(false);
  });

  itLong('trades once for each decision, whenever its worker is killed', async () => {
    for (let killedAfterMs = 0; killedAfterMs <= 1_500; killedAfterMs += 300) {
      await start();
      await enable();
      await new Promise((resolve) => setTimeout(resolve, killedAfterMs));
      await restart();
      await perpIs(-4);
      feed.rate = -RATE;
      await until('the way out', async () => (await operations()).length > 1);
      await new Promise((resolve) => setTimeout(resolve, killedAfterMs / 4));
      await restart();
      await perpIs(0);
      expect((await trades()).map(({ side, size }) => `${side} ${size}`).sort()).toEqual([
        `buy ${4n * SOL}`,
        `sell ${4n * SOL}`,
      ]);
      expect(await operations()).toHaveLength(2);
      await engine.close();
    }
    await start();
  });

  itLong('ends when the settings change, and says so', async () => {
    await start();
    await enable();
    await perpIs(-4);
    const { policy, tuning } = engine;
    await engine.handle.executeUpdate('configure', { args: [{ policy: { ...policy, maxTradesPerDay: 3 }, tuning }] });
    expect(await isEnabled()).toBe(false);
    expect((await engine.untilAlert('AUTO_CARRY_ENDED')).message).toContain('a limit was changed');
    feed.rate = -RATE;
    await engine.untilAlert('CARRY_EXIT_DUE');
    expect(await engine.perp()).toBe(-4n * SOL);
  });
});
