import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emptyPosition } from '../../../src/domain/account/position.ts';
import { GATE_CODES, gateCell } from '../../../src/domain/gates/gate-table.ts';
import {
  confirmationNeeded,
  evaluateGates,
  type GateCode,
  type GateInput,
  type GateReport,
  gateError,
  gatesJson,
  worstPriceOf,
} from '../../../src/domain/gates/gates.ts';
import { lamports, microUsd } from '../../../src/domain/money/units.ts';
import type { SizedOperation } from '../../../src/domain/order/operation-request.ts';
import { GATE_COLUMNS, type GateColumn } from '../../../src/domain/order/operations.ts';
import { planCommand } from '../../../src/domain/planning/plan-command.ts';
import { BASE, capital, failing, trade } from '../../support/failing-gates.ts';
import {
  COMMANDED,
  livePolicy,
  NOW_MS,
  paperPolicy,
  type Scenario,
  snapshotOf,
  sol,
  usd,
} from '../../support/snapshots.ts';

/** Commanded, with nothing confirmed, where the test does not say otherwise. */
type Judged = Omit<GateInput, keyof typeof COMMANDED> & Partial<Pick<GateInput, keyof typeof COMMANDED>>;
const judge = (input: Judged): GateReport => evaluateGates({ ...COMMANDED, ...input });

const as = (input: GateInput, change: Partial<GateInput>): GateInput => ({ ...input, ...change });
const gateOf = (report: GateReport, code: GateCode) => report.gates.find((gate) => gate.code === code);

/** The table as the document states it. */
function documented(): ReadonlyMap<string, string> {
  const text = readFileSync(new URL('../../../docs/architecture/gates.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  const start = rows.findIndex((line) => line.startsWith('| gate | deposit'));
  const columns = (rows[start] ?? '')
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
  const cells = new Map<string, string>();
  for (const line of rows.slice(start + 2)) {
    const [code, ...values] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (values.length !== columns.length) break;
    values.forEach((value, index) => {
      cells.set(`${code} ${columns[index]}`, value === '–' ? '-' : value);
    });
  }
  return cells;
}

const CELLS = GATE_CODES.flatMap((code) =>
  GATE_COLUMNS.map((column) => ({ code, column, cell: gateCell(code, column) })),
);

it('a withdrawal that an unsettled loss holds back is told to settle first, with the figures', () => {
  const position = { ...emptyPosition(0, 0n), quoteAmount: microUsd(-40_500_000n) };
  const snapshot = snapshotOf({ usdc: 0, account: { perps: [position] } });
  const operation = capital('withdraw', 10);
  const error = gateError(judge({ snapshot, operation, policy: paperPolicy(), nowMs: NOW_MS }));
  expect(error?.message).toMatch(/Health would be 0 %; .*loss of 40\.5\d* USDC .*Send SETTLE_PNL first/);
});

it('a withdrawal that leaves an unsettled loss uncovered at initial weights is refused as the program would', () => {
  const position = { ...emptyPosition(0, 0n), quoteAmount: microUsd(-40_500_000n) };
  const snapshot = snapshotOf({ usdc: 0, account: { perps: [position] } });
  const refused = (amount: string) =>
    gateError(judge({ snapshot, operation: capital('withdraw', amount), policy: livePolicy(), nowMs: NOW_MS }));
  // 40.5 USD at 150 USD and 80 %: 0.3375 SOL must stay; at 90 %, which health goes by, 0.3.
  expect(refused('9.69')).toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
    message: expect.stringMatching(/cannot be withdrawn without borrowing.*Send SETTLE_PNL first/),
  });
  expect(refused('9.662499')?.message ?? '').not.toContain('cannot be withdrawn');
});

it('a withdrawal that a debt holds back is told what to deposit', () => {
  const snapshot = snapshotOf({ usdc: -12.5 });
  const operation = capital('withdraw', 10);
  const error = gateError(judge({ snapshot, operation, policy: livePolicy(), nowMs: NOW_MS }));
  expect(error?.message).toContain('A debt of 12.5 USDC blocks the rest. Deposit a little more than that first.');
});

it('a withdrawal of the lamports that were rounded away owes nothing, and is not refused for its health', () => {
  const operation = capital('withdraw', '10.00000001');
  const report = judge({ snapshot: snapshotOf({ usdc: 0 }), operation, policy: livePolicy(), nowMs: NOW_MS });
  expect(report.gates.find(({ code }) => code === 'HEALTH_AFTER')).toMatchObject({ pass: true, have: 100 });
  expect(report.gates.find(({ code }) => code === 'INSUFFICIENT_FUNDS')?.pass).toBe(true);
});

