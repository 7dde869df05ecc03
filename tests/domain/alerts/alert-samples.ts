/** Details of every kind that each code can have, for the tests that go through the whole table. */
import type { AlertCode, AlertDetails } from '../../../src/domain/alerts/alert-table.ts';
import { SETUP_ALERTS, type SetupCode } from '../../../src/domain/alerts/setup-alerts.ts';

type Samples = { readonly [Code in AlertCode]: readonly AlertDetails<Code>[] };

const MARGIN = { health: 12.34, liquidation_price: '163.456789' };
const GATES = [
  { code: 'ORACLE_INVALID', have: 'too_volatile', need: 'valid', unit: 'oracle' },
  { code: 'RPC_LATENCY', have: 900, need: 500, unit: 'ms' },
] as const;
const BLOCKED = { blocking: 'ORACLE_INVALID,RPC_LATENCY', gates: GATES, drift_pct: -3.256 };
const MOVED = { from: '-10', to: '-7.5' };
const NODES = [
  { node: 'node-a', says: 'never_seen' },
  { node: 'node-b', says: 'no_answer' },
  { node: 'node-c', says: 'cannot_testify', reason: 'its history is too short' },
];
const CARRY_EXIT = {
  ...{ unattended: false, apr_mean: -5, apr_net: -5, window_hours: 336, command: 'DRIFT_CLOSE_POSITION' },
  sentence: 'Leave the hedge: it costs about 5.0 % a year (funding −5.00 %). Stay unhedged until it pays again.',
  ...{ per_day: '-0.21', round_trip: '3.75' },
};
const CARRY_TRADE = {
  sentence: 'Hedging now would earn about 7.9 % a year (funding 10.95 %, minus costs 3.0 %); break-even after 8 days.',
  ...{ size: '10', apr_mean: 10.95, apr_lower: 9.8, round_trip_pct: 0.25, period_ts_ms: 1_700_000_000_000 },
  policy_hash: '9f2c1d7e5b8a4c3d9e0f1a2b3c4d5e6f',
};
const CARRY = {
  command: 'DRIFT_CLOSE_POSITION',
  critical: false,
  net_per_day: '-0.036',
  funding_per_day: '-0.036',
  interest_per_day: '0',
  funding_so_far: '-2',
  break_even_rate_pct_per_year: 0,
  notional: '1500',
};
const BEGUN = { slot: 200, from_slot: 100, transactions: 3, lost: 0, fills: 2, payments: 1 };
const GAP = { from_ms: 1_700_000_000_000, to_ms: 1_700_000_600_000, operations: 1, commands: 2, not_kept: 0 };
const SETUP = [{ reason: 'The account has no sub-account 3', error: 'BAD_SUB_ACCOUNT' }];

const setupSamples = Object.fromEntries(Object.keys(SETUP_ALERTS).map((code) => [code, SETUP])) as {
  readonly [Code in SetupCode]: typeof SETUP;
};

