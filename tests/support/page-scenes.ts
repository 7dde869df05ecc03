/** Every state of the page that is designed, by name. */

import type { HoldCode } from '../../src/domain/engine/hold.ts';
import { done, refused } from '../../src/domain/order/command.ts';
import { LIVE_ID, type Scene } from './page-stage.ts';
import { HOUR_MS, sol, usd } from './snapshots.ts';

const SINCE_MS = Date.now() - 12 * 60_000;
const hold = (code: HoldCode, clearedBy: 'person' | 'itself', permits: 'nothing' | 'reducing', reason: string) => ({
  ...{ code, clearedBy, permits, reason },
  sinceMs: SINCE_MS,
});
const HEDGED = { sol: 10, usdc: 500, perp: '-10', entryUsd: 151, oracleUsd: 150.2, markUsd: 150.28 };

const agoMs = (minutes: number): number => Date.now() - minutes * 60_000;
const LATELY: NonNullable<Scene['commands']> = [
  {
    commandId: 'a-deposit',
    action: 'DRIFT_DEPOSIT',
    request: { kind: 'deposit', amount: '2000000000', asset: 'SOL' },
    receivedAtMs: agoMs(95),
    answer: done('Deposited 2 SOL.'),
  },
  {
    commandId: 'an-open',
    action: 'DRIFT_OPEN_POSITION',
    request: { kind: 'open', market: 'SOL-PERP', size: '-2000000000' },
    receivedAtMs: agoMs(93),
    answer: done('Sold 2 SOL-PERP at $150.11.'),
  },
  {
    commandId: 'a-withdrawal',
    action: 'DRIFT_WITHDRAW',
    request: { kind: 'withdraw', amount: '9000000000', asset: 'SOL' },
    receivedAtMs: agoMs(41),
    answer: refused({ code: 'GATE_BLOCKED', message: 'At most 7.91 SOL can be withdrawn while the hedge is open.' }),
  },
  {
    commandId: 'a-settle',
    action: 'SETTLE_PNL',
    request: { kind: 'settle', market: 'SOL-PERP' },
    receivedAtMs: agoMs(12),
    answer: done('Settled +$0.43 PnL.'),
  },
];
const STUCK_ID = 'op-7f3a51c2';

