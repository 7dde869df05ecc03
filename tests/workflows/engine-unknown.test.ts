import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Connection } from '@temporalio/client';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { linksOf } from '../../src/bridge/links.ts';
import { exposure } from '../../src/domain/hedge/delta.ts';
import { decodePolicy } from '../../src/domain/hedge/policy.ts';
import { runProgram } from '../../src/runtime/run-program.ts';
import { findTemporalCli } from '../../src/runtime/temporal-cli.ts';
import { resolveTransaction } from '../../workflows/messages.ts';
import { atRest, EngineHarness, lamportsOf, QUICK_TIMING, SOL, until } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { SteadyFeed } from '../support/steady-feed.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

const OPEN = (size: number) => ({ kind: 'open', market: 'SOL-PERP', size: lamportsOf(-size) }) as const;
const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const DEPOSIT = (sol: number) => ({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(sol) }) as const;
const WITHDRAW = (sol: number) => ({ kind: 'withdraw', asset: 'SOL', amount: lamportsOf(sol) }) as const;
const NOBODY_ANSWERS = 100_000;

let engine: EngineHarness;
beforeAll(async () => {
  engine = await EngineHarness.start({
    address: temporalAddress(),
    feed: new SteadyFeed(),
    tuning: { timing: { ...QUICK_TIMING, confirmMs: 300, queryMs: 300 } },
  });
});
afterAll(async () => await engine?.close());
/** Flat, free, and every node answers. */
beforeEach(async () => {
  engine.faults.silence(0);
  await engine.untilState('quiet', atRest);
  await engine.carryOut({ action: 'RESUME' });
  if ((await engine.perp()) !== 0n) await engine.carryOut(CLOSE);
  await engine.untilState('no hold', (state) => state.tradingState === 'active' && atRest(state));
});

/** Sends and waits until its outcome is unknown and the engine holds. */
async function unknown(request: Parameters<EngineHarness['send']>[0]): Promise<string> {
  const commandId = randomUUID();
  engine.faults.silence(NOBODY_ANSWERS);
  await engine.send(request, { commandId });
  const operationId = engine.operationId(commandId);
  await engine.untilState('the hold', ({ holds }) =>
    holds.some((hold) => hold.code === 'unresolved' && hold.key === operationId),
  );
  return commandId;
}

/** What a person chose to hedge, of the spot that there is. */
async function hedged(sol: number): Promise<void> {
  const spot = Number(exposure(await engine.snapshot(), decodePolicy(engine.policy)).spot) / 1e9;
  await engine.untilState(
    `the target ${sol} of ${spot}`,
    ({ hedgeTarget }) => Math.abs(hedgeTarget - sol / spot) < 1e-4,
  );
}

const proven = async (commandId: string) =>
  await until('the end', async () => (await engine.journal.operation(engine.operationId(commandId)))?.endedAtMs);

describe('an outcome that nobody knows', () => {
  it('leaves the slot, is told, holds the account, and ends by its own proof', async () => {
    const commandId = await unknown(OPEN(2));
    const state = await engine.state();
    expect(state).toMatchObject({
      operation: null,
      tradingState: 'reducing',
      unresolved: [engine.operationId(commandId)],
    });
    expect((await engine.alerts()).some((alert) => alert.operationId === engine.operationId(commandId))).toBe(true);
    for (const request of [OPEN(1), WITHDRAW(0.1), { kind: 'rebalance', market: 'SOL-PERP' } as const]) {
      expect(await engine.carryOut(request)).toMatchObject({ success: false, error: { code: 'ACCOUNT_UNRESOLVED' } });
    }
    engine.faults.silence(0);
    await proven(commandId);
    const free = await engine.untilState('the hold to end', ({ holds }) => holds.length === 0);
    expect(free.unresolved).toEqual([]);
    expect(await engine.perp()).toBe(-2n * SOL);
    expect((await engine.journal.command(commandId))?.answer).toMatchObject({ success: true });
    await hedged(2);
  });

  it('keeps a close waiting in the queue, with its reason, until it can have no effect; settling is refused', async () => {
    await engine.carryOut(OPEN(2));
    const commandId = await unknown(OPEN(1));
    const close = randomUUID();
    const waiting = await engine.send(CLOSE, { commandId: close });
    expect(waiting).toMatchObject({
      success: true,
      data: { status: 'pending', waits_for: [engine.operationId(commandId)], latest_end: expect.any(String) },
    });
    expect(await engine.carryOut({ kind: 'settle', market: 'SOL-PERP' })).toMatchObject({
      error: { code: 'ACCOUNT_UNRESOLVED' },
    });
    engine.faults.silence(0);
    const answer = await until('its answer', async () => (await engine.journal.command(close))?.answer);
    expect(answer).toMatchObject({ success: true });
    expect(await engine.perp()).toBe(0n);
    await proven(commandId);
  });

  it('is not made twice by a second deposit while a deposit is unresolved', async () => {
    const wallet = (await engine.snapshot()).wallet.sol;
    const commandId = await unknown(DEPOSIT(0.2));
    expect(await engine.carryOut(DEPOSIT(0.2))).toMatchObject({ error: { code: 'ACCOUNT_UNRESOLVED' } });
    engine.faults.silence(0);
    await proven(commandId);
    const spent = wallet - (await engine.snapshot()).wallet.sol;
    expect(spent).toBeGreaterThanOrEqual(SOL / 5n);
    expect(spent).toBeLessThan(SOL / 4n);
  });

  itLong('stands in the Temporal UI with what is held, needed and how to answer', async () => {
    const commandId = await unknown(DEPOSIT(0.1));
    await until('the details', async () => (await engine.details()).includes('restriction **unresolved**'));
    expect(await engine.details()).toContain('Action needed');
    const help = await engine.details(`operation:${engine.operationId(commandId)}`);
    expect(help).toContain('resolveTransaction');
    expect(help).toContain('"verdict":"landed"');
    engine.faults.silence(0);
    await proven(commandId);
  });
});

