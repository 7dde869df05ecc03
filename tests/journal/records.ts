/** Rows for tests of the journal: each a whole record, any part replaced; ids of their own, so that tests share a database. */

import { randomUUID } from 'node:crypto';
import { encodeSnapshot, type SnapshotJson } from '../../src/domain/account/snapshot.ts';
import type { Alert } from '../../src/domain/alerts/alert.ts';
import { type CommandAnswer, done } from '../../src/domain/order/command.ts';
import type {
  AttemptRecord,
  CommandRecord,
  EngineRecord,
  EquityRecord,
  FundingRecord,
  OperationRecord,
  TradeRecord,
  TransitionRecord,
} from '../../src/journal/records.ts';
import { snapshotOf } from '../support/snapshots.ts';

export const T0 = Date.UTC(2026, 0, 15, 12);
export const newEngineId = (): string => `engine:paper:synthetic:${randomUUID()}:0`;
export const newId = (): string => randomUUID();

export const engineOf = (change: Partial<EngineRecord> = {}): EngineRecord => ({
  engineId: newEngineId(),
  mode: 'paper',
  feed: 'synthetic:1',
  state: 'running',
  tradingState: 'active',
  reason: 'no hold',
  hedgeTarget: 0.5,
  cooldownUntilMs: null,
  cooldownEndsAtMs: null,
  operation: null,
  unresolved: [],
  holds: [],
  epoch: 'epoch-1',
  sequence: 1,
  updatedAtMs: T0,
  ...change,
});

type NewCommand = Omit<CommandRecord, 'answer' | 'answeredAtMs'>;
export const commandOf = (change: Partial<NewCommand> = {}): NewCommand => ({
  commandId: newId(),
  engineId: newEngineId(),
  action: 'DRIFT_DEPOSIT',
  requestHash: 'hash-1',
  request: { action: 'DRIFT_DEPOSIT', amount: '1500000000', asset: 'SOL' },
  receivedAtMs: T0,
  operationId: newId(),
  ...change,
});

export const answerOf = (message = 'Deposited 1.5 SOL'): CommandAnswer => done(message, { tx_signature: 'sig' });

type NewOperation = Omit<OperationRecord, 'attempts' | 'endedAtMs' | 'error' | 'answer'>;
export const operationOf = (change: Partial<NewOperation> = {}): NewOperation => ({
  operationId: newId(),
  engineId: newEngineId(),
  commandId: null,
  kind: 'deposit',
  status: 'running',
  createdAtMs: T0,
  intent: { kind: 'deposit', asset: 'SOL', amount: '1500000000' },
  ...change,
});

export const attemptOf = (change: Partial<AttemptRecord> = {}): AttemptRecord => ({
  operationId: newId(),
  number: 1,
  signature: newId(),
  wire: 'AQID',
  lastValidBlockHeight: 1_150,
  slot: 1_000,
  intent: { kind: 'deposit', asset: 'SOL', amount: '1500000000' },
  stage: 'signed',
  outcome: null,
  error: null,
  signedAtMs: T0,
  updatedAtMs: T0,
  ...change,
});

export const transitionOf = (change: Partial<TransitionRecord> = {}): TransitionRecord => ({
  operationId: newId(),
  sequence: 0,
  atMs: T0,
  stage: 'simulated',
  attempt: null,
  signature: null,
  outcome: null,
  detail: { gates: [] },
  ...change,
});

export const tradeOf = (change: Partial<TradeRecord> = {}): TradeRecord => ({
  engineId: newEngineId(),
  operationId: null,
  market: 'SOL-PERP',
  side: 'sell',
  size: '5000000000',
  price: '150123456',
  fee: '187654',
  signature: newId(),
  index: 0,
  tsMs: T0,
  ...change,
});

export const fundingOf = (change: Partial<FundingRecord> = {}): FundingRecord => ({
  engineId: newEngineId(),
  market: 'SOL-PERP',
  periodTsMs: T0,
  rate: '30000',
  position: '-5000000000',
  amount: '22518',
  tsMs: T0,
  ...change,
});

export const equityOf = (change: Partial<EquityRecord> = {}): EquityRecord => ({
  engineId: newEngineId(),
  tsMs: T0,
  marketTimeMs: T0,
  equity: '2750000000',
  baseline: '2750000000',
  price: '0',
  basis: '0',
  slippage: '0',
  funding: '0',
  interest: '0',
  fees: '0',
  gas: '0',
  transfers: '0',
  external: '0',
  unexplained: '0',
  quotePrice: '999800',
  ...change,
});

export const alertOf = (change: Partial<Alert> = {}): Alert => ({
  id: newId(),
  engineId: newEngineId(),
  kind: 'alert',
  severity: 'warning',
  code: 'CARRY_NEGATIVE',
  message: 'Carry is negative',
  action: 'Consider CLOSE',
  operationId: null,
  details: { paid: '12' },
  tsMs: T0,
  ...change,
});

export const snapshotAt = (takenAtMs: number, slot = 1): SnapshotJson => ({
  ...encodeSnapshot(snapshotOf()),
  takenAtMs,
  slot,
});