export const SCENES: readonly Scene[] = [
  {
    name: 'hedged',
    scenario: { ...HEDGED, snapshot: { accruedFunding: usd(0.0214) } },
    days: 30,
    commands: LATELY,
  },
  { name: 'first-run', scenario: { sol: 10, usdc: 500 } },
  {
    name: 'empty',
    scenario: { account: null, snapshot: { openingCostLamports: sol('0.0342') } },
    mode: 'live',
    policy: { permissions: 'trading' },
  },
  { name: 'partial', scenario: { ...HEDGED, perp: '-9.4' }, days: 7, engine: { hedgeTarget: 0.94 } },
  {
    name: 'halted',
    scenario: { sol: 10, usdc: 500 },
    days: 7,
    engine: { hedgeTarget: 0 },
    holds: [hold('flattened', 'person', 'nothing', 'You flattened the account. Resume trading when you are ready.')],
  },
  {
    name: 'read-only',
    scenario: HEDGED,
    days: 7,
    mode: 'live',
    policy: { permissions: 'read-only' },
  },
  {
    name: 'replay-ended',
    scenario: {
      ...HEDGED,
      snapshot: {
        feed: {
          ...{ feed: 'replay:funding.csv', synthetic: false, ended: true, row: 6_288, rows: 6_288, speed: 'max' },
          warnings: [],
        },
      },
    },
    days: 30,
    engine: { feed: 'replay:funding.csv' },
    holds: [hold('feed_ended', 'itself', 'reducing', 'The recorded data has ended, so there are no more prices.')],
  },
  { name: 'stale', scenario: HEDGED, days: 7, agedMs: 4 * 60_000 },
  {
    name: 'paused',
    scenario: {
      ...HEDGED,
      snapshot: {
        pauses: {
          ...{ deposit: true, withdraw: true, increase: true, reduce: true, settle: true },
          detail: 'Drift has paused deposits, withdrawals and trading.',
        },
      },
    },
    days: 7,
    mode: 'live',
    policy: { permissions: 'trading' },
  },
  { name: 'naked', scenario: { ...HEDGED, sol: 7.5 }, days: 7 },
  {
    name: 'unresolved',
    scenario: HEDGED,
    days: 7,
    mode: 'live',
    policy: { permissions: 'trading' },
    engine: { unresolved: [STUCK_ID] },
    holds: [
      {
        ...hold(
          'unresolved',
          'person',
          'reducing',
          'Deposit of 0.5 SOL: it is not known yet whether the transaction landed. Driftless keeps checking.',
        ),
        key: STUCK_ID,
      },
    ],
    commands: [
      {
        commandId: 'the-deposit',
        action: 'DRIFT_DEPOSIT',
        request: { kind: 'deposit', amount: '500000000', asset: 'SOL' },
        receivedAtMs: SINCE_MS - 92_000,
        answer: null,
      },
    ],
    operations: [
      {
        operationId: STUCK_ID,
        commandId: 'the-deposit',
        kind: 'deposit',
        status: 'unresolved',
        createdAtMs: SINCE_MS - 90_000,
        endedAtMs: null,
        intent: { kind: 'deposit', asset: 'SOL', amount: '500000000' },
        attempt: {
          number: 1,
          signature: '3xN7sXwYk5pWm2bDqGf8RzT4uHcV6eJ9aLQv1yPnKdEo5tMhZrCiBgS7jFwUxA2qVnYkT8mRpLbHsD4eGcWzQf6J',
          wire: 'c2VjcmV0',
          lastValidBlockHeight: 312_480_150,
          slot: 312_480_000,
          intent: { kind: 'deposit', asset: 'SOL', amount: '500000000' },
          stage: 'submitted',
          outcome: 'unknown',
          error: null,
          signedAtMs: SINCE_MS - 80_000,
          updatedAtMs: SINCE_MS,
        },
      },
    ],
    alerts: [
      {
        id: `TRANSACTION_UNKNOWN/${STUCK_ID}`,
        kind: 'alert',
        severity: 'critical',
        code: 'TRANSACTION_UNKNOWN',
        message: 'Deposit of 0.5 SOL: it is not known yet whether the transaction landed.',
        action: 'Driftless keeps checking. If you know what happened, choose an outcome on the page.',
        operationId: STUCK_ID,
        details: {},
        tsMs: SINCE_MS,
      },
    ],
  },
  {
    name: 'near-liquidation',
    scenario: { ...HEDGED, sol: 1.6, usdc: 0, perp: '-12', oracleUsd: 165, walletSol: 79 },
    days: 7,
  },
  { name: 'disconnected', scenario: HEDGED, days: 7, cut: true },
  { name: 'loading', scenario: HEDGED, unread: true, engine: { state: 'running' } },
  {
    name: 'engines',
    scenario: HEDGED,
    days: 7,
    path: '/engines',
    others: [
      {
        name: 'other-paper',
        engineId: 'engine:paper:replay:funding.csv:0',
        scenario: { sol: 40, usdc: 2_000, perp: '-38.2' },
        engine: { feed: 'replay:funding.csv' },
      },
      {
        name: 'other-live',
        engineId: LIVE_ID,
        mode: 'live',
        scenario: { sol: 120, usdc: 9_000, perp: '-120' },
      },
      {
        name: 'other-halted',
        engineId: LIVE_ID.replace(/0$/, '1'),
        mode: 'live',
        scenario: { sol: 25, usdc: 0 },
        agedMs: 3 * HOUR_MS,
        holds: [hold('liquidation', 'person', 'nothing', 'The account was liquidated. Look at it before you resume.')],
      },
    ],
  },
];
