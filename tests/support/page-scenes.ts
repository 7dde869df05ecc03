/** Every state of the page that is designed, by name. */
import type { HoldCode } from '../../src/domain/engine/hold.ts';
import type { Scene } from './page-stage.ts';
import { HOUR_MS } from './snapshots.ts';

const SINCE_MS = Date.now() - 12 * 60_000;
const hold = (code: HoldCode, clearedBy: 'person' | 'itself', permits: 'nothing' | 'reducing', reason: string) => ({
  ...{ code, clearedBy, permits, reason },
  sinceMs: SINCE_MS,
});
const HEDGED = { sol: 10, usdc: 500, perp: '-10', entryUsd: 151, oracleUsd: 150.2, markUsd: 150.28 };

export const SCENES: readonly Scene[] = [
  { name: 'hedged', scenario: HEDGED, days: 30 },
  { name: 'first-run', scenario: { sol: 10, usdc: 500 } },
  { name: 'empty', scenario: { account: null }, mode: 'live', policy: { permissions: 'trading' } },
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
    engine: { unresolved: ['op-unresolved'] },
    holds: [
      {
        ...hold(
          'unresolved',
          'person',
          'reducing',
          'Deposit of 0.5 SOL: it is not known yet whether the transaction landed. Driftless keeps checking.',
        ),
        key: 'op-unresolved',
      },
    ],
  },
  {
    name: 'near-liquidation',
    scenario: { ...HEDGED, sol: 1.6, usdc: 0, perp: '-12', oracleUsd: 165, walletSol: 79 },
    days: 7,
  },
];

/** Long enough for the figures, the charts and the lists. */
export const SCENE_SETTLES_MS = HOUR_MS / 2_400;
