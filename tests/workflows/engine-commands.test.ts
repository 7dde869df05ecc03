import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandRequest } from '../../src/domain/order/command.ts';
import { hashJson } from '../../src/lib/ids.ts';
import { EngineHarness, lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { temporalAddress } from '../support/temporal-address.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = (sol: number) => ({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(sol) }) as const;
const WITHDRAW = (sol: number) => ({ kind: 'withdraw', asset: 'SOL', amount: lamportsOf(sol) }) as const;

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({ address: temporalAddress(), policy: { cooldownMs: 8_000 } });
});
afterAll(async () => await engine?.close());

describe('a paper day', () => {
  it('opens, restores the target after a deposit, cools down, closes, and stops', async () => {
    const opened = await engine.carryOut(OPEN(5));
    expect(opened).toMatchObject({
      success: true,
      data: {
        status: 'done',
        requested_size: 5,
        filled_size: 5,
        commitment: 'confirmed',
        mode: 'paper',
        engine_id: engine.engineId,
      },
    });
    expect(await engine.perp()).toBe(-5n * SOL);
    expect((await engine.untilState('the target', (state) => state.hedgeTarget > 0)).hedgeTarget).toBeCloseTo(0.5, 4);

    expect(await engine.carryOut(DEPOSIT(2))).toMatchObject({ success: true, message: 'Deposited 2 SOL' });
    const cooling = await engine.untilState('a rebalance', (state) => state.cooldownUntilMs !== null);
    expect(cooling.cooldownEndsAtMs).not.toBeNull();
    expect(await engine.perp()).toBe(-6n * SOL);

    expect(await engine.carryOut(DEPOSIT(1))).toMatchObject({ success: true });
    const refused = await engine.carryOut({ kind: 'rebalance', market: 'SOL-PERP' });
    expect(refused).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code: 'GATE_BLOCKED' } });
    await until('the second correction, after the cooldown', async () => (await engine.perp()) === -6_500_000_000n);

    const closed = await engine.carryOut(CLOSE);
    expect(closed).toMatchObject({ success: true, data: { status: 'done', filled_size: 6.5, closed_by: 'us' } });
    expect(await engine.perp()).toBe(0n);
    expect((await engine.untilState('the target 0', (state) => state.hedgeTarget === 0)).hedgeTarget).toBe(0);
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: false, error: { code: 'NO_POSITION' } });

    const stopped = await engine.carryOut({ action: 'STOP_ENGINE' });
    expect(stopped).toMatchObject({ success: true, data: { status: 'done', changed: true, state: 'stopped' } });
    expect(await engine.carryOut({ action: 'STOP_ENGINE' })).toMatchObject({ success: true, data: { changed: false } });
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_STOPPED' } });
    expect(await engine.carryOut(WITHDRAW(0.5))).toMatchObject({ success: true, message: 'Withdrew 0.5 SOL' });
    expect(await engine.carryOut({ action: 'START_ENGINE', mode: 'paper' })).toMatchObject({ data: { changed: true } });
    expect(await engine.carryOut({ action: 'START_ENGINE', mode: 'paper' })).toMatchObject({
      data: { changed: false },
    });
    expect(await engine.carryOut({ action: 'START_ENGINE', mode: 'live' })).toMatchObject({
      success: false,
      error: { code: 'ENGINE_RUNNING_OTHER_MODE' },
    });
  });
});

describe('one command id', () => {
  it('has one effect and one answer, sent a hundred times at once and again later', async () => {
    const commandId = randomUUID();
    const before = (await engine.snapshot()).wallet.sol;
    const answers = await Promise.all(Array.from({ length: 100 }, () => engine.send(DEPOSIT(0.1), { commandId })));
    const final = await until('the answer', async () => (await engine.journal.command(commandId))?.answer);
    for (const answer of answers)
      expect([final, expect.objectContaining({ data: expect.objectContaining({ status: 'pending' }) })]).toContainEqual(
        answer,
      );
    expect(await engine.send(DEPOSIT(0.1), { commandId })).toEqual(final);
    expect(before - (await engine.snapshot()).wallet.sol).toBeLessThan(SOL / 5n);
  });

  it('is refused with other data', async () => {
    const commandId = randomUUID();
    await engine.carryOut(DEPOSIT(0.1), { commandId });
    expect(await engine.send(DEPOSIT(0.2), { commandId })).toMatchObject({ error: { code: 'COMMAND_ID_CONFLICT' } });
  });

  it('is answered the same after the worker is gone and back, and when the engine forgot it', async () => {
    const commandId = randomUUID();
    const first = await engine.carryOut(DEPOSIT(0.1), { commandId });
    await engine.stopWorker();
    await engine.startWorker();
    expect(await engine.send(DEPOSIT(0.1), { commandId })).toEqual(first);
  });
});

