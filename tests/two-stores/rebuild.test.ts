/** A rebuild that is cut off, that goes over several runs of the engine, or that cannot be: docs/architecture/two-stores.md. */
import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect } from '@jest/globals';
import type { WorkflowLookup } from '../../activities/engine.ts';
import { workflowLookup } from '../../src/runtime/engine-start.ts';
import { atRest } from '../support/engine-harness.ts';
import { ERROR, KeptLog } from '../support/kept-log.ts';
import { itLong } from '../support/long.ts';
import { TwoStores } from '../support/two-stores.ts';

const AMOUNT = 10_000_000n;
const DEPOSIT = { kind: 'deposit', asset: 'SOL', amount: AMOUNT.toString() } as const;
/** It lands, and no node says so. */
const SILENT = { kind: 'http', methods: ['getSignatureStatuses'] } as const;

let stores: TwoStores;
let heldUp: HeldUp | null = null;
afterEach(async () => {
  heldUp?.free();
  await stores?.close();
});

const alertOf = async (wanted: string) =>
  await stores.waitFor(wanted, async () => {
    const { items } = await stores.journal.alerts({ engineId: stores.engineId, limit: 100 });
    return items.find(({ code }) => code === wanted);
  });
const recordOf = async (commandId: string) => ({
  command: await stores.journal.command(commandId),
  operation: await stores.journal.operation(stores.operationId(commandId)),
  transitions: await stores.journal.transitions(stores.operationId(commandId)),
});
const runs = async () => await workflowLookup(stores.client).runs(stores.engineId);
const runsThere = async (count: number) =>
  await stores.waitFor(`${count} runs of the engine`, async () => (await runs()).length >= count);

/** How far the rebuild that runs has told Temporal to have come. */
const toldProgress = async (): Promise<{ readonly doneUntilMs: number } | null> => {
  const { raw } = await stores.handle.describe();
  const { data } = (raw.pendingActivities ?? [])
    .filter(({ activityType }) => activityType?.name === 'rebuildJournal')
    .flatMap(({ heartbeatDetails }) => heartbeatDetails?.payloads ?? [])[0] ?? { data: null };
  return data == null ? null : JSON.parse(Buffer.from(data).toString());
};

/** Reads of the engine's histories, which can be held up behind the first one until the process ends. */
class HeldUp {
  readonly read: string[] = [];
  private first: string | null = null;
  private end: () => void = () => undefined;

  behind(first: string): void {
    this.first = first;
  }

  free(): void {
    this.first = null;
    this.end();
  }

  readonly lookupOf = (lookup: WorkflowLookup): WorkflowLookup => ({
    ...lookup,
    steps: (workflowId, runId) => this.steps(lookup, workflowId, runId),
  });

  private async *steps(lookup: WorkflowLookup, workflowId: string, runId: string) {
    if (workflowId === stores.engineId) {
      if (this.first !== null && runId !== this.first) {
        await new Promise<void>((resolve) => {
          this.end = resolve;
        });
        throw new Error('the process ends');
      }
      this.read.push(runId);
    }
    yield* lookup.steps(workflowId, runId);
  }
}

describe('a rebuild', () => {
  itLong(
    'cut off in the middle goes on behind the last run of the engine that it finished, and tells no old news',
    async () => {
      const [held, log] = [new HeldUp(), new KeptLog()];
      heldUp = held;
      stores = await TwoStores.start({ lookupOf: held.lookupOf, logger: log.logger, tuning: { maxHistoryEvents: 60 } });
      const [first, second] = [randomUUID(), randomUUID()];
      const { id } = stores.net.addFault(SILENT);
      await stores.send(DEPOSIT, first);
      await alertOf('TRANSACTION_UNKNOWN');
      stores.net.removeFault(id);
      await stores.ended(first);
      await runsThere(2);
      await stores.carryOut(DEPOSIT, second);
      await stores.ended(second);
      await stores.untilState('quiet', atRest);
      const before = [await recordOf(first), await recordOf(second)];
      const [oldest] = await runs();
      held.behind(oldest?.runId ?? '');

      const from = log.length;
      await stores.journalAtRest(() => stores.loseJournal());
      await stores.waitFor('a part of it', async () => (await toldProgress())?.doneUntilMs === oldest?.startedAtMs);
      expect(await stores.journal.command(first)).not.toBeNull();
      expect(await stores.journal.command(second)).toBeNull();
      expect(await stores.send(DEPOSIT, second)).toMatchObject({ success: false, error: { code: 'UNAVAILABLE' } });
      const stopped = stores.stopProcess();
      held.free();
      await stopped;

      held.read.length = 0;
      await stores.startProcess();
      expect((await alertOf('JOURNAL_GAP')).message).toContain('2 operations and 2 commands');
      expect(held.read[0]).not.toBe(oldest?.runId);
      expect(await Promise.all([first, second].map(recordOf))).toEqual(before);
      expect(await alertOf('TRANSACTION_UNKNOWN')).toMatchObject({ operationId: stores.operationId(first) });
      await stores.waitFor('the log to have what is new', async () => log.has('JOURNAL_GAP', 0, from));
      expect(log.has('TRANSACTION_UNKNOWN', 0, from)).toBe(false);
      expect(stores.deposited).toBe(2n * AMOUNT);
    },
  );

  itLong(
    'JOURNAL_NOT_REBUILT: told when its time is over; nothing is done twice, and a restart begins it anew',
    async () => {
      const [log, lookup] = [new KeptLog(), { away: false }];
      const lookupOf = (real: WorkflowLookup): WorkflowLookup => ({
        ...real,
        runs: async (workflowId) => {
          if (lookup.away) throw new Error('visibility is away');
          return await real.runs(workflowId);
        },
      });
      stores = await TwoStores.start({ lookupOf, logger: log.logger, tuning: { rebuildMs: 3_000 } });
      const commandId = randomUUID();
      await stores.carryOut(DEPOSIT, commandId);
      const { attempts } = await stores.ended(commandId);
      lookup.away = true;
      await stores.journalAtRest(() => stores.loseJournal());
      const { severity, message, action } = await alertOf('JOURNAL_NOT_REBUILT');
      expect({ severity, message, action }).toEqual({
        severity: 'critical',
        message: 'The journal lost records, and they could not be restored from Temporal: visibility is away.',
        action: 'Restart Driftless to try again.',
      });
      await stores.waitFor('the log to have it', async () => log.has('JOURNAL_NOT_REBUILT', ERROR));
      // It takes commands again, and one that was done is not done twice.
      await stores.carryOut(DEPOSIT, commandId);
      expect(stores.deposited).toBe(AMOUNT);

      lookup.away = false;
      await stores.stopProcess();
      await stores.startProcess();
      await alertOf('JOURNAL_GAP');
      expect(await stores.ended(commandId)).toMatchObject({ status: 'done', attempts });
      expect(await stores.carryOut(DEPOSIT, commandId)).toMatchObject({ success: true });
      expect(stores.deposited).toBe(AMOUNT);
    },
  );
});