describe('an oracle by which the venue computes margin and fills nothing', () => {
  const stale = (column: GateColumn) => {
    const { scenario, operation } = BASE[column];
    const { perps, spot } = snapshotOf(scenario).markets;
    const oracle = { ...(perps[0] ?? spot[1])?.oracle, noFillsReason: 'stale by 12 slots' } as never;
    const input = { snapshot: snapshotOf({ ...scenario, perpMarket: { oracle } }), operation };
    const report = judge({ ...input, policy: paperPolicy(), nowMs: NOW_MS });
    return { ...report, oracle: report.gates.find((gate) => gate.code === 'ORACLE_INVALID') };
  };

  it.each(['open', 'rebalance-enlarge'] as const)('makes %s wait, with the reason', (column) => {
    const { pass, oracle } = stale(column);
    expect(pass).toBe(false);
    expect(oracle).toMatchObject({ blocks: true, have: 'stale by 12 slots', remedy: expect.stringContaining('fresh') });
  });

  it.each(['close', 'flatten', 'guard', 'rebalance-reduce', 'deposit', 'withdraw', 'settle'] as const)(
    'lets %s pass',
    (column) => {
      expect(stale(column).pass).toBe(true);
    },
  );
});

describe('a quote asset off its peg', () => {
  const report = (column: GateColumn, scenario: Scenario, policy = paperPolicy()) => {
    const base = BASE[column];
    return judge({
      snapshot: snapshotOf({ ...base.scenario, ...scenario }),
      operation: base.operation,
      policy,
      nowMs: NOW_MS,
    });
  };

  it.each([0.9899, 1.0101, null])('at %s blocks what adds risk, and no reduction', (quoteUsd) => {
    for (const column of ['open', 'rebalance-enlarge'] as const) {
      const gate = gateOf(report(column, { quoteUsd }), 'QUOTE_DEPEG');
      expect(gate).toMatchObject({ pass: false, blocks: true, have: quoteUsd === null ? null : expect.any(Number) });
    }
    for (const column of ['rebalance-reduce', 'close', 'flatten', 'guard', 'settle'] as const) {
      expect(report(column, { quoteUsd }).pass).toBe(true);
    }
  });

  it('is told with its name, its price and the setting that limits it', () => {
    const message = gateError(report('open', { quoteUsd: 0.97 }))?.message;
    expect(message).toContain('The quote asset is 3 % away from 1 USD; the limit is 1 %.');
    expect(message).toContain('USDC is back near 1 USD (it is at $0.97), or raise MAX_QUOTE_DEPEG_PCT.');
    expect(gateError(report('open', { quoteUsd: null }))?.message).toContain('Not known: the price of USDC');
  });

  it('may be as far off as the setting says; a policy from before has 1 %', () => {
    expect(report('open', { quoteUsd: 0.97 }, paperPolicy({ maxQuoteDepegPct: 3 })).pass).toBe(true);
    const { maxQuoteDepegPct: _, ...before } = paperPolicy();
    expect(gateOf(report('open', { quoteUsd: 0.99 }, before), 'QUOTE_DEPEG')).toMatchObject({ pass: true, need: 1 });
    expect(gateOf(report('open', { quoteUsd: 0.9899 }, before), 'QUOTE_DEPEG')).toMatchObject({ pass: false, need: 1 });
  });
});

