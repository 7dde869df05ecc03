/** The carry policy on a running engine: it asks, enters, leaves, and ends, whatever is killed in between. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { policyHash } from '../../src/domain/carry/consent.ts';
import { decodePolicy, type PolicyJson } from '../../src/domain/hedge/policy.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import { operationIdOf } from '../../src/lib/ids.ts';
import { atRest, lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { type DeathPoint, MortalEngine, nameOfDeath } from '../support/mortal-engine.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

/** Short periods, so that the next one is seconds away. */
const PERIOD_MS = 5_000;
const RATE = 5e-5;
const MARKET = 'SOL-PERP';

let engine: MortalEngine;
let feed: SteadyFeed;

async function start(limits: Partial<PolicyJson> = {}): Promise<void> {
  feed = new SteadyFeed({ rate: RATE, periodMs: PERIOD_MS });
  engine = await MortalEngine.startMortal({
    address: temporalAddress(),
    feed,
    periodMs: PERIOD_MS,
    // A question that comes after `pending` is not asked: a slow machine takes its time for the backtest.
    tuning: { answerWithinMs: 15_000 },
    policy: {
      ...{ carryPolicy: 'auto', carryWindowHours: 1, maxHedgeSol: lamportsOf(4), maxTradesPerDay: 2 },
      ...{ maxAutoTradeUsd: '5000000000', cooldownMs: 0, ...limits },
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
const perpIs = (sol: number) =>
  until(
    `a perp of ${sol} SOL`,
    async () => (await engine.perp()) === BigInt(lamportsOf(sol)) && atRest(await engine.state()),
  );

/** Moves the market so that the policy wants this position, and tells by which steps it came about. */
async function stepsOf(sol: number): Promise<ReadonlySet<string>> {
  engine.called.clear();
  feed.rate = sol === 0 ? -RATE : RATE;
  await perpIs(sol);
  return new Set(engine.called);
}

/** The same, with a death on the way: one trade, which its decision names. */
async function tradesOnce(sol: number, point: DeathPoint): Promise<void> {
  const before = { trades: (await trades()).length, operations: (await operations()).length };
  engine.arm(point);
  await stepsOf(sol);
  await until('the death', async () => engine.deaths.at(-1) === nameOfDeath(point));
  await engine.revived();
  expect(await trades()).toHaveLength(before.trades + 1);
  const made = await operations();
  expect(made).toHaveLength(before.operations + 1);
  const told = (await engine.alerts())
    .filter(({ code }) => code === (sol === 0 ? 'CARRY_LEFT' : 'CARRY_ENTERED'))
    .at(-1);
  const { period_ts_ms, policy_hash } = (told?.details ?? {}) as { period_ts_ms?: number; policy_hash?: string };
  const kind = sol === 0 ? 'leave' : 'enter';
  expect(made.map(({ operationId }) => operationId)).toContain(
    operationIdOf(engine.engineId, `carry:${(await engine.state()).epoch}:${policy_hash}:${period_ts_ms}:${kind}`),
  );
}

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
    engine.arm({ activity: 'submit', when: 'after' });
    expect(await enable()).toMatchObject({ success: true, data: { changed: true } });
    expect(await engine.send(request())).toMatchObject({ success: true, data: { changed: false } });

    await perpIs(-4);
    expect(engine.deaths).toEqual(['after submit']);
    expect((await trades()).map(({ side, size }) => `${side} ${size}`)).toEqual([`sell ${4n * SOL}`]);
    expect(await operations()).toMatchObject([{ kind: 'open', commandId: null, intent: { kind: 'enter' } }]);
    expect((await engine.untilAlert('CARRY_ENTERED')).details).toMatchObject({ size: '4' });

    engine.arm({ activity: 'sign', when: 'before' });
    feed.rate = -RATE;
    await engine.untilAlert('CARRY_LEFT');
    await perpIs(0);
    expect(engine.deaths).toEqual(['after submit', 'before sign']);
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

  itLong(
    'trades once for each decision, at whatever step its worker is killed',
    async () => {
      await start({ maxTradesPerDay: 1_000 });
      await enable();
      const steps = { in: await stepsOf(-4), out: await stepsOf(0) };
      for (const way of [steps.in, steps.out]) {
        expect([...way]).toEqual(expect.arrayContaining(['readSnapshot', 'simulate', 'sign', 'submit', 'raiseAlerts']));
      }
      const all = [...new Set([...steps.in, ...steps.out])].flatMap((activity) =>
        (['before', 'after'] as const).map((when) => ({ activity, when })),
      );
      for (const point of all) {
        await withContext(nameOfDeath(point), async () => {
          if (steps.in.has(point.activity)) await tradesOnce(-4, point);
          else await stepsOf(-4);
          if (steps.out.has(point.activity)) await tradesOnce(0, point);
          else await stepsOf(0);
        });
      }
      process.stdout.write(`${engine.deaths.length} deaths: ${engine.deaths.join(', ')}\n`);
      expect(await engine.replay(engine.engineId)).toBeGreaterThan(0);
    },
    900_000,
  );

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