describe("a person's verdict", () => {
  itLong('landed, by update: the account is free at once, and evidence agrees later', async () => {
    const commandId = await unknown(OPEN(2));
    expect(await engine.resolve(commandId, 'landed')).toMatchObject({ success: true });
    const free = await engine.untilState('the account free', ({ tradingState }) => tradingState === 'active');
    expect(free.unresolved).toEqual([]);
    engine.faults.silence(0);
    await proven(commandId);
    expect(await engine.perp()).toBe(-2n * SOL);
    // What a person said landed is theirs: the engine does not trade it away.
    await hedged(2);
    expect((await engine.state()).tradingState).toBe('active');
  });

  it('landed, believed and wrong: the journal is corrected, it is told as critical, and halts until RESUME', async () => {
    const wallet = (await engine.snapshot()).wallet.sol;
    engine.faults.onSubmit({ kind: 'dropped' });
    const commandId = await unknown(DEPOSIT(0.4));
    expect(await engine.resolve(commandId, 'landed')).toMatchObject({ success: true });
    await engine.untilState('the account free', ({ tradingState }) => tradingState === 'active');
    engine.faults.silence(0);
    const halted = await engine.untilState('the halt', ({ tradingState }) => tradingState === 'halted');
    expect(halted.holds).toMatchObject([{ code: 'desync', clearedBy: 'person' }]);
    expect((await engine.untilAlert('VERDICT_CONTRADICTED')).severity).toBe('critical');
    // The record is corrected; the command keeps the answer that it was given.
    const record = await engine.journal.operation(engine.operationId(commandId));
    expect(record).toMatchObject({ status: 'expired', answer: { success: false } });

    expect((await engine.journal.command(commandId))?.answer).toMatchObject({ success: true });
    expect((await engine.snapshot()).wallet.sol).toBe(wallet);
    expect(await engine.carryOut(OPEN(1))).toMatchObject({ error: { code: 'ENGINE_HALTED' } });
    expect(await engine.carryOut({ action: 'RESUME' })).toMatchObject({ data: { cleared: ['desync'] } });
  });

  itLong(
    'failed, while it can land or has landed, is refused: by update in the answer, by signal in the details',
    async () => {
      const commandId = await unknown(DEPOSIT(0.1));
      const workflowId = `operation:${engine.operationId(commandId)}`;
      const signalled = { verdict: 'failed', operator: 'ann', note: 'a guess' } as const;
      await engine.operation(commandId).signal(resolveTransaction, signalled);
      await until('the refusal', async () => (await engine.details(workflowId)).includes('refused:'));
      expect(await engine.resolve(commandId, 'failed')).toMatchObject({ error: { code: 'VERDICT_REFUSED' } });
      engine.faults.silence(0);
      await proven(commandId);
      expect((await engine.journal.command(commandId))?.answer).toMatchObject({ success: true });
    },
  );

  itLong('landed, by the very command that the alert names: the real CLI', async () => {
    const commandId = await unknown(DEPOSIT(0.1));
    const { path } = await findTemporalCli({ env: process.env, say: () => {} });
    const links = linksOf({
      explorerUrl: null,
      temporalUiUrl: null,
      temporalNamespace: 'default',
      temporalAddress: temporalAddress(),
    });
    const command = links
      .signal(engine.operationId(commandId))
      .replace(/^temporal/, `'${path}'`)
      .replace('LANDED_OR_FAILED_OR_RETRY', 'landed');
    const { code, output } = await runProgram('/bin/sh', ['-c', command], 60_000);
    withContext(output, () => expect(code).toBe(0));
    await engine.untilState('the account free', ({ unresolved }) => unresolved.length === 0);
    engine.faults.silence(0);
    await proven(commandId);
  });

  itLong('landed, as the Temporal UI sends it: plain JSON by its server’s own call', async () => {
    const commandId = await unknown(DEPOSIT(0.1));
    const verdict = { verdict: 'landed', operator: 'ann', note: 'by the UI' };
    const connection = await Connection.connect({ address: temporalAddress() });
    onTestFinished(() => connection.close());
    await connection.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: `operation:${engine.operationId(commandId)}` },
      signalName: 'resolveTransaction',
      input: {
        payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(verdict)) }],
      },
      identity: 'ui',
    });
    await engine.untilState('the account free', ({ unresolved }) => unresolved.length === 0);
    engine.faults.silence(0);
    await proven(commandId);
  });

  it('retry, of what never arrived: proven dead, it gets the slot and is done once', async () => {
    const wallet = (await engine.snapshot()).wallet.sol;
    engine.faults.onSubmit({ kind: 'dropped' });
    const commandId = await unknown(DEPOSIT(0.3));
    expect(await engine.resolve(commandId, 'retry')).toMatchObject({ success: true });
    expect((await engine.state()).unresolved).toHaveLength(1);
    engine.faults.silence(0);
    await proven(commandId);
    expect(await engine.journal.operation(engine.operationId(commandId))).toMatchObject({ status: 'done' });
    const spent = wallet - (await engine.snapshot()).wallet.sol;
    expect(spent).toBeGreaterThanOrEqual((3n * SOL) / 10n);
    expect(spent).toBeLessThan((4n * SOL) / 10n);
  });

  itLong('retry, of what was confirmed, is confirmed again: a verdict alone does not start it', async () => {
    const request = OPEN(14);
    const commandId = randomUUID();
    const asked = await engine.send(request, { commandId });
    const confirmationToken = asked.data.confirmation_token as string;
    engine.faults.onSubmit({ kind: 'dropped' });
    engine.faults.silence(NOBODY_ANSWERS);
    await engine.send(request, { commandId, confirmationToken });
    const operationId = engine.operationId(commandId);
    await engine.untilState('the hold', ({ unresolved }) => unresolved.includes(operationId));
    await engine.resolve(commandId, 'retry');
    engine.faults.silence(0);
    await engine.untilAlert('RETRY_UNCONFIRMED');
    expect(await engine.perp()).toBe(0n);
    const retry = { action: 'RESOLVE_TRANSACTION', operationId, verdict: 'retry', note: '' } as const;
    const again = { commandId: randomUUID() };
    const question = await engine.send(retry, again);
    expect(question).toMatchObject({ data: { status: 'confirmation_required', preview: { size: -14 } } });
    const token = question.data.confirmation_token as string;
    expect(await engine.send(retry, { ...again, confirmationToken: token })).toMatchObject({ data: { changed: true } });
    await proven(commandId);
    expect(await engine.perp()).toBe(-14n * SOL);
    const record = await engine.journal.operation(operationId);
    const limits =
      record?.attempts.map(({ intent }) => (intent.kind === 'order' ? BigInt(intent.priceLimit) : 0n)) ?? [];
    expect(limits).toHaveLength(2);
    expect(Number(limits[1])).toBeGreaterThanOrEqual(Number(limits[0]));
  });

  itLong('retry, of an open while the engine is stopped, waits for START_ENGINE', async () => {
    engine.faults.onSubmit({ kind: 'dropped' });
    const commandId = await unknown(OPEN(1));
    await engine.carryOut({ action: 'STOP_ENGINE' });
    expect(await engine.resolve(commandId, 'retry')).toMatchObject({ success: true });
    engine.faults.silence(0);
    await until('its wish for the slot', async () =>
      (await engine.details(`operation:${engine.operationId(commandId)}`)).includes('awaiting_slot'),
    );
    expect(await engine.state()).toMatchObject({ operation: null, state: 'stopped' });
    expect(await engine.perp()).toBe(0n);
    await engine.carryOut({ action: 'START_ENGINE', mode: 'paper' });
    await proven(commandId);
    expect(await engine.perp()).toBe(-SOL);
    await hedged(1);
  });
});
