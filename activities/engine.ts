/** The engine workflow's activities: the two stores, a command's record, the engine's row, the watch. */

import { Context } from '@temporalio/activity';
import type { AlertSink } from '../src/alerts/channels.ts';
import { encodeSnapshot, type Snapshot } from '../src/domain/account/snapshot.ts';
import type { CarryBacktest } from '../src/domain/carry/carry-backtest.ts';
import type { RestoredState } from '../src/domain/engine/restored.ts';
import type { PolicyJson } from '../src/domain/hedge/policy.ts';
import type { CommandEnvelope } from '../src/domain/order/command.ts';
import { commandDoubt, isSignedVerdict } from '../src/domain/order/signed-command.ts';
import type { Journal } from '../src/journal/journal.ts';
import { compareStores } from '../src/journal/store-comparison.ts';
import type { Clock } from '../src/lib/clock.ts';
import { TransientError } from '../src/lib/errors.ts';
import { operationWorkflowId } from '../src/lib/ids.ts';
import { within } from '../src/lib/within.ts';
import type { Venue } from '../src/venues/venue.ts';
import type { CommandCheck, EngineActivities } from './contract.ts';
import { asErrorReport, translateErrors } from './failures.ts';
import { type KeptHistories, type Rebuilding, rebuildJournal } from './rebuild-journal.ts';
import { createWatch, type ReadRetries } from './watch.ts';

/** The watch reconnects as often. */
const RETRY_AFTER_S = 10;
/** Within the time of the whole record: a node that hangs must not look like a journal that is away. */
const READ_WITHIN_MS = 1_200;

/** What Temporal still knows of our workflows. */
export interface WorkflowLookup extends KeptHistories {
  state(workflowId: string): Promise<'running' | 'closed' | 'not_found'>;
}

/** The note in a restored data folder. */
export interface Restoration {
  of(engineId: string): RestoredState;
  note(engineId: string, stage: 'confirmed' | 'compared'): void;
}

export interface EnginePorts {
  venueOf(engineId: string): Promise<Venue>;
  /** Whether a paper account exists; true for a venue whose accounts live on a chain. */
  accountExists(engineId: string): Promise<boolean>;
  readonly journal: Journal;
  /** What the data folder says of the backup that it came from. Absent: it is an original. */
  readonly restoration?: Restoration;
  readonly alerts: AlertSink;
  readonly clock: Clock;
  readonly lookup: WorkflowLookup;
  /** Shared with the bridges of these engines. */
  readonly commandKeys: () => readonly string[];
  /** By which bridges say until when a command is good. */
  readonly sharedClock: Clock;
  readonly readRetries?: ReadRetries;
  /** The backtest behind a consent to the carry policy. Absent: none can be given. */
  readonly backtestCarry?: (venue: Venue, policy: PolicyJson) => Promise<CarryBacktest>;
}