describe('a command that came without a bridge', () => {
  it.each([
    ['without a signature', { mac: undefined as never }],
    ['with another signature', { mac: 'f'.repeat(64) }],
  ])('%s does nothing, leaves no record, and is told what is right', async (_, change) => {
    const commandId = randomUUID();
    const before = await engine.state();
    const requests: readonly CommandRequest[] = [
      OPEN(1),
      { action: 'STOP_ENGINE' },
      { kind: 'flatten', market: 'SOL-PERP' },
    ];
    for (const request of requests) {
      const answer = await engine.send(request, { commandId, ...change });
      expect(answer).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code: 'UNAUTHORIZED' } });
      expect(answer.data.confirmation_token).toBeUndefined();
    }
    expect(await engine.journal.command(commandId)).toBeNull();
    expect((await engine.state()).holds).toEqual(before.holds);
    expect(await engine.carryOut(DEPOSIT(0.1), { commandId })).toMatchObject({ data: { status: 'done' } });
  });
});

describe('time', () => {
  it('refuses what comes after its not_after, for ever', async () => {
    const commandId = randomUUID();
    const late = { commandId, notAfterMs: Date.now() - 1 };
    expect(await engine.send(DEPOSIT(1), late)).toMatchObject({ error: { code: 'COMMAND_EXPIRED' } });
    expect(await engine.send(DEPOSIT(1), { commandId })).toMatchObject({ error: { code: 'COMMAND_EXPIRED' } });
  });

  it('trades nothing late when the worker was away while commands came', async () => {
    const sol = (await engine.snapshot()).wallet.sol;
    await engine.stopWorker();
    const waiting = engine.send(DEPOSIT(0.5), { notAfterMs: Date.now() + 300 });
    await until('not_after', async () => new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 400)));
    await engine.startWorker();
    expect(await waiting).toMatchObject({ success: false, error: { code: 'COMMAND_EXPIRED' } });
    expect((await engine.snapshot()).wallet.sol).toBe(sol);
  });
});

describe('a question', () => {
  it('asks before exposure beyond tolerance, in paper too, and spends its token once on that very command', async () => {
    const commandId = randomUUID();
    const request = OPEN(14);
    const asked = await engine.send(request, { commandId });
    expect(asked).toMatchObject({
      success: false,
      data: { status: 'confirmation_required', preview: { kind: 'trade', size: -14 } },
      error: { code: 'CONFIRMATION_REQUIRED' },
    });
    const confirmationToken = asked.data.confirmation_token as string;
    const other = {
      kind: 'open',
      market: 'SOL-PERP',
      size: lamportsOf(-15),
    } as const;
    expect(await engine.send(other, { commandId: randomUUID(), confirmationToken })).toMatchObject({
      error: { code: 'CONFIRMATION_INVALID' },
    });
    const confirmed = await engine.carryOut(request, { commandId, confirmationToken });
    expect(confirmed).toMatchObject({ success: true, data: { filled_size: 14 } });
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
    expect(hashJson(request as never)).toHaveLength(64);
  });
});