describe('the table of gates', () => {
  it('is the one that ARCHITECTURE documents, cell by cell', () => {
    const table = documented();
    expect(table.size).toBe(CELLS.length);
    for (const { code, column, cell } of CELLS)
      expect(`${code} ${column} ${table.get(`${code} ${column}`)}`).toBe(`${code} ${column} ${cell}`);
  });

  it.each(GATE_COLUMNS)('%s passes on a healthy account, with every gate reported', (column) => {
    const { scenario, operation } = BASE[column];
    const report = judge({ snapshot: snapshotOf(scenario), operation, policy: paperPolicy(), nowMs: NOW_MS });
    expect(report.column).toBe(column);
    expect(report.pass).toBe(true);
    expect(gateError(report)).toBeNull();
    const expected = GATE_CODES.filter((code) => gateCell(code, column) !== '-');
    expect(report.gates.map((gate) => gate.code)).toEqual(expected);
    for (const gate of report.gates) expect(gate.remedy.length).toBeGreaterThan(0);
  });

  it.each(CELLS)('$code × $column: $cell', ({ code, column, cell }) => {
    const input = failing(code, column);
    const automatic = column === 'guard';
    const commanded = judge(as(input, { automatic: false }));
    expect(commanded.column).toBe(column);
    const gate = gateOf(commanded, code);
    if (cell === '-') {
      expect(gate).toBeUndefined();
      return;
    }
    expect(gate?.pass).toBe(false);
    const byEngine = gateOf(judge(as(input, { automatic: true })), code);
    switch (cell) {
      case 'B':
        expect(gate?.blocks).toBe(true);
        expect(gate?.confirmable).toBe(false);
        expect(byEngine?.blocks).toBe(true);
        expect(commanded.pass).toBe(false);
        expect(JSON.stringify(gateError(commanded))).toContain(code);
        break;
      case 'R':
        expect(gate?.blocks).toBe(false);
        expect(byEngine?.blocks).toBe(false);
        break;
      case 'C': {
        expect(gate?.blocks).toBe(true);
        expect(gate?.confirmable).toBe(true);
        expect(gateOf(judge(as(input, { exposureConfirmed: true })), code)?.blocks).toBe(false);
        if (!('size' in input.operation)) break;
        const never = gateOf(judge(as(input, { exposureConfirmed: true, automatic: true })), code);
        expect(never?.blocks).toBe(true);
        expect(never?.confirmable).toBe(false);
        break;
      }
      case 'A':
        expect(gate?.blocks).toBe(false);
        expect(byEngine?.blocks).toBe(true);
        break;
      case 'W': {
        expect(gate?.blocks).toBe(true);
        const far = { ...input, snapshot: snapshotOf({ perp: '-9', lastRate: -1_000n }) };
        expect(gateOf(judge(far), code)?.pass).toBe(false);
        expect(gateOf(judge(far), code)?.blocks).toBe(false);
        break;
      }
    }
    if (automatic) expect(byEngine?.blocks).toBe(cell === 'B');
  });

  it('blocks a reduction by nothing but permission, a pause, no fee money and no price', () => {
    for (const column of ['rebalance-reduce', 'close', 'flatten', 'guard'] as const) {
      const blocking = GATE_CODES.filter((code) => gateCell(code, column) === 'B');
      expect(blocking).toEqual(['PERMISSION', 'VENUE_PAUSED', 'FEE_MONEY', 'PRICE_UNKNOWN']);
      expect(GATE_CODES.filter((code) => ['C', 'A', 'W'].includes(gateCell(code, column)))).toEqual([]);
    }
  });
});

describe('the first deposit', () => {
  const gate = (code: GateCode, amount: string, openingCostLamports = sol('0.035')) =>
    judge({
      snapshot: snapshotOf({ account: null, walletSol: '1', snapshot: { openingCostLamports } }),
      operation: capital('deposit', amount),
      policy: paperPolicy(),
      nowMs: NOW_MS,
    }).gates.find((one) => one.code === code);

  it('leaves the gas reserve untouched by what opening the account costs', () => {
    // 1 SOL less 0.017 of reserve, 0.000005 of fee and 0.035 of opening.
    expect(gate('INSUFFICIENT_FUNDS', '0.947995')).toMatchObject({ pass: true, have: 0.947995 });
    expect(gate('INSUFFICIENT_FUNDS', '0.947996')?.pass).toBe(false);
    expect(gate('GAS_RESERVE', '0.947995')).toMatchObject({ pass: true, have: 0.017 });
    expect(gate('GAS_RESERVE', '0.947996')?.pass).toBe(false);
    expect(gate('FEE_MONEY', '0.1', sol(2))).toMatchObject({ pass: false, need: 2.000005 });
  });

  it('names that cost in its preview', () => {
    const plan = planCommand(
      { kind: 'deposit', asset: 'SOL', amount: sol('0.9').toString() },
      {
        snapshot: snapshotOf({
          account: null,
          walletSol: '1',
          snapshot: { openingCostLamports: sol('0.035'), rpcLatencyMs: 10 },
        }),
        policy: livePolicy(),
        hedgeTargetPpm: 0,
        cooldownUntilMs: null,
        shown: null,
        nowMs: NOW_MS,
      },
    );
    expect(plan).toMatchObject({ kind: 'confirm', preview: { opening_cost: 0.035, opening_cost_base: '35000000' } });
  });
});

describe('an exit without permission', () => {
  const plan = (kind: 'close' | 'flatten', perp: number, policy: GateInput['policy']) =>
    planCommand(
      { kind, market: 'SOL-PERP' },
      {
        ...{ snapshot: snapshotOf({ perp, snapshot: { rpcLatencyMs: 10 } }), policy, hedgeTargetPpm: 0 },
        ...{ cooldownUntilMs: null, shown: null, nowMs: NOW_MS },
      },
    );

  it.each(['close', 'flatten'] as const)('is refused before it starts, so that it halts nothing: %s', (kind) => {
    for (const permissions of ['read-only', 'capital'] as const) {
      for (const perp of [-10, 0]) {
        const refusal = plan(kind, perp, { ...livePolicy(), permissions });
        expect(refusal).toMatchObject({ kind: 'refuse', error: { code: 'PERMISSION_DENIED' } });
      }
    }
    expect(plan(kind, -10, livePolicy())).toMatchObject({ kind: 'start' });
  });

  it('is the only gate that is asked then: an empty wallet does not refuse an exit here', () => {
    const snapshot = snapshotOf({ perp: -10, walletSol: 0 });
    const input = { snapshot, policy: livePolicy(), hedgeTargetPpm: 0, cooldownUntilMs: null, shown: null };
    expect(planCommand({ kind: 'close', market: 'SOL-PERP' }, { ...input, nowMs: NOW_MS }).kind).toBe('start');
  });
});