export function createEngineActivities(ports: EnginePorts): EngineActivities {
  const { journal } = ports;
  return translateErrors<EngineActivities>({
    async openStores(carried) {
      const { commandIds = [] } = carried;
      const [record, unfinished, accountExists, newest, commands] = await Promise.all([
        journal.engine(carried.engineId),
        journal.unfinishedOperations(carried.engineId),
        ports.accountExists(carried.engineId),
        journal.operations({ engineId: carried.engineId, limit: 1 }),
        Promise.all(commandIds.map((commandId) => journal.command(commandId))),
      ]);
      const unknownCommand = commandIds.find((_, index) => commands[index] === null) ?? null;
      const newestOperationMs = newest.items[0]?.createdAtMs ?? 0;
      const found = ports.restoration?.of(carried.engineId) ?? null;
      const restored = found?.stage === 'compared' ? null : found;
      const comparison = compareStores({
        carried,
        journal: {
          ...{ journalId: journal.journalId, record, accountExists, unknownCommand, newestOperationMs },
          restored: restored !== null,
        },
      });
      return {
        ...(restored === null ? {} : { restored }),
        ...comparison,
        journalId: journal.journalId,
        record,
        unfinished,
        newestOperationMs,
      };
    },

    async noteRestored({ engineId, stage }) {
      ports.restoration?.note(engineId, stage);
    },

    async admitCommand({ engineId, record, envelope, withSnapshot, unanswered = [] }) {
      const { unauthorized, late } = check(engineId, envelope);
      if (unauthorized !== null) {
        return { admission: { kind: 'new' }, operation: null, snapshot: null, unavailable: null, unauthorized };
      }
      const [admission, read, others] = await Promise.all([
        journal.admitCommand(record),
        withSnapshot && !late ? readOnce(engineId) : null,
        Promise.all(unanswered.map((commandId) => journal.command(commandId))),
      ]);
      const answered = others.flatMap((command) => (command?.answer == null ? [] : [command.commandId]));
      const operation = record.operationId === null ? null : await journal.operation(record.operationId);
      const { snapshot = null, unavailable = null } = read ?? {};
      return { admission, answered, operation, snapshot, unavailable, late };
    },

    async checkCommand({ engineId, envelope }) {
      return check(engineId, envelope);
    },

    async isVerdictSigned({ operationId, verdict }) {
      return ports.commandKeys().some((key) => isSignedVerdict(key, operationId, verdict));
    },

    async recordAnswer({ commandId, answer, atMs }) {
      await journal.recordAnswer(commandId, answer, atMs);
    },

    async publishEngine(record) {
      await journal.publishEngine(record);
    },

    async raiseAlerts(alerts) {
      // All of them reach whoever listens here, whatever the journal says to the first.
      for (const alert of alerts) ports.alerts.announce(alert);
      for (const alert of alerts) await ports.alerts.raise(alert);
    },

    async rebuildJournal({ engineId }) {
      const context = Context.current();
      const begun = (context.info.heartbeatDetails as Rebuilding | undefined) ?? null;
      const { lookup } = ports;
      return await rebuildJournal({ journal: journal.rebuilding, lookup }, engineId, begun, (progress) =>
        context.heartbeat(progress),
      );
    },

    async operationStates({ operationIds }) {
      return await Promise.all(
        operationIds.map(async (operationId) => ({
          operationId,
          workflow: await ports.lookup.state(operationWorkflowId(operationId)),
          record: await journal.operation(operationId),
        })),
      );
    },

    async carryBacktest({ engineId, policy }) {
      if (ports.backtestCarry === undefined) return { kind: 'unknown', why: 'this process runs none' };
      return await ports.backtestCarry(await ports.venueOf(engineId), policy);
    },

    watch: createWatch(ports),
  });

  function check(engineId: string, envelope: CommandEnvelope): CommandCheck {
    const doubts = ports.commandKeys().map((key) => commandDoubt(key, engineId, envelope));
    const unauthorized = doubts.includes(null) ? null : (doubts[0] ?? null);
    return { unauthorized, late: ports.sharedClock.nowMs() > envelope.notAfterMs };
  }

  async function readNow(engineId: string): Promise<Snapshot> {
    const venue = await ports.venueOf(engineId);
    return await venue.read('confirmed');
  }

  /** A venue that cannot be read is an answer, not a failure: what needs no snapshot may still start. */
  async function readOnce(engineId: string) {
    try {
      return { snapshot: encodeSnapshot(await inTime(readNow(engineId))), unavailable: null };
    } catch (error) {
      const report = asErrorReport(error);
      if (!(error instanceof TransientError)) return { snapshot: null, unavailable: report };
      const details = { part: 'venue', retry_after_s: RETRY_AFTER_S, ...report.details };
      return { snapshot: null, unavailable: { ...report, details } };
    }
  }
}

async function inTime(reading: Promise<Snapshot>): Promise<Snapshot> {
  const read = await within(READ_WITHIN_MS, () => reading);
  if (read.kind === 'value') return read.value;
  if (read.kind === 'failed') throw read.error;
  throw new TransientError('RPC_TIMEOUT', `The account was not read within ${READ_WITHIN_MS} ms.`);
}
