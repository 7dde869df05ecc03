/** From the state in which a gate refuses, its remedy works: in every column in which it blocks. */
import { describe, expect, it } from '@jest/globals';
import type { Snapshot } from '../../../src/domain/account/snapshot.ts';
import { GATE_CODES, gateCell } from '../../../src/domain/gates/gate-table.ts';
import { evaluateGates, type Gate, type GateCode, type GateInput } from '../../../src/domain/gates/gates.ts';
import { mostToDeposit } from '../../../src/domain/gates/most-movable.ts';
import { accountAfter } from '../../../src/domain/hedge/account-after.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { GATE_COLUMNS, type GateColumn } from '../../../src/domain/order/operations.ts';
import { BASE, capital, failing, trade, withDelta } from '../../support/failing-gates.ts';
import { COMMANDED, livePolicy, NOW_MS, paperPolicy, snapshotOf, sol, usd } from '../../support/snapshots.ts';

interface Refused {
  readonly input: GateInput;
  readonly gate: Gate;
  readonly column: GateColumn;
}
/** What a person or the world does, as the remedy says; throws when it says something else. */
type Follow = (refused: Refused) => GateInput;

const on = (input: GateInput, change: Partial<Snapshot>): GateInput => ({
  ...input,
  snapshot: { ...input.snapshot, ...change },
});
const says = ({ gate }: Refused, pattern: RegExp): RegExpExecArray => {
  const found = pattern.exec(gate.remedy);
  if (found === null) throw new Error(`"${gate.remedy}" is not ${pattern}`);
  return found;
};
const when =
  (pattern: RegExp, then: Follow): Follow =>
  (refused) => {
    says(refused, pattern);
    return then(refused);
  };

/** The world as the base case of the column has it: paused, stale or without a price no more. */
const healed = ({ input, column }: Refused): GateInput => {
  const { markets, pauses } = snapshotOf(BASE[column].scenario);
  return on(input, { markets, pauses });
};
const allowed = (input: GateInput): readonly string[] =>
  evaluateGates(input).gates.flatMap(({ code, blocks }) => (blocks ? [code] : []));

/** A deposit or withdrawal that the gates let through from here, and what the account is after it. */
function moved(input: GateInput, operation: ReturnType<typeof capital>): GateInput {
  const judged = { ...input, ...COMMANDED, exposureConfirmed: true, operation };
  expect([operation, allowed(judged)]).toEqual([operation, []]);
  if (!('asset' in operation)) throw new Error('no money moves');
  const { kind, asset, amount } = operation;
  const after = accountAfter(input.snapshot, { kind, asset, amount: BigInt(amount) });
  if (after === null) throw new Error('the account after is unknown');
  const { account, wallet } = after;
  const cost = input.snapshot.transactionCostLamports;
  return on(input, {
    account,
    wallet: { ...input.snapshot.wallet, ...wallet, sol: lamports(wallet.sol - cost) } as never,
  });
}

const rich = (input: GateInput): GateInput =>
  on(input, { wallet: { ...input.snapshot.wallet, sol: sol(100), quote: usd(10_000) } as never });

/** "Deposit more": of what is owed first, since that is what binds here. */
const depositMore: Follow = (refused) => {
  says(refused, /[Dd]eposit/);
  return moved(rich(refused.input), capital('deposit', usd(3_000), 'USDC'));
};

const gasReserve: Follow = (refused) => {
  const { input } = refused;
  if (/smaller amount/.test(refused.gate.remedy)) {
    if (!('amount' in input.operation)) throw new Error('nothing to make smaller');
    return { ...input, operation: withDelta(input.operation, '0.01') };
  }
  if (/new paper account/.test(refused.gate.remedy)) return on(input, { wallet: snapshotOf().wallet });
  const amount = BigInt(sol(says(refused, /at least ([\d.]+) SOL/)[1] as string));
  const withdrawal = capital('withdraw', amount);
  if (input.operation.kind === 'withdraw') {
    return 'asset' in input.operation && input.operation.asset === 'SOL'
      ? { ...input, operation: withdrawal }
      : moved(input, withdrawal);
  }
  return moved(input, withdrawal);
};