describe('an exposure with next to no spot', () => {
  it('is told in SOL, and in per cent where there is some', () => {
    const exposure = (spot: string) =>
      judge({
        ...{
          operation: trade('open', '-99'),
          snapshot: snapshotOf({ sol: spot }),
          policy: paperPolicy(),
          nowMs: NOW_MS,
        },
      }).gates.find(({ code }) => code === 'DELTA_EXPOSED');
    expect(exposure('0')).toMatchObject({ pass: false, have: -99, unit: 'SOL' });
    expect(exposure('0.000001')).toMatchObject({ pass: false, unit: 'SOL' });
    expect(exposure('50')).toMatchObject({ pass: false, have: expect.closeTo(-98, 0), unit: '%' });
  });
});

describe('the preview before a confirmation', () => {
  const plan = planCommand(
    { kind: 'open', market: 'SOL-PERP', size: sol('-5').toString() },
    {
      snapshot: snapshotOf({ sol: '10', usdc: 500, snapshot: { rpcLatencyMs: 10 } }),
      policy: livePolicy(),
      hedgeTargetPpm: 0,
      cooldownUntilMs: null,
      shown: null,
      nowMs: NOW_MS,
    },
  );
  const preview = (plan.kind === 'confirm' ? plan.preview : {}) as Record<string, never>;

  it('shows size, price limit, costs, margin and health after, and the liquidation price after', () => {
    expect(preview).toMatchObject({
      size: -5,
      price_limit: expect.any(Number),
      value_usd: expect.any(Number),
      costs: {
        fees_usd: expect.any(Number),
        slippage_at_most_usd: expect.any(Number),
        network_sol: expect.any(Number),
      },
      leverage_after: expect.any(Number),
      health_after: expect.any(Number),
      margin_after: {
        total_collateral: expect.any(Number),
        free_collateral: expect.any(Number),
        initial_margin: expect.any(Number),
        maintenance_margin: expect.any(Number),
      },
      liquidation_price_after: expect.anything(),
    });
    expect(['number', 'string']).toContain(typeof preview.liquidation_price_after);
  });

  it('counts the most that the price limit lets it lose', () => {
    const {
      price_limit: limit,
      costs,
      value_usd: value,
    } = preview as unknown as {
      readonly price_limit: number;
      readonly value_usd: number;
      readonly costs: { readonly slippage_at_most_usd: number };
    };
    expect(costs.slippage_at_most_usd).toBeGreaterThan(0);
    expect(limit * 5).toBeLessThan(value + costs.slippage_at_most_usd);
  });
});

describe('what is judged as a reduction', () => {
  const column = (perp: string, operation: SizedOperation) =>
    judge({ snapshot: snapshotOf({ perp }), operation, policy: paperPolicy(), nowMs: NOW_MS }).column;

  it('is a trade that reduces, whatever its command was called', () => {
    expect(column('-10', trade('open', '4'))).toBe('rebalance-reduce');
    expect(column('-10', trade('rebalance', '10'))).toBe('rebalance-reduce');
  });

  it('is no trade that crosses zero, adds, or finds nothing to reduce', () => {
    expect(column('-10', trade('close', '10.001'))).toBe('rebalance-enlarge');
    expect(column('-10', trade('guard', '-1'))).toBe('rebalance-enlarge');
    expect(column('0', trade('flatten', '1'))).toBe('rebalance-enlarge');
    expect(column('-10', trade('open', '11'))).toBe('open');
  });

  it('is not there without an account', () => {
    const input = {
      snapshot: snapshotOf({ account: null }),
      operation: trade('close', '1'),
      policy: paperPolicy(),
      nowMs: NOW_MS,
    };
    const report = judge(input);
    expect(report.pass).toBe(false);
    expect(gateOf(report, 'ACCOUNT_STATUS')?.have).toBe('none');
  });
});