export const SAMPLES: Samples = {
  HEALTH_WARNING: [MARGIN, { health: null, liquidation_price: null }],
  HEALTH_CRITICAL: [MARGIN],
  LIQUIDATION_NEAR: [{ ...MARGIN, distance_pct: 8.1 }],
  NAKED_SHORT: [
    { spot: '10', perp: '-10.2' },
    { spot: null, perp: '-1' },
  ],
  LONG_POSITION: [
    { spot: '10', perp: '5' },
    { spot: null, perp: '1' },
  ],
  ACCOUNT_FIGURES_UNKNOWN: [{ missing: ['price of SOL', '5 min TWAP of SOL-PERP'] }],
  CARRY_NEGATIVE: [
    CARRY,
    { ...CARRY, critical: true, funding_so_far: '2' },
    { ...CARRY, net_per_day: '-0.003', funding_so_far: null },
  ],
  CARRY_EXIT_DUE: [CARRY_EXIT, { ...CARRY_EXIT, unattended: true }],
  CARRY_ENTERED: [CARRY_TRADE, { ...CARRY_TRADE, apr_lower: null }],
  CARRY_LEFT: [CARRY_TRADE],
  AUTO_CARRY_ENDED: [
    { why: 'CLOSE ended it', by_person: true },
    { why: 'the venue liquidated the position', by_person: false },
  ],
  PROGRAM_CHANGED: [{ program_id: 'dRifty', before: 'a1b2c3d4e5f60718', now: '0918273645546372' }],
  PARAMETERS_CHANGED: [
    {
      changes: ['SOL-PERP: maintenance margin ratio 3 % → 5 %'],
      before: { health: 91.2, liquidation_price: '210.5' },
      now: { health: 85.4, liquidation_price: '198.1' },
    },
    {
      changes: ['SOL: withdraw guard 1 → 2'],
      before: { health: 91.2, liquidation_price: null },
      now: { health: 91.2, liquidation_price: null },
    },
    {
      changes: ['SOL: oracle a → b'],
      before: { health: 91.2, liquidation_price: null },
      now: { health: null, liquidation_price: null },
    },
  ],
  VERDICT_UNACCEPTED: [{}],
  NODES_DISAGREE: [{ nodes: 'Node node-1 says that there is no such account. Another node has the account.' }],
  SETTLED_INTO_DEBT: [{ quote_asset: 'USDT', owed: '12.5' }],
  QUOTE_DEPEGGED: [{ quote_asset: 'USDT', quote_price: '0.9731', off_pct: 2.69, limit_pct: 1 }],
  CLOCK_DIFFERS: [{ clocks: 'Node node-1 is 3600 s behind this computer. The others agree with this computer.' }],
  FEED_ENDED: [{ feed: 'april.csv', row: 720, rows: 720 }],
  VENUE_PAUSED: [
    { forbids: ['deposits', 'withdrawals'] },
    { forbids: [], detail: 'Drift is frozen: positions are only monitored' },
  ],
  GATE_BLOCKED: [BLOCKED, { blocking: 'ORACLE_INVALID,RPC_LATENCY', gates: GATES }],
  GUARD_BLOCKED: [BLOCKED],
  BELOW_MINIMUM: [
    { blocking: '', gates: [], drift_pct: 3.061, off_target: '0.06', minimum: '0.1' },
    { blocking: '', gates: [], minimum: null },
  ],
  COOLDOWN: [
    { blocking: '', gates: [], remaining_ms: 61_500, drift_pct: 2 },
    { blocking: '', gates: [] },
  ],
  BOOKS_BEHIND: [{ since_ms: 1_700_000_000_000, reason: 'the node does not answer' }],
  TRANSACTION_UNKNOWN: [{ nodes: NODES }, { nodes: [] }],
  TRANSACTION_DROPPED: [{}],
  FINALITY_LATE: [{ nodes: NODES }],
  FILL_UNKNOWN: [{ nodes: NODES }],
  VERDICT_REFUSED: [
    { reason: 'nothing of this operation is unknown now', malformed: false },
    { reason: 'verdict: expected one of landed, failed, retry, got LANDED', malformed: true },
  ],
  VERDICT_CONTRADICTED: [
    { verdict: 'landed', operator: 'ops', evidence: 'never landed' },
    { verdict: null, operator: null, evidence: 'failed' },
  ],
  CONFIRMED_THEN_LOST: [{}],
  ORDER_NOT_CANCELLED: [{}],
  CLOSE_INCOMPLETE: [
    { remaining: '0.5', placements: 1 },
    { remaining: '10', placements: 6 },
    { remaining: null, placements: 0 },
  ],
  SETTLE_INCOMPLETE: [{ reason: 'no node takes the transaction' }],
  RESOLVED_WITHOUT_PROOF: [{}],
  ACCOUNT_DISPUTED: [{ reason: 'Node node-1 says that there is no such account; node node-2 has not said.' }],
  CONNECTION_LOST: [{ reason: 'no response from the node' }],
  AUTOMATIC_TRADES_FAILED: [{ failures: 3, reason: 'the price moved' }],
  GUARD_ACTED: [{}],
  POSITION_LEFT_OPEN: [
    { remaining: '5', why: null },
    { remaining: null, why: 'The venue has paused this operation' },
  ],
  RETRY_UNCONFIRMED: [{ operation_id: 'a1b2' }],
  SIGNER_MISSING: [{ permission: 'trading' }],
  LATE_FILL: [MOVED, { from: '-10', to: '-10.00001' }],
  FOREIGN_CLOSE: [{ from: '-10', to: '0' }],
  FOREIGN_TRADE: [MOVED],
  FOREIGN_POSITION: [{ from: '0', to: '-10' }],
  DESYNC: [MOVED, {}],
  LIQUIDATED: [MOVED, { to: '0' }],
  TEMPORAL_UNAVAILABLE: [{ reason: 'the disk is full' }],
  JOURNAL_UNAVAILABLE: [{ reason: 'cannot be written' }],
  WORKER_UNAVAILABLE: [{ reason: 'no worker answers for the engine' }],
  ENGINE_RESTARTED: [{}],
  ENGINE_STAYS_DOWN: [{ restarts: 3 }],
  MESSENGER_FAILS: [{ messenger: 'Telegram', reason: 'the endpoint answered 502' }],
  WORKER_SUPERSEDED: [{ version: '0.1.0', newer: '0.2.0' }],
  SETTINGS_DIFFER: [{ settings: ['MAX_LEVERAGE', 'GUARD'] }],
  SETTINGS_REFUSED: [{ reason: 'maxLeverage: a number is needed' }],
  STORES_DIVERGED: (['account_missing', 'journal_lost', 'journal_behind', 'temporal_lost'] as const).map((verdict) => ({
    verdict,
    detail: 'both ends',
  })),
  JOURNAL_GAP: [GAP, { ...GAP, from_ms: null, not_kept: 2 }],
  JOURNAL_NOT_REBUILT: [{ reason: 'the database is full' }],
  WORKFLOW_STUCK: [{ workflow_ids: ['operation:abc'] }],
  HISTORY_GAP: [{ from_slot: 100, to_slot: 200, first_available: 150 }],
  BOOKS_BEGUN: [BEGUN, { ...BEGUN, lost: 2 }, { ...BEGUN, transactions: 0, from_slot: null }],
  BOOKS_UNEXPLAINED: [{ from_slot: 100, to_slot: 200 }],
  FUNDING_GAP: [{ market_time_ms: 1_700_000_000_000, gap: 'april.csv, line 7: 1 period is missing before this row' }],
  ...setupSamples,
};
