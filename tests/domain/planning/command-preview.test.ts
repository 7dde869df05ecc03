/** What a person sees before they send: each command's effect by the engine's own plan and gates, and nulls for the rest. */
import { describe, expect, it } from '@jest/globals';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import { gateSubject } from '../../../src/domain/gates/gate-subject.ts';
import { evaluateGates } from '../../../src/domain/gates/gates.ts';
import type { Policy } from '../../../src/domain/hedge/policy.ts';
import { ACTIONS, type Action, actionOf, type CommandRequest } from '../../../src/domain/order/command.ts';
import { type PreviewInput, previewCommand, unknownForecast } from '../../../src/domain/planning/command-preview.ts';
import { planCommand } from '../../../src/domain/planning/plan-command.ts';
import { COMMANDED, livePolicy, NOW_MS, paperPolicy, type Scenario, snapshotOf, sol } from '../../support/snapshots.ts';

const MARKET = 'SOL-PERP';
const size = (amount: string) => sol(amount).toString();

const REQUESTS: Readonly<Record<Action, CommandRequest>> = {
  START_ENGINE: { action: 'START_ENGINE', mode: 'paper' },
  STOP_ENGINE: { action: 'STOP_ENGINE' },
  GET_STATE: { action: 'GET_STATE' },
  RESUME: { action: 'RESUME' },
  ADOPT_POSITION: { action: 'ADOPT_POSITION', market: MARKET },
  ENABLE_AUTO_CARRY: { action: 'ENABLE_AUTO_CARRY', market: MARKET, policyHash: '0123abcd' },
  RESOLVE_TRANSACTION: { action: 'RESOLVE_TRANSACTION', operationId: 'op', verdict: 'landed', note: '' },
  REBALANCE: { kind: 'rebalance', market: MARKET },
  FLATTEN: { kind: 'flatten', market: MARKET },
  DRIFT_DEPOSIT: { kind: 'deposit', asset: 'SOL', amount: size('1') },
  DRIFT_WITHDRAW: { kind: 'withdraw', asset: 'SOL', amount: size('1') },
  DRIFT_OPEN_POSITION: { kind: 'open', market: MARKET, size: size('-5') },
  DRIFT_CLOSE_POSITION: { kind: 'close', market: MARKET },
  SETTLE_PNL: { kind: 'settle', market: MARKET },
};

const input = (scenario: Scenario = {}, change: Partial<PreviewInput> = {}): PreviewInput => ({
  snapshot: snapshotOf(scenario),
  policy: paperPolicy(),
  hedgeTargetPpm: 1_000_000,
  cooldownUntilMs: null,
  admission: { state: 'running', holds: [], unresolved: [], dropped: false, hasPosition: null },
  mayStillOpen: false,
  nowMs: NOW_MS,
  ...change,
});
const preview = (action: Action, scenario: Scenario = {}, change: Partial<PreviewInput> = {}) =>
  previewCommand(REQUESTS[action], input(scenario, change));
const stopped: Hold = { code: 'stopped', sinceMs: 0, permits: 'nothing', clearedBy: 'person', reason: 'Stopped.' };