describe('missing data blocks', () => {
  const report = (scenario: Scenario, operation: SizedOperation = trade('open', '-5'), policy = paperPolicy()) =>
    judge({ snapshot: snapshotOf(scenario), operation, policy, nowMs: NOW_MS });
  const unknown = (of: GateReport) =>
    of.gates.filter((gate) => gate.blocks && gate.have === null).map((gate) => gate.code);

  it('without a price nothing about the account after is known, and none of it reads as healthy', () => {
    expect(unknown(report({ oracleUsd: null }))).toEqual(
      expect.arrayContaining(['PRICE_UNKNOWN', 'LEVERAGE', 'HEALTH_AFTER', 'LIQUIDATION_DISTANCE', 'UNPROFITABLE']),
    );
  });

  it('without a funding rate, or a mean of it', () => {
    expect(unknown(report({ lastRate: null }))).toEqual(['UNPROFITABLE']);
    expect(unknown(report({ meanRate: null }))).toEqual(['UNPROFITABLE']);
  });

  it('without a spot market', () => {
    const snapshot = snapshotOf();
    const markets = { ...snapshot.markets, spot: snapshot.markets.spot.filter((market) => market.asset !== 'SOL') };
    const of = judge({
      snapshot: { ...snapshot, markets },
      operation: trade('open', '-5'),
      policy: paperPolicy(),
      nowMs: NOW_MS,
    });
    expect(gateOf(of, 'DELTA_EXPOSED')?.have).toBeNull();
    expect(gateOf(of, 'DELTA_EXPOSED')?.blocks).toBe(true);
  });

  it('without a perp market', () => {
    const of = report({}, { ...trade('open', '-5'), market: 'ETH-PERP' });
    expect(of.pass).toBe(false);
    expect(gateOf(of, 'MARKET_STATUS')?.have).toBeNull();
    expect(gateOf(of, 'MINIMUM_SIZE')?.blocks).toBe(true);
    expect(gateOf(of, 'STEP_SIZE')?.blocks).toBe(true);
  });

  it('without a latency where there should be one', () => {
    expect(gateOf(report({}, trade('open', '-5'), livePolicy()), 'RPC_LATENCY')?.blocks).toBe(true);
    expect(gateOf(report({}), 'RPC_LATENCY')?.pass).toBe(true);
  });
});

describe('capital', () => {
  const gates = (operation: SizedOperation, scenario: Scenario = {}) =>
    judge({ snapshot: snapshotOf(scenario), operation, policy: paperPolicy(), nowMs: NOW_MS });

  it('deposits up to the wallet less gas reserve and transaction, to the lamport', () => {
    const most = sol(5) - sol('0.017') - 5_000n;
    expect(gates(capital('deposit', most, 'SOL')).pass).toBe(true);
    const more = gates(capital('deposit', most + 1n, 'SOL'));
    expect(gateError(more)?.code).toBe('INSUFFICIENT_FUNDS');
    expect(gates(capital('deposit', 0n)).pass).toBe(false);
  });

  it('deposits USDC up to what the wallet has', () => {
    expect(gates(capital('deposit', usd(100), 'USDC')).pass).toBe(true);
    expect(gates(capital('deposit', usd(100) + 1n, 'USDC')).pass).toBe(false);
  });

  it('makes the account by a first deposit, and withdraws nothing from none', () => {
    expect(gates(capital('deposit', 1), { account: null }).pass).toBe(true);
    expect(gates(capital('withdraw', 1), { account: null }).pass).toBe(false);
  });

  it('lets a live withdrawal ask for the few lamports that Drift rounded away, and for no more', () => {
    const asks = (amount: string) =>
      judge({
        snapshot: snapshotOf({ snapshot: { rpcLatencyMs: 10 } }),
        operation: capital('withdraw', amount),
        policy: livePolicy(),
        nowMs: NOW_MS,
      }).gates.find((gate) => gate.code === 'INSUFFICIENT_FUNDS')?.pass;
    expect(asks('10.00000001')).toBe(true);
    expect(asks('10.000000011')).toBe(false);
  });

  it('never borrows by withdrawing', () => {
    expect(gates(capital('withdraw', 10)).pass).toBe(true);
    expect(gateError(gates(capital('withdraw', '10.000000001')))?.code).toBe('INSUFFICIENT_FUNDS');
    expect(gates(capital('withdraw', usd(501), 'USDC')).pass).toBe(false);
  });

  it('asks before a withdrawal uncovers the short', () => {
    const report = gates(capital('withdraw', 1), { perp: '-10' });
    expect(report.confirmable).toBe(true);
    expect(gates(capital('withdraw', 1), { perp: '-10', sol: 11 }).pass).toBe(true);
  });
});