const FOLLOWED: Readonly<Record<GateCode, Follow>> = {
  PERMISSION: (refused) => {
    const permissions = says(refused, /LIVE_PERMISSIONS=(\w+)/)[1] as 'capital' | 'trading';
    return { ...refused.input, policy: { ...refused.input.policy, permissions } };
  },
  VENUE_PAUSED: when(/resumed/, healed),
  FEE_MONEY: when(/new paper account|Send SOL/, ({ input }) => on(input, { wallet: snapshotOf().wallet })),
  PRICE_UNKNOWN: when(/Wait for a price/, healed),
  ACCOUNT_STATUS: (refused) => {
    says(refused, /until the liquidation has ended/);
    const { account } = refused.input.snapshot;
    return on(refused.input, { account: account && { ...account, status: 'active' } });
  },
  MARKET_STATUS: when(/when the market is active/, healed),
  ORACLE_INVALID: when(/until the oracle/, healed),
  MARK_DIVERGENCE: when(/until the two prices agree/, healed),
  QUOTE_DEPEG: when(/back near 1 USD/, healed),
  SNAPSHOT_AGE: when(/read again/, ({ input }) => ({ ...input, nowMs: NOW_MS })),
  RPC_LATENCY: when(/faster node/, ({ input }) => on(input, { rpcLatencyMs: 50 })),
  GAS_RESERVE: gasReserve,
  INSUFFICIENT_FUNDS: (refused) => {
    const { gate, input, column } = refused;
    if (column !== 'deposit' && column !== 'withdraw') return depositMore(refused);
    says(refused, /what the wallet holds|More than this/);
    return { ...input, operation: withDelta(input.operation, String(gate.have)) };
  },
  MINIMUM_SIZE: (refused) => {
    says(refused, /larger size/);
    return { ...refused.input, operation: withDelta(refused.input.operation, String(refused.gate.need)) };
  },
  STEP_SIZE: (refused) => {
    says(refused, /multiple of the step/);
    return { ...refused.input, operation: withDelta(refused.input.operation, String(Number(refused.gate.need) * 10)) };
  },
  LEVERAGE: depositMore,
  HEALTH_AFTER: depositMore,
  LIQUIDATION_DISTANCE: depositMore,
  DELTA_EXPOSED: when(/Confirm/, ({ input }) => ({ ...input, exposureConfirmed: true })),
  UNPROFITABLE: (refused) => {
    const apr = Number(says(refused, /at least ([\d.]+) % APR/)[1]);
    const rate = BigInt(Math.ceil(((apr + 0.01) / 100 / 8_760) * 1e9));
    const { funding } = snapshotOf({ lastRate: rate });
    return on(refused.input, { funding });
  },
  MAX_AUTO_TRADE: when(/Use Rebalance/, ({ input }) => ({ ...input, automatic: false })),
};

const BLOCKING = GATE_CODES.flatMap((code) =>
  GATE_COLUMNS.filter((column) => !['R', '-'].includes(gateCell(code, column))).map((column) => ({ code, column })),
);

describe('the remedy of a gate', () => {
  it.each(BLOCKING)('$code × $column', ({ code, column }) => {
    const automatic = gateCell(code, column) === 'A';
    const input = { ...failing(code, column), automatic };
    const gate = evaluateGates(input).gates.find((one) => one.code === code);
    if (gate === undefined || !gate.blocks) throw new Error('it does not refuse here');
    const then = FOLLOWED[code]({ input, gate, column });
    expect(evaluateGates(then).gates.find((one) => one.code === code)?.blocks ?? false).toBe(false);
  });

  it('is asked of every gate that blocks anywhere', () => {
    expect(new Set(BLOCKING.map(({ code }) => code))).toEqual(new Set(GATE_CODES));
  });
});

describe('a fresh paper wallet that deposited Max', () => {
  const policy = paperPolicy();
  const at = (snapshot: Snapshot, operation: GateInput['operation']) =>
    allowed({ ...COMMANDED, exposureConfirmed: true, snapshot, operation, policy, nowMs: NOW_MS });
  const paid = (snapshot: Snapshot, transactions: number): Snapshot => {
    const { wallet, transactionCostLamports: cost } = snapshot;
    return { ...snapshot, wallet: { ...wallet, sol: lamports(wallet.sol - cost * BigInt(transactions)) } as never };
  };
  const fresh = snapshotOf();
  const deposited = moved(
    { ...COMMANDED, snapshot: fresh, operation: capital('deposit', 1), policy, nowMs: NOW_MS },
    capital('deposit', mostToDeposit(fresh, 'SOL', policy)),
  ).snapshot;

  it('opens, closes, settles, and trades again', () => {
    // Open, close, its settle, SETTLE, and another round: the last open is the eighth transaction.
    for (let round = 0; round < 7; round += 1) expect(at(paid(deposited, round), trade('open', '-1'))).toEqual([]);
  });

  it('and after many more, one withdrawal of SOL lets it go on', () => {
    const poor = paid(deposited, 9);
    expect(at(poor, trade('open', '-1'))).toEqual(['GAS_RESERVE']);
    const input = { ...COMMANDED, snapshot: poor, operation: trade('open', '-1'), policy, nowMs: NOW_MS };
    const gate = evaluateGates(input).gates.find(({ code }) => code === 'GAS_RESERVE') as Gate;
    expect(gate.remedy).toBe('Withdraw at least 0.017 SOL from the account.');
    expect(at(gasReserve({ input, gate, column: 'open' }).snapshot, trade('open', '-1'))).toEqual([]);
  });

  it('is told to begin anew where no SOL is left anywhere, and live to send some', () => {
    const bare = snapshotOf({ sol: 0, walletSol: '0.001' });
    const remedy = (by: GateInput['policy']) =>
      evaluateGates({
        ...COMMANDED,
        snapshot: bare,
        operation: trade('open', '-1'),
        policy: by,
        nowMs: NOW_MS,
      }).gates.find(({ code }) => code === 'GAS_RESERVE')?.remedy;
    expect(remedy(policy)).toContain('--reset-paper');
    expect(remedy(livePolicy())).toBe('Send SOL to the wallet.');
  });
});