describe('a preview', () => {
  it.each(ACTIONS)('of %s says what it is about, and what the account is now', (action) => {
    const found = preview(action, { perp: '-9.7' });
    expect(found.action).toBe(actionOf(REQUESTS[action]));
    expect(found.before).toMatchObject({ spot_sol: 10, perp_sol: -9.7, hedge_target: 1 });
    expect(found.after.spot_sol).not.toBeNull();
  });

  const AFTER: readonly (readonly [Action, Scenario, object])[] = [
    ['DRIFT_DEPOSIT', { perp: '-10' }, { spot_sol: 11, perp_sol: -10, hedge_target: 1 }],
    ['DRIFT_WITHDRAW', {}, { spot_sol: 9, perp_sol: 0, hedge_target: 1 }],
    ['DRIFT_OPEN_POSITION', {}, { perp_sol: -5, hedged_pct: 50, hedge_target: 0.5, net_delta_sol: 5 }],
    ['REBALANCE', { perp: '-9' }, { perp_sol: -10, hedged_pct: 100, hedge_target: 1, net_delta_sol: 0 }],
    ['DRIFT_CLOSE_POSITION', { perp: '-10' }, { perp_sol: 0, hedge_target: 0, liquidation_kind: 'none' }],
    ['FLATTEN', { perp: '-10' }, { perp_sol: 0, hedge_target: 0, liquidation_kind: 'none' }],
    ['ADOPT_POSITION', { perp: '-4' }, { perp_sol: -4, hedge_target: 0.4 }],
    ['SETTLE_PNL', { perp: '-10' }, { perp_sol: -10, spot_sol: 10 }],
  ];
  it.each(AFTER)('of %s with %o comes to %o', (action, scenario, after) => {
    expect(preview(action, scenario).after).toMatchObject(after);
  });

  it('of a trade has its price limit, fee, slippage and break-even, and of a reduction no break-even', () => {
    const open = preview('DRIFT_OPEN_POSITION').costs;
    expect(open.worst_price_usd).toBeLessThan(open.mark_price_usd ?? 0);
    for (const figure of [open.fees_usd, open.slippage_at_most_usd, open.break_even_days, open.expected_funding_usd]) {
      expect(figure).toBeGreaterThan(0);
    }
    expect(preview('DRIFT_CLOSE_POSITION', { perp: '-10' }).costs).toMatchObject({
      break_even_days: null,
      expected_funding_usd: null,
    });
  });

  it('of FLATTEN shows the widest limit that it may come to', () => {
    const { costs: close } = preview('DRIFT_CLOSE_POSITION', { perp: '-10' });
    const { costs: flatten } = preview('FLATTEN', { perp: '-10' });
    expect(flatten.worst_price_usd).toBeGreaterThan(close.worst_price_usd ?? 0);
    expect(flatten.slippage_at_most_usd).toBeGreaterThan(3 * (close.slippage_at_most_usd ?? 0));
  });

  it('has the very gates that the engine asks', () => {
    const { snapshot, policy } = input();
    const operation = { kind: 'open', market: MARKET, size: size('-5') } as const;
    const asked = { ...COMMANDED, snapshot, policy, operation, nowMs: NOW_MS };
    const report = evaluateGates(asked);
    const found = preview('DRIFT_OPEN_POSITION');
    expect((found.gates as readonly { code: string; have: unknown }[]).map(({ code, have }) => [code, have])).toEqual(
      report.gates.map(({ code, have }) => [code, have]),
    );
    const { margin } = gateSubject(asked, report.column, report.reducing);
    expect(found.after.health).toBe(margin.kind === 'known' ? margin.figures.health : null);
  });

  const REFUSED: readonly (readonly [string, Action, Scenario, Partial<PreviewInput>])[] = [
    ['PERMISSION_DENIED', 'FLATTEN', { perp: '-10' }, { policy: readOnly() }],
    ['PERMISSION_DENIED', 'DRIFT_DEPOSIT', {}, { policy: readOnly() }],
    ['NO_POSITION', 'DRIFT_CLOSE_POSITION', {}, {}],
    ['NO_POSITION', 'REBALANCE', {}, {}],
    ['ENGINE_HALTED', 'DRIFT_OPEN_POSITION', {}, { admission: admission({ holds: [stopped] }) }],
    ['ENGINE_STOPPED', 'DRIFT_OPEN_POSITION', {}, { admission: admission({ state: 'stopped', holds: [stopped] }) }],
    ['GATE_BLOCKED', 'DRIFT_OPEN_POSITION', { lastRate: -50_000n }, {}],
  ];
  it.each(REFUSED)('says that the engine would answer %s to %s', (code, action, scenario, change) => {
    expect(preview(action, scenario, change).refusal?.code).toBe(code);
  });

  it('never says of an exit that a pause, gas, old figures or a halt refuse it', () => {
    const worst: Scenario = {
      perp: '-10',
      walletSol: '0.00001',
      snapshot: { takenAtMs: 0 },
    };
    for (const action of ['DRIFT_CLOSE_POSITION', 'FLATTEN'] as const) {
      const change = { admission: admission({ state: 'stopped' as const, holds: [stopped] }) };
      expect(preview(action, worst, change).refusal).toBeNull();
    }
  });

  it('says what a person would be asked, by the plan of the command itself', () => {
    const policy = livePolicy({ permissions: 'trading' });
    const scenario: Scenario = { snapshot: { rpcLatencyMs: 50 } };
    const found = preview('DRIFT_OPEN_POSITION', scenario, { policy });
    const { snapshot } = input(scenario);
    const terms = { hedgeTargetPpm: 1_000_000, cooldownUntilMs: null, shown: null, nowMs: NOW_MS };
    const plan = planCommand(REQUESTS.DRIFT_OPEN_POSITION as never, { snapshot, policy, ...terms });
    expect(plan.kind === 'confirm' ? plan.shown.reasons : plan.kind).toEqual(found.confirmation);
    expect(found.confirmation).toContain('CONFIRM_ABOVE_USD');
  });

  it('leaves unknown what depends on a price that is missing, and keeps the rest', () => {
    const found = preview('DRIFT_CLOSE_POSITION', { perp: '-10', oracleUsd: null, markUsd: null });
    expect(found.before).toMatchObject({ perp_sol: -10, health: null, liquidation_kind: 'unknown' });
    expect(found.costs).toMatchObject({ worst_price_usd: null, fees_usd: null });
    expect(found.refusal).toBeNull();
  });

  it('of an account that was never read is unknown throughout', () => {
    const found = unknownForecast(REQUESTS.FLATTEN);
    expect(Object.values(found.after).filter((value) => value !== null)).toEqual(['unknown']);
    expect(Object.values(found.costs).every((value) => value === null)).toBe(true);
  });
});

function admission(change: Partial<NonNullable<PreviewInput['admission']>>): PreviewInput['admission'] {
  return { state: 'running', holds: [], unresolved: [], dropped: false, hasPosition: null, ...change };
}

function readOnly(): Policy {
  return livePolicy({ permissions: 'read-only' });
}