describe('limits, at the line', () => {
  const gate = (code: GateCode, operation: SizedOperation, scenario: Scenario = {}, policy = paperPolicy()) =>
    gateOf(judge({ snapshot: snapshotOf(scenario), operation, policy, nowMs: NOW_MS }), code);

  it('health after is 60 for a trade, at its worst price', () => {
    // 75 USD of margin for 10 SOL; opening at the limit costs 7.5 USD and a fee of 0.37.
    const usdc = (health: number) => 75 / (1 - health / 100) + 7.5 + 0.373125;
    expect(gate('HEALTH_AFTER', trade('open', '-10'), { sol: 0, usdc: usdc(59.9) })?.pass).toBe(false);
    expect(gate('HEALTH_AFTER', trade('open', '-10'), { sol: 0, usdc: usdc(60.1) })?.pass).toBe(true);
  });

  it('health after is 80 for a withdrawal', () => {
    const withdraw = (left: number): SizedOperation => ({
      kind: 'withdraw',
      asset: 'USDC',
      amount: usd(500 - left).toString(),
    });
    const scenario = { sol: 0, usdc: 500, perp: -10 };
    expect(gate('HEALTH_AFTER', withdraw(374), scenario)?.pass).toBe(false);
    expect(gate('HEALTH_AFTER', withdraw(376), scenario)?.pass).toBe(true);
  });

  it('leverage against nothing left is too much, though no number says so', () => {
    const all: SizedOperation = capital('withdraw', usd(100), 'USDC');
    expect(gate('LEVERAGE', all, { sol: 0, usdc: 100, perp: -10 })).toMatchObject({ pass: false, have: null });
    expect(gate('LEVERAGE', all, { sol: 0, usdc: 50, perp: -10 })).toMatchObject({ pass: false, have: null });
  });

  it('an OPEN minds the minimum of the market, a correction MIN_TRADE_SIZE too', () => {
    const policy = paperPolicy({ minTradeSize: sol(1) });
    expect(gate('MINIMUM_SIZE', trade('open', '-0.5'), {}, policy)?.pass).toBe(true);
    expect(gate('MINIMUM_SIZE', trade('rebalance', '-0.5'), {}, policy)?.pass).toBe(false);
  });

  it('a market that only reduces takes reductions and settles', () => {
    const scenario: Scenario = { perp: -5, perpMarket: { status: 'reduce_only' } };
    expect(gate('MARKET_STATUS', trade('open', '-1'), scenario)?.blocks).toBe(true);
    expect(gate('MARKET_STATUS', trade('close', '5'), scenario)?.pass).toBe(true);
    expect(gate('MARKET_STATUS', { kind: 'settle', market: 'SOL-PERP' }, scenario)?.pass).toBe(true);
  });

  it('paper has no permissions to lack', () => {
    expect(gate('PERMISSION', trade('open', '-1'), {}, paperPolicy({ permissions: 'read-only' }))?.pass).toBe(true);
  });

  it('each permission allows what it names and what is less', () => {
    const allowed = (operation: SizedOperation, permissions: 'read-only' | 'capital' | 'trading') =>
      gate('PERMISSION', operation, {}, livePolicy({ permissions }))?.pass;
    const settle: SizedOperation = { kind: 'settle', market: 'SOL-PERP' };
    for (const operation of [capital('deposit', 1), capital('withdraw', 1), settle]) {
      expect(allowed(operation, 'read-only')).toBe(false);
      expect(allowed(operation, 'capital')).toBe(true);
    }
    expect(allowed(trade('close', '1'), 'capital')).toBe(false);
    expect(allowed(trade('close', '1'), 'trading')).toBe(true);
  });

  it('only a deposit needs no account', () => {
    expect(gate('ACCOUNT_STATUS', capital('withdraw', 1), { account: null })?.blocks).toBe(true);
    expect(gate('ACCOUNT_STATUS', trade('open', '-1'), { account: null })?.blocks).toBe(true);
    expect(gate('ACCOUNT_STATUS', capital('deposit', 1), { account: null })?.pass).toBe(true);
  });

  it('what leaves the delta as it was exposes nothing new', () => {
    const usdc: SizedOperation = capital('withdraw', usd(100), 'USDC');
    expect(gate('DELTA_EXPOSED', usdc)?.pass).toBe(true);
  });

  it('moving hedged wallet SOL in and out exposes nothing new', () => {
    const policy = paperPolicy({ hedgeWalletSol: true });
    const scenario = { perp: '-15' };
    expect(gate('DELTA_EXPOSED', capital('withdraw', 2), scenario, policy)?.pass).toBe(true);
    expect(gate('DELTA_EXPOSED', capital('withdraw', 2), { perp: '-10' })?.pass).toBe(false);
  });
});

