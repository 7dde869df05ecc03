/** Each code with which a command is refused is followed to its end: from the state that gives it, its remedy works. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { acceptanceUnknown, unavailable } from '../../src/bridge/answers.ts';
import { Auth } from '../../src/bridge/auth.ts';
import { MAX_MESSAGE_BYTES } from '../../src/bridge/limits.ts';
import { type Incoming, parseMessage } from '../../src/bridge/protocol.ts';
import { RateLimit } from '../../src/bridge/rate-limit.ts';
import { AccessTokens } from '../../src/bridge/tokens.ts';
import { WrongTokens } from '../../src/bridge/wrong-tokens.ts';
import { refusalOf } from '../../src/domain/engine/admission.ts';
import {
  admissionView,
  type EngineCarried,
  flattened,
  initialEngine,
  resume,
  startEngine,
  startOperation,
  stopEngine,
  type TrackedOperation,
  takeReport,
} from '../../src/domain/engine/engine-state.ts';
import type { OperationReport } from '../../src/domain/operation/operation-report.ts';
import { done } from '../../src/domain/order/command.ts';
import { PLAIN_TERMS, planIntent } from '../../src/domain/order/intent-plan.ts';
import type { AskedOperation } from '../../src/domain/order/operation-request.ts';
import { REFUSAL_CODES, type RefusalCode } from '../../src/domain/order/refusal-codes.ts';
import { repeatedAnswer } from '../../src/domain/order/repeated-command.ts';
import { type OperationPlan, planCommand } from '../../src/domain/planning/plan-command.ts';
import { loadSettings } from '../../src/runtime/config.ts';
import { CONFIRMATION_INVALID, engineBusy, expiry } from '../../workflows/engine/command-refusals.ts';
import { absent, gone, landed, OperationDriver, unseen } from '../support/operation-driver.ts';
import { livePolicy, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol, usd } from '../support/snapshots.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MARKET = 'SOL-PERP';
const AUTHORITY = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
type PlanInput = Parameters<typeof planCommand>[1];
const OPEN = (size: number): AskedOperation => ({ kind: 'open', market: MARKET, size: sol(size).toString() });
const CLOSE: AskedOperation = { kind: 'close', market: MARKET };
const REBALANCE: AskedOperation = { kind: 'rebalance', market: MARKET };
const DEPOSIT = (amount: number): AskedOperation => ({ kind: 'deposit', asset: 'SOL', amount: sol(amount).toString() });

const plan = (request: AskedOperation, scenario: Scenario = {}, change: Partial<PlanInput> = {}): OperationPlan =>
  planCommand(request, {
    ...{ snapshot: snapshotOf({ ...scenario, snapshot: { rpcLatencyMs: 10, ...scenario.snapshot } }) },
    ...{ policy: paperPolicy(), hedgeTargetPpm: 1_000_000, cooldownUntilMs: null, shown: null, nowMs: NOW_MS },
    ...change,
  });
function refusedAs(code: RefusalCode, planned: OperationPlan) {
  if (planned.kind !== 'refuse') throw new Error(`${code}: ${planned.kind}`);
  expect(planned.error.code).toBe(code);
  return planned.error;
}
const starts = (planned: OperationPlan) => expect(planned.kind).toBe('start');

const tracked = (kind: TrackedOperation['kind']): TrackedOperation => ({
  ...{ operationId: 'op', kind, commandId: 'c', reducing: false, reported: -1, phase: 'running', stage: 'accepted' },
  ...{
    windowClosed: false,
    wantsSlot: false,
    counted: '0',
    spot: '0',
    perpBefore: '0',
    marketTimeMs: 0,
    acceptedAtMs: 0,
  },
});
const report = (change: Partial<OperationReport>): OperationReport => ({
  ...{ operationId: 'op', kind: 'open', sequence: 0, stage: 's', phase: 'unresolved', reducing: false, answer: null },
  ...{ perpChange: '0', windowClosed: false, contradicted: false, error: null },
  ...change,
});
const REPORTED = { nowMs: 1, marketNowMs: 1, cooldownMs: 1, cooldownWallMs: 1 };
const admits = (engine: EngineCarried, row: Parameters<typeof refusalOf>[0]) => refusalOf(row, admissionView(engine));

const read = (message: object | string): Incoming =>
  parseMessage(typeof message === 'string' ? message : JSON.stringify(message), {
    markets: [MARKET],
    quoteAsset: () => null,
  });
const codeOf = (incoming: Incoming): string | undefined =>
  incoming.kind === 'bad_command'
    ? incoming.answer.error?.code
    : incoming.kind === 'not_understood'
      ? incoming.error.code
      : undefined;
/** What was wrong is named, and what is expected is taken in its place. */
function corrected(code: RefusalCode, wrong: object | string, right: object): void {
  expect(codeOf(read(wrong))).toBe(code);
  expect(JSON.stringify(read(wrong))).toContain('expected');
  expect(read(right).kind).toBe('command');
}
const command = (action: string, data: object = {}) => ({ type: 'COMMAND', action, data });

