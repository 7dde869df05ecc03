import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { atRest } from '../support/engine-harness.ts';
import { itLong } from '../support/long.ts';
import { TwoStores } from '../support/two-stores.ts';

const AMOUNT = 10_000_000n;
const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: AMOUNT.toString() } as const;
const TOO_MUCH = { ...DEPOSIT, amount: '1000000000000' } as const;
const RESUME = { action: 'RESUME' } as const;
/** It lands, and no node says so. */
const SILENT = { kind: 'http', methods: ['getSignatureStatuses'] } as const;

let stores: TwoStores;
afterEach(async () => await stores?.close());

const diverged = async (verdict: string) => {
  const state = await stores.untilState('the hold', ({ holds }) =>
    holds.some(({ code }) => code === 'stores_diverged'),
  );
  const hold = state.holds.find(({ code }) => code === 'stores_diverged');
  // Both ends by name.
  const ends = expect.stringMatching(/the engine's workflow \(epoch .*; journal .*/);
  expect(hold?.details).toMatchObject({ verdict, detail: ends });
  expect(state.tradingState).toBe('reducing');
  const alert = await stores.waitFor('the alert', async () => {
    const { items } = await stores.journal.alerts({ engineId: stores.engineId, limit: 100 });
    return items.find(({ code }) => code === 'STORES_DIVERGED');
  });
  expect(alert).toMatchObject({ severity: 'critical', details: { verdict, detail: ends } });
};

const resumed = async () => {
  expect(await stores.carryOut(RESUME)).toMatchObject({ success: true });
  await stores.untilState('no hold', ({ holds }) => holds.length === 0);
};

/** What the journal says of a command: nothing of it may change when it is rebuilt. */
const recordOf = async (commandId: string) => {
  const operationId = stores.operationId(commandId);
  const { journal } = stores;
  const command = await journal.command(commandId);
  const operation = await journal.operation(operationId);
  return {
    // An answer without an operation gets the time of its update's end, a moment later.
    command: operation === null ? { ...command, answeredAtMs: null } : command,
    operation,
    transitions: await journal.transitions(operationId),
  };
};

const gap = async () =>
  await stores.waitFor('the gap', async () => {
    const { items } = await stores.journal.alerts({ engineId: stores.engineId, limit: 100 });
    return items.find(({ code }) => code === 'JOURNAL_GAP');
  });
const BOTH_ENDS = / between \S+ \S+ UTC and \S+ \S+ UTC\./;

/** A deposit that has landed and that nobody can see. */
const unseenDeposit = async (commandId: string) => {
  const { id } = stores.net.addFault(SILENT);
  await stores.send(DEPOSIT, commandId);
  const operationId = stores.operationId(commandId);
  await stores.untilState('unresolved', ({ unresolved }) => unresolved.includes(operationId));
  return () => stores.net.removeFault(id);
};

describe('the journal', () => {
  it('lost: a hold; what had ended is rebuilt, what runs ends in the new one, the same command is not done twice', async () => {
    stores = await TwoStores.start();
    const [first, forgotten, second, refused] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    for (const commandId of [first, forgotten]) await stores.carryOut(DEPOSIT, commandId);
    for (const commandId of [first, forgotten]) await stores.ended(commandId);
    const no = await stores.carryOut(TOO_MUCH, refused);
    expect(no).toMatchObject({ success: false, error: { code: 'INSUFFICIENT_FUNDS' } });
    const before = [await recordOf(first), await recordOf(refused)];
    await stores.forgetWorkflowOf(forgotten);
    const heal = await unseenDeposit(second);
    await stores.journalAtRest(() => stores.loseJournal());
    await diverged('journal_lost');
    const { severity, message } = await gap();
    expect(severity).toBe('warning');
    expect(message).toMatch(BOTH_ENDS);
    expect(message).toContain('1 more could not be restored');
    expect([await recordOf(first), await recordOf(refused)]).toEqual(before);
    expect(await stores.carryOut(DEPOSIT, first)).toEqual((await stores.journal.command(first))?.answer);
    expect(await stores.carryOut(TOO_MUCH, refused)).toMatchObject({ ...no, message: no.message });
    expect(await stores.carryOut({ ...DEPOSIT, amount: '1' }, first)).toMatchObject({
      error: { code: 'COMMAND_ID_CONFLICT' },
    });
    heal();
    expect(await stores.ended(second)).toMatchObject({ status: 'done', kind: 'deposit', commandId: second });
    await stores.untilState('nothing unresolved', ({ unresolved }) => unresolved.length === 0);
    // Again it finds all there; begun where it ended, there is nothing left.
    const again = await stores.rebuild(null);
    expect(again.last).toMatchObject({ commands: 0, operations: 0, notKept: 1 });
    expect((await stores.rebuild(again.progress)).last).toEqual(again.last);
    expect([await recordOf(first), await recordOf(refused)]).toEqual(before);
    await resumed();
    for (const commandId of [first, forgotten, second]) {
      expect(await stores.carryOut(DEPOSIT, commandId)).toMatchObject({ success: true });
    }
    expect(stores.deposited).toBe(3n * AMOUNT);
    expect(await stores.carryOut(DEPOSIT)).toMatchObject({ success: true });
    expect(stores.deposited).toBe(4n * AMOUNT);
  });

  itLong(
    'restored from an older copy: a hold; what the copy does not know is rebuilt, and not done again',
    async () => {
      stores = await TwoStores.start();
      const [first, second] = [randomUUID(), randomUUID()];
      await stores.carryOut(DEPOSIT, first);
      await stores.ended(first);
      await stores.journalAtRest(() => stores.copyJournal());
      await stores.carryOut(DEPOSIT, second);
      await stores.ended(second);
      const before = [await recordOf(first), await recordOf(second)];
      const copiedBeforeMs = before[1]?.operation?.createdAtMs ?? 0;
      await stores.journalAtRest(() => stores.restoreJournal());
      await diverged('journal_behind');
      const { from_ms, to_ms } = (await gap()).details as { readonly from_ms: number; readonly to_ms: number };
      expect(from_ms).toBeLessThan(copiedBeforeMs);
      expect(to_ms).toBeGreaterThan(before[1]?.operation?.endedAtMs ?? Number.NaN);
      expect([await recordOf(first), await recordOf(second)]).toEqual(before);
      expect(await stores.carryOut(DEPOSIT, second)).toMatchObject({ success: true });
      await resumed();
      expect(await stores.carryOut(DEPOSIT, second)).toMatchObject({ success: true });
      expect(stores.deposited).toBe(2n * AMOUNT);
    },
  );
});

describe("Temporal's database", () => {
  itLong('lost: each unfinished operation is proven by its recorded signatures, nothing is sent again', async () => {
    stores = await TwoStores.start();
    const [first, second] = [randomUUID(), randomUUID()];
    await stores.carryOut(DEPOSIT, first);
    const heal = await unseenDeposit(second);
    const signed = (await stores.journal.operation(stores.operationId(second)))?.attempts.map((one) => one.signature);
    await stores.atRest(() => stores.loseTemporal());
    await diverged('temporal_lost');
    await stores.untilState('unresolved', ({ unresolved }) => unresolved.includes(stores.operationId(second)));
    expect(await stores.carryOut(DEPOSIT)).toMatchObject({ error: { code: 'ACCOUNT_UNRESOLVED' } });
    heal();
    const record = await stores.ended(second);
    expect(record.status).toBe('done');
    expect(record.attempts.map((one) => one.signature)).toEqual(signed);
    await stores.untilState('nothing unresolved', ({ unresolved }) => unresolved.length === 0);
    await resumed();
    for (const commandId of [first, second]) {
      expect(await stores.carryOut(DEPOSIT, commandId)).toMatchObject({ success: true });
    }
    expect(stores.deposited).toBe(2n * AMOUNT);
  });

  itLong('restored from before a command: the journal answers for what was done since', async () => {
    stores = await TwoStores.start();
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()];
    await stores.carryOut(DEPOSIT, first);
    await stores.ended(first);
    await stores.atRest(() => stores.copyTemporal());
    await stores.carryOut(DEPOSIT, second);
    await stores.ended(second);
    const heal = await unseenDeposit(third);
    await stores.atRest(() => stores.restoreTemporal());
    await diverged('temporal_lost');
    heal();
    expect(await stores.ended(third)).toMatchObject({ status: 'done' });
    await stores.untilState('nothing unresolved', ({ unresolved }) => unresolved.length === 0);
    await resumed();
    for (const commandId of [first, second, third]) {
      expect(await stores.carryOut(DEPOSIT, commandId)).toMatchObject({ success: true });
    }
    expect(stores.deposited).toBe(3n * AMOUNT);
  });

  itLong(
    'restored from the middle of an operation: what was signed since is found in the journal, and nothing is signed over it',
    async () => {
      stores = await TwoStores.start();
      const commandId = randomUUID();
      const { id } = stores.net.addFault({ kind: 'drop', account: stores.account.wallet });
      await stores.send(DEPOSIT, commandId);
      const operationId = stores.operationId(commandId);
      await stores.waitFor('the first attempt', async () => (await stores.journal.operation(operationId))?.attempts[0]);
      await stores.atRest(() => stores.copyTemporal());
      await stores.waitFor('the second attempt', async () => {
        const attempts = (await stores.journal.operation(operationId))?.attempts ?? [];
        if (attempts[0]?.outcome === 'expired') stores.net.removeFault(id);
        return attempts.length > 1;
      });
      const before = await stores.ended(commandId);
      expect(before.status).toBe('done');
      expect(stores.deposited).toBe(AMOUNT);
      await stores.atRest(() => stores.restoreTemporal());
      // The older workflow goes on from its first attempt, which is dead, and would sign anew.
      expect(await stores.workflowOf(commandId).result()).toMatchObject({ success: true });
      expect(await stores.failureTypes(commandId)).toContain('STORES_DIVERGED');
      await stores.untilState('quiet', atRest);
      const after = await stores.journal.operation(operationId);
      expect(after?.attempts.filter(({ stage }) => stage !== 'signed').map((one) => one.signature)).toEqual(
        before.attempts.map((one) => one.signature),
      );
      expect(stores.deposited).toBe(AMOUNT);
    },
  );
});