describe('confirmation', () => {
  const ask = (operation: SizedOperation, policy = livePolicy(), scenario: Scenario = {}, automatic = false) => {
    const input = {
      ...COMMANDED,
      automatic,
      snapshot: snapshotOf({ ...scenario, snapshot: { rpcLatencyMs: 10 } }),
      operation,
      policy,
      nowMs: NOW_MS,
    };
    return confirmationNeeded(input, judge(input));
  };

  it('is asked live above the limit for what is not a reduction', () => {
    expect(ask(trade('open', '-5'))).toMatchObject({ needed: true, value: usd(750), reasons: ['CONFIRM_ABOVE_USD'] });
    expect(ask(trade('open', '-0.5')).needed).toBe(false);
    expect(ask(capital('deposit', 1)).needed).toBe(true);
    expect(ask(capital('withdraw', 1)).needed).toBe(true);
    expect(ask(trade('close', '10'), livePolicy(), { perp: '-10' }).needed).toBe(false);
    expect(ask(trade('open', '5'), livePolicy(), { perp: '-10' }).needed).toBe(false);
    expect(ask({ kind: 'settle', market: 'SOL-PERP' }).needed).toBe(false);
  });

  it('is not asked in paper for size, and is for exposure', () => {
    expect(ask(trade('open', '-5'), paperPolicy()).needed).toBe(false);
    expect(ask(trade('open', '-12'), paperPolicy())).toMatchObject({ needed: true, reasons: ['DELTA_EXPOSED'] });
    expect(ask(trade('open', '5'), paperPolicy())).toMatchObject({ needed: true, reasons: ['DELTA_EXPOSED'] });
  });

  it('is never asked by the engine of itself', () => {
    expect(ask(trade('correct', '-5'), livePolicy(), {}, true).needed).toBe(false);
  });

  it('counts an unknown value as above', () => {
    expect(ask(trade('open', '-0.01'), livePolicy(), { oracleUsd: null })).toMatchObject({ needed: true, value: null });
    expect(ask(capital('deposit', '0.01'), livePolicy(), { oracleUsd: null })).toMatchObject({
      needed: true,
      value: null,
    });
  });
});

describe('a refusal', () => {
  const refusal = (scenario: Scenario, operation: SizedOperation, policy = paperPolicy()) =>
    gateError(judge({ snapshot: snapshotOf(scenario), operation, policy, nowMs: NOW_MS }));

  it('has its own code, or GATE_BLOCKED', () => {
    expect(refusal({}, trade('open', '-0.001'))?.code).toBe('BELOW_MINIMUM');
    expect(refusal({}, trade('open', '-5'), livePolicy({ permissions: 'capital' }))?.code).toBe('PERMISSION_DENIED');
    expect(refusal({ lastRate: -1n }, trade('open', '-5'))?.code).toBe('GATE_BLOCKED');
    const pauses = { deposit: false, withdraw: false, increase: true, reduce: false, settle: false, detail: 'frozen' };
    expect(refusal({ snapshot: { pauses } }, trade('open', '-5'))?.code).toBe('VENUE_PAUSED');
  });

  it('says what would have to be true for a trade that does not pay', () => {
    const error = refusal({ lastRate: 500n }, trade('open', '-5'));
    expect(error?.message).toContain('recovered in');
    expect(refusal({ lastRate: -500n }, trade('open', '-5'))?.message).toContain('never');
  });

  it('carries every gate as plain JSON', () => {
    const report = judge({
      snapshot: snapshotOf(),
      operation: trade('open', '-5'),
      policy: paperPolicy(),
      nowMs: NOW_MS,
    });
    const gates = JSON.parse(JSON.stringify(gatesJson(report))) as Record<string, unknown>[];
    expect(gates).toHaveLength(report.gates.length);
    for (const gate of gates)
      expect(Object.keys(gate)).toEqual(expect.arrayContaining(['code', 'pass', 'have', 'need', 'unit', 'remedy']));
  });
});