/** The same id is used up and says so; a new one is free. */
const newIdWorks = (): void =>
  expect(repeatedAnswer('new', { isSame: true, answer: null, first: null, operation: null })).toBeNull();

const FOLLOWED: Readonly<Record<RefusalCode, () => void>> = {
  INVALID_MESSAGE: () => corrected('INVALID_MESSAGE', '[]', command('GET_STATE')),
  INVALID_FIELD: () =>
    corrected('INVALID_FIELD', command('DRIFT_DEPOSIT', { amount: -1 }), command('DRIFT_DEPOSIT', { amount: 1 })),
  UNKNOWN_ACTION: () => corrected('UNKNOWN_ACTION', command('DEPOSIT'), command('GET_STATE')),
  UNKNOWN_MARKET: () => {
    const close = (market: string) => command('DRIFT_CLOSE_POSITION', { market });
    corrected('UNKNOWN_MARKET', close('DOGE-PERP'), close(MARKET));
    const error = refusedAs('UNKNOWN_MARKET', plan({ ...CLOSE, market: 'DOGE-PERP' } as AskedOperation, { perp: -1 }));
    starts(plan({ ...CLOSE, market: String(error.details?.expected) } as AskedOperation, { perp: -1 }));
  },
  PROTOCOL_NOT_SERVED: () =>
    corrected(
      'PROTOCOL_NOT_SERVED',
      { ...command('GET_STATE'), protocol: 0 },
      { ...command('GET_STATE'), protocol: 1 },
    ),
  MESSAGE_TOO_LARGE: () => expect(JSON.stringify(command('GET_STATE')).length).toBeLessThan(MAX_MESSAGE_BYTES),
  RATE_LIMITED: () => {
    const rate = new RateLimit(0);
    const verdicts = Array.from({ length: 201 }, () => rate.take(10, 0).kind);
    expect(verdicts.at(-1)).toBe('drop');
    expect(rate.take(10, 1_000).kind).toBe('pass');
  },
  UNAUTHORIZED: () => {
    const wrongTokens = new WrongTokens({ nowMs: () => 0, logger: pino({ level: 'silent' }), count: () => {} });
    const auth = new Auth({ host: '127.0.0.1', port: () => 1, tokens: new AccessTokens('secret'), wrongTokens });
    const asked = (authorization?: string) =>
      auth.refusalOf({ url: '/ws', headers: { host: '127.0.0.1:1', authorization }, socket: {} } as never, 'full');
    expect(asked()?.error.message).toContain('Authorization: Bearer');
    expect(asked('Bearer secret')).toBeNull();
  },
  INSUFFICIENT_FUNDS: () => {
    const error = refusedAs('INSUFFICIENT_FUNDS', plan(DEPOSIT(500)));
    const gates = error.details?.gates as readonly { code: string; have: number }[];
    starts(plan(DEPOSIT(gates.find(({ code }) => code === 'INSUFFICIENT_FUNDS')?.have ?? 0)));
  },
  BELOW_MINIMUM: () => {
    expect(refusedAs('BELOW_MINIMUM', plan(OPEN(-0.004))).message).toContain('larger size');
    starts(plan(OPEN(-0.005)));
    const small = { sol: '10.2', perp: -10 };
    refusedAs('BELOW_MINIMUM', plan(REBALANCE, small, { policy: paperPolicy({ minTradeSize: sol(1) }) }));
    starts(plan(REBALANCE, { sol: '11.5', perp: -10 }, { policy: paperPolicy({ minTradeSize: sol(1) }) }));
  },
  NO_POSITION: () => {
    const { open } = refusedAs('NO_POSITION', plan(REBALANCE)).details as { open: { size: number; direction: string } };
    expect(read(command('DRIFT_OPEN_POSITION', open)).kind).toBe('command');
    starts(plan(OPEN(open.direction === 'short' ? -open.size : open.size)));
    // Without SOL to hedge it says what comes first.
    expect(refusedAs('NO_POSITION', plan(REBALANCE, { sol: 0 })).message).toContain('Deposit first');
    starts(plan(DEPOSIT(1), { sol: 0 }));
    refusedAs('NO_POSITION', plan(CLOSE));
    refusedAs('NO_POSITION', plan({ kind: 'settle', market: MARKET }));
  },
  // Each gate's own remedy: tests/domain/gates/remedies.test.ts.
  GATE_BLOCKED: () => {
    const under = { perp: '-9.7' };
    const error = refusedAs('GATE_BLOCKED', plan(REBALANCE, under, { cooldownUntilMs: NOW_MS + 90_000 }));
    expect(error.message).toContain('90 s left');
    starts(plan(REBALANCE, under, { cooldownUntilMs: NOW_MS }));
  },
  PERMISSION_DENIED: () => {
    const policy = livePolicy({ permissions: 'capital', confirmAboveUsd: usd(1e6) });
    const error = refusedAs('PERMISSION_DENIED', plan(OPEN(-1), {}, { policy }));
    const permissions = /LIVE_PERMISSIONS=(\w+)/.exec(error.message)?.[1] as 'trading';
    starts(plan(OPEN(-1), {}, { policy: { ...policy, permissions } }));
  },
  VENUE_PAUSED: () => {
    const pauses = { ...snapshotOf().pauses, increase: true, detail: 'Frozen.' };
    expect(refusedAs('VENUE_PAUSED', plan(OPEN(-1), { snapshot: { pauses } })).message).toContain('Try again when');
    starts(plan(OPEN(-1)));
  },
  ENGINE_STOPPED: () => {
    const stopped = stopEngine({ ...initialEngine('e'), expectedPerp: '-1' }, 0);
    expect(admits(stopped, 'open')).toMatchObject({ code: 'ENGINE_STOPPED', message: /START_ENGINE/ });
    expect(admits(startEngine(stopped), 'open')).toBeNull();
    // A withdrawal: close, which works while stopped, and then it may leave.
    expect(admits(stopped, 'withdraw')?.message).toContain('Close the position first');
    expect(admits(stopped, 'close')).toBeNull();
    expect(admits({ ...stopped, expectedPerp: '0' }, 'withdraw')).toBeNull();
  },
  ENGINE_REDUCING: () => {
    const guarded: EngineCarried = {
      ...initialEngine('e'),
      holds: [{ code: 'guarded', sinceMs: 0, permits: 'reducing', clearedBy: 'person', reason: 'Use Resume.' }],
    };
    expect(admits(guarded, 'open')).toMatchObject({ code: 'ENGINE_REDUCING', message: /Use Resume/ });
    expect(admits(resume(guarded, '0', '0'), 'open')).toBeNull();
  },
  ENGINE_HALTED: () => {
    const halted = flattened(initialEngine('e'), 0);
    expect(admits(halted, 'open')).toMatchObject({ code: 'ENGINE_HALTED', message: /RESUME ends the halt/ });
    expect(admits(resume(halted, '0', '0'), 'open')).toBeNull();
  },
  ENGINE_BUSY: () => {
    expect(engineBusy(8, 8).message).toContain('Try again');
    newIdWorks();
  },
  ENGINE_RUNNING_OTHER_MODE: () => {
    const setting = /start(?: with|ing with)? (ENGINE_MODE)=/.exec(
      readFileSync(join(ROOT, 'workflows/engine/control-commands.ts'), 'utf8'),
    )?.[1];
    // The other mode is another engine, with an id of its own.
    const engineId = (mode: string) =>
      loadSettings({ env: { [setting as string]: mode, AUTHORITY, RPC_URL: 'http://node' }, dotenv: null, cwd: '/' })
        .engineId;
    expect(engineId('live')).not.toBe(engineId('paper'));
  },
  ACCOUNT_UNRESOLVED: () => {
    const unknown = takeReport(startOperation(initialEngine('e'), tracked('open')), report({}), REPORTED);
    expect(admits(unknown, 'close')).toMatchObject({ code: 'ACCOUNT_UNRESOLVED', message: /can no longer land/ });
    const closed = takeReport(unknown, report({ sequence: 1, windowClosed: true }), REPORTED);
    expect(admits(closed, 'close')).toBeNull();
    expect(admits(closed, 'open')?.message).toContain('Until it is resolved');
    const resolved = takeReport(closed, report({ sequence: 2, phase: 'ended', answer: done('ok') }), REPORTED);
    expect(admits(resolved, 'open')).toBeNull();
  },
  UNAVAILABLE: () => {
    expect(unavailable('journal', 'Away.').error?.details).toMatchObject({ part: 'journal', retry_after_s: 5 });
    // Not recorded as an end, so the same command may come again.
    newIdWorks();
  },
  CONFIRMATION_REQUIRED: () => {
    const asked = plan(OPEN(-14));
    if (asked.kind !== 'confirm') throw new Error(asked.kind);
    starts(plan(OPEN(-14), {}, { shown: asked.shown }));
  },
  CONFIRMATION_INVALID: () => {
    expect(CONFIRMATION_INVALID.message).toContain('Send the command without it');
    expect(plan(OPEN(-14)).kind).toBe('confirm');
  },
  COMMAND_ID_CONFLICT: () => {
    const conflict = repeatedAnswer('used', { isSame: false, answer: null, first: null, operation: null });
    expect(conflict).toMatchObject({ error: { code: 'COMMAND_ID_CONFLICT', message: /Use a new command_id/ } });
    newIdWorks();
  },
  COMMAND_EXPIRED: () => {
    const late = expiry();
    expect(late.message).toContain('with a new command_id');
    expect(repeatedAnswer('late', { isSame: true, answer: late, first: null, operation: null })).toBe(late);
    newIdWorks();
  },
  ACCEPTANCE_UNKNOWN: () => {
    expect(acceptanceUnknown().message).toContain('follows under the same command_id');
    const operation = { operationId: 'op', answer: done('Deposited'), endedAtMs: 1 };
    const again = repeatedAnswer('id', { isSame: true, answer: null, first: null, operation });
    expect(again?.message).toBe('Deposited');
  },
  VERDICT_REFUSED: () => {
    const driver = new OperationDriver({ kind: 'flatten', market: MARKET }).place('10000000000', '-10000000000');
    driver.push({
      kind: 'verdict',
      asked: { id: 'v', verdict: 'failed', operator: 'ann', note: '', atMs: driver.nowMs },
    });
    // While it is not known to be unknown, evidence decides.
    expect(driver.raised('VERDICT_REFUSED')).toHaveLength(1);
    expect(driver.waitsFor).not.toBeNull();
  },
  SIMULATION_FAILED: () => {
    const driver = new OperationDriver({ kind: 'flatten', market: MARKET }).refused('SIMULATION_FAILED', '-10');
    expect(driver.waitsFor).not.toBeNull();
    newIdWorks();
  },
  TRANSACTION_FAILED: () => {
    const driver = new OperationDriver({ kind: 'open', market: MARKET, size: '-10000000000' });
    driver.place('-10000000000', '0').sighted(unseen({ windowClosed: true }), null, 100_000);
    driver.wake().sighted(absent);
    expect(driver.report).toMatchObject({ phase: 'ended', answer: { error: { code: 'TRANSACTION_FAILED' } } });
    expect(driver.report?.answer?.message).toContain('Send the command again');
    newIdWorks();
  },
  ORDER_NOT_FILLED: () => {
    const driver = new OperationDriver({ kind: 'open', market: MARKET, size: '-10000000000' });
    driver.place('-10000000000', '0').sighted(landed(), gone('0'));
    expect(driver.report?.answer).toMatchObject({ error: { code: 'ORDER_NOT_FILLED' }, message: /MAX_SLIPPAGE_BPS/ });
    const limitAt = (maxSlippageBps: number) => {
      const limits = { maxSlippageBps, orderLifeMs: 30_000, nowMs: NOW_MS };
      const planned = planIntent(
        { kind: 'open', market: MARKET, size: '-1000000000' },
        PLAIN_TERMS,
        snapshotOf(),
        limits,
      );
      return planned.kind === 'intent' && planned.intent.kind === 'order' ? BigInt(planned.intent.priceLimit) : 0n;
    };
    expect(limitAt(100)).toBeLessThan(limitAt(50));
  },
};