describe('two tabs', () => {
  it('cannot confirm each other into a larger exposure: the second is asked again, or told so after its wait', async () => {
    const request = OPEN(14);
    const tabs = [randomUUID(), randomUUID()];
    const tokens = await Promise.all(tabs.map((commandId) => engine.send(request, { commandId })));
    const confirm = async (tab: 0 | 1) =>
      await engine.carryOut(request, {
        commandId: tabs[tab] as string,
        confirmationToken: tokens[tab]?.data.confirmation_token as string,
      });
    const answers = await Promise.all([confirm(0), confirm(1)]);
    expect(answers.filter(({ success }) => success)).toHaveLength(1);
    expect(answers.find(({ success }) => !success)?.error?.code).toBe('CONFIRMATION_REQUIRED');
    expect(await engine.perp()).toBe(-14n * SOL);
    expect(await engine.carryOut(CLOSE)).toMatchObject({ success: true });
  });
});

describe('without a position', () => {
  it('REBALANCE is refused and names the OPEN that would hedge', async () => {
    expect(await engine.carryOut({ kind: 'rebalance', market: 'SOL-PERP' })).toMatchObject({
      success: false,
      data: { status: 'rejected' },
      error: { code: 'NO_POSITION', details: { open: { market: 'SOL-PERP', direction: 'short' } } },
    });
    expect(await engine.perp()).toBe(0n);
  });
});

describe('refusals', () => {
  it.each([
    ['an unknown market', { ...OPEN(1), market: 'DOGE-PERP' } as const, 'UNKNOWN_MARKET'],
    ['a size below the minimum', OPEN(0.004), 'BELOW_MINIMUM'],
    ['a size that no collateral carries', OPEN(5_000), 'GATE_BLOCKED'],
    ['a deposit beyond the wallet', DEPOSIT(500), 'INSUFFICIENT_FUNDS'],
    ['a withdrawal beyond the deposit', WITHDRAW(500), 'INSUFFICIENT_FUNDS'],
    ['a close without a position', CLOSE, 'NO_POSITION'],
    ['an adoption without a position', { action: 'ADOPT_POSITION', market: 'SOL-PERP' } as const, 'NO_POSITION'],
  ])('%s', async (_name, request, code) => {
    const answer = await engine.carryOut(request);
    expect(answer).toMatchObject({ success: false, data: { status: 'rejected' }, error: { code } });
    expect(answer.message.length).toBeGreaterThan(10);
  });
});

describe('settling', () => {
  it('moves what a closed position left unsettled, once', async () => {
    const settle = { kind: 'settle', market: 'SOL-PERP' } as const;
    await engine.carryOut(settle);
    expect(await engine.carryOut(settle)).toMatchObject({ success: false, error: { code: 'NO_POSITION' } });
  });

  it('sends one transaction for a double click', async () => {
    await engine.carryOut(OPEN(1));
    const settle = { kind: 'settle', market: 'SOL-PERP' } as const;
    const answers = await Promise.all([engine.carryOut(settle), engine.carryOut(settle)]);
    const [first, second] = [...answers].sort(
      (a, b) => Number(a.data.changed === false) - Number(b.data.changed === false),
    );
    expect(first).toMatchObject({ success: true, data: { status: 'done' } });
    expect(first?.data.changed).toBeUndefined();
    expect(second).toMatchObject({ success: true, data: { changed: false, operation_id: first?.data.operation_id } });
    const settles = (await engine.journal.operations({ engineId: engine.engineId, limit: 50 })).items;
    expect(settles.filter(({ operationId }) => operationId === first?.data.operation_id)).toHaveLength(1);
    await engine.carryOut(CLOSE);
  });
});

describe('flatten', () => {
  it('closes, settles and halts until RESUME; money may leave', async () => {
    await engine.carryOut(OPEN(3));
    expect(await engine.carryOut({ kind: 'flatten', market: 'SOL-PERP' })).toMatchObject({ success: true });
    expect(await engine.perp()).toBe(0n);
    const halted = await engine.untilState('the halt', (state) => state.tradingState === 'halted');
    expect(halted.holds.map((hold) => hold.code)).toEqual(['flattened']);
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_HALTED' } });
    expect(await engine.carryOut(WITHDRAW(0.1))).toMatchObject({ success: true });
    expect(await engine.carryOut({ action: 'RESUME' })).toMatchObject({ success: true, data: { changed: true } });
    expect(await engine.carryOut({ action: 'RESUME' })).toMatchObject({ success: true, data: { changed: false } });
  });
});