describe('properties', () => {
  const milliSol = (from: number, to: number) =>
    fc.integer({ min: from, max: to }).map((n) => lamports(BigInt(n) * 1_000_000n));

  it('Feature: delta-neutral-live-mode, Property 4: a trade whose leverage after exceeds the maximum is rejected', () => {
    let rejected = 0;
    fc.assert(
      fc.property(
        milliSol(5, 500_000),
        fc.integer({ min: 0, max: 5_000 }),
        fc.constantFrom('paper', 'live'),
        (size, usdc, mode) => {
          const policy = mode === 'live' ? livePolicy() : paperPolicy();
          const operation = { ...trade('open', '-1'), size: (-size).toString() };
          const snapshot = snapshotOf({ usdc, snapshot: { rpcLatencyMs: 10 } });
          const report = judge({ snapshot, operation, exposureConfirmed: true, policy, nowMs: NOW_MS });
          const gate = gateOf(report, 'LEVERAGE');
          const limit = mode === 'live' ? 5 : 10;
          // Independent of the margin code: notional over equity after the loss to the worst price and the fee.
          const worst = worstPriceOf(snapshot.markets.perps[0] as never, lamports(-size), policy) ?? 0n;
          const notional = (Number(size) / 1e9) * 150;
          const loss = (Number(size) / 1e9) * (150 - Number(worst) / 1e6) + notional * 250e-6;
          const leverage = notional / (1_500 + usdc - loss);
          if (leverage > limit * 1.001 || leverage < 0) {
            rejected += 1;
            expect(gate?.pass).toBe(false);
            expect(report.pass).toBe(false);
          }
          if (leverage >= 0 && leverage < limit * 0.999) expect(gate?.pass).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    expect(rejected).toBeGreaterThan(50);
  });

  it('lets MAX_LEVERAGE lower the cap and never raise it', () => {
    const need = (mode: 'paper' | 'live', maxLeverage: number) =>
      gateOf(
        judge({
          snapshot: snapshotOf(),
          operation: trade('open', '-5'),
          policy: paperPolicy({ mode, maxLeverage }),
          nowMs: NOW_MS,
        }),
        'LEVERAGE',
      )?.need;
    expect(need('paper', 20)).toBe(10);
    expect(need('live', 20)).toBe(5);
    expect(need('live', 2)).toBe(2);
  });

  it('Feature: delta-neutral-live-mode, Property 7: a withdrawal that leaves health below 80 % is rejected', () => {
    let rejected = 0;
    fc.assert(
      fc.property(
        milliSol(1, 10_000),
        milliSol(0, 40_000),
        fc.integer({ min: 0, max: 3_000 }),
        (amount, short, usdc) => {
          const snapshot = snapshotOf({ perp: `-${Number(short) / 1e9}`, usdc });
          const operation = capital('withdraw', amount);
          const report = judge({ snapshot, operation, exposureConfirmed: true, policy: paperPolicy(), nowMs: NOW_MS });
          // By hand: SOL at 90 %, maintenance margin 5 % of the short's notional, PnL nil at entry.
          const collateral = ((1e10 - Number(amount)) / 1e9) * 150 * 0.9 + usdc;
          const margin = (Number(short) / 1e9) * 150 * 0.05;
          const health = margin === 0 ? 100 : collateral <= 0 ? 0 : (1 - margin / collateral) * 100;
          if (health < 79.99) {
            rejected += 1;
            expect(report.pass).toBe(false);
            expect(gateOf(report, 'HEALTH_AFTER')?.blocks).toBe(true);
          }
          if (health > 80.01) expect(gateOf(report, 'HEALTH_AFTER')?.pass).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    expect(rejected).toBeGreaterThan(20);
  });

  it('Feature: delta-neutral-live-mode, Property 13: a trade whose costs exceed half of its expected funding is rejected', () => {
    let rejected = 0;
    fc.assert(
      fc.property(
        milliSol(5, 10_000),
        fc.bigInt({ min: -20_000n, max: 60_000n }),
        fc.integer({ min: 24, max: 2_000 }),
        (size, rate, hours) => {
          const policy = paperPolicy({ holdingHorizonHours: hours });
          const operation = { ...trade('open', '-1'), size: (-size).toString() };
          const report = judge({ snapshot: snapshotOf({ lastRate: rate }), operation, policy, nowMs: NOW_MS });
          const notional = (Number(size) / 1e9) * 150;
          const revenue = notional * (Number(rate) / 1e9) * hours * (rate > 0n ? 0.5 : 1);
          // Round trip: 2.5 bps and 10 bps each way, 5,000 lamports for each of two transactions.
          const costs = 2 * notional * (0.00025 + 0.001) + 2 * 5e-6 * 150;
          const gate = gateOf(report, 'UNPROFITABLE');
          if (costs > revenue + 0.00001) {
            rejected += 1;
            expect(gate?.blocks).toBe(true);
            expect(report.pass).toBe(false);
          }
          if (costs < revenue - 0.00001) expect(gate?.pass).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
    expect(rejected).toBeGreaterThan(50);
  });

  it('never lets a reduction wait for anything but permission, a pause, fee money or a price (property)', () => {
    const scenario = fc.record({
      usdc: fc.integer({ min: -2_000, max: 2_000 }),
      oracleUsd: fc.integer({ min: 1, max: 1_000 }),
      lastRate: fc.option(fc.bigInt({ min: -1_000_000n, max: 1_000_000n }), { nil: null }),
      sol: fc.integer({ min: 0, max: 20 }),
    });
    fc.assert(
      fc.property(scenario, milliSol(1, 10_000), fc.integer({ min: 0, max: 1_000_000 }), (given, size, lateMs) => {
        const report = judge({
          snapshot: snapshotOf({ ...given, perp: '-10' }),
          operation: { ...trade('close', '1'), size: size.toString() },
          policy: paperPolicy(),
          nowMs: NOW_MS + lateMs,
        });
        expect(report.pass).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the fee of a busy time', () => {
  const busy = { ...snapshotOf({ perp: '-10', walletSol: '0.0009' }), transactionCostLamports: lamports(1_015_000n) };
  const feeGate = (operation: SizedOperation) =>
    judge({ snapshot: busy, operation, policy: livePolicy(), nowMs: NOW_MS }).gates.find(
      ({ code }) => code === 'FEE_MONEY',
    );

  it('keeps no reduction back, and everything that enlarges', () => {
    for (const kind of ['close', 'flatten', 'guard', 'rebalance'] as const) {
      expect(feeGate(trade(kind, '4'))).toMatchObject({ pass: true, need: 0.000005 });
    }
    expect(feeGate(trade('open', '-4'))).toMatchObject({ pass: false, need: 0.001015 });
  });
});