describe('a refused command', () => {
  it.each(REFUSAL_CODES)('%s: its remedy works', (code) => FOLLOWED[code]());
});

/** Codes in the same form that refuse no command: alerts, reasons of decisions, answers of HTTP, what a start says. */
const NO_REFUSALS: ReadonlySet<string> = new Set([
  ...['ACCOUNT_FIGURES_UNKNOWN', 'CARRY_NEGATIVE', 'CLOCK_DIFFERS', 'FEED_ENDED', 'HEALTH_CRITICAL', 'HEALTH_WARNING'],
  ...['LIQUIDATION_NEAR', 'LONG_POSITION', 'NAKED_SHORT', 'NODES_DISAGREE', 'SHORT_BEYOND_SPOT'],
  ...['COOLDOWN', 'CORRECT', 'GUARD', 'CARRY_EXIT_DUE', 'CARRY_UNPROVEN'],
  ...['NOT_FOUND', 'EXTERNAL_STORES', 'SETTINGS_UNREADABLE', 'SNAPSHOT_UNREADABLE', 'CANNOT_LISTEN', 'PORT_IN_USE'],
]);

const CODE =
  /(?:code: |Error\(\s*|nothingOpen\(|refuse\(|errorCode\(|return |\? )'([A-Z]{3,}_[A-Z_]{3,}|UNAVAILABLE)'/g;

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name));
}

it('no code is given to a command that the table does not follow', () => {
  const found = new Set<string>();
  for (const file of [
    'src/bridge',
    'workflows',
    'src/domain/planning',
    'src/domain/engine',
    'src/domain/order',
  ].flatMap(sources)) {
    for (const [, code = ''] of readFileSync(file, 'utf8').matchAll(CODE)) found.add(code);
  }
  const known = new Set<string>([...REFUSAL_CODES, ...NO_REFUSALS]);
  expect(found.size).toBeGreaterThan(20);
  expect([...found].filter((code) => !known.has(code))).toEqual([]);
});
