/** For each gate and each column of the table: an operation that passes all gates, and one that fails this gate. */
import type { Asset } from '../../src/domain/account/account.ts';
import type { GateCode, GateInput } from '../../src/domain/gates/gates.ts';
import type { SizedOperation, SizedTrade } from '../../src/domain/order/operation-request.ts';
import type { CapitalKind, GateColumn, TradeKind } from '../../src/domain/order/operations.ts';
import {
  COMMANDED,
  livePolicy,
  NOW_MS,
  paperPolicy,
  type Scenario,
  snapshotOf,
  sol,
  usd,
  usdPrice,
} from './snapshots.ts';

export const trade = (kind: TradeKind, size: string): SizedTrade => ({
  kind,
  market: 'SOL-PERP',
  size: sol(size).toString(),
});
export const capital = (kind: CapitalKind, amount: string | number | bigint, asset: Asset = 'SOL'): SizedOperation => ({
  kind,
  asset,
  amount: (typeof amount === 'bigint' ? amount : sol(amount)).toString(),
});

interface GateCase {
  readonly scenario: Scenario;
  readonly operation: SizedOperation;
}

/** One operation per column that every gate lets through. */
export const BASE: Readonly<Record<GateColumn, GateCase>> = {
  deposit: { scenario: {}, operation: capital('deposit', 1) },
  withdraw: { scenario: {}, operation: capital('withdraw', 1) },
  open: { scenario: {}, operation: trade('open', '-5') },
  enter: { scenario: {}, operation: trade('enter', '-5') },
  'rebalance-enlarge': { scenario: { perp: '-9.7' }, operation: trade('rebalance', '-0.3') },
  'rebalance-reduce': { scenario: { perp: '-12' }, operation: trade('rebalance', '2') },
  close: { scenario: { perp: '-10' }, operation: trade('close', '10') },
  flatten: { scenario: { perp: '-10' }, operation: trade('flatten', '10') },
  settle: { scenario: { perp: '-10' }, operation: { kind: 'settle', market: 'SOL-PERP' } },
  guard: { scenario: { perp: '-10' }, operation: trade('guard', '5') },
};

export const withDelta = (operation: SizedOperation, magnitude: string): SizedOperation => {
  const size = sol(magnitude);
  if ('size' in operation) return { ...operation, size: (operation.size.startsWith('-') ? -size : size).toString() };
  return operation.kind === 'settle' ? operation : { ...operation, amount: size.toString() };
};

/** The same operation where exactly this gate's subject is wrong (others may fail with it). */
export function failing(code: GateCode, column: GateColumn): GateInput {
  const { scenario, operation } = BASE[column];
  const build = (
    change: Scenario,
    op: SizedOperation = operation,
    policy = paperPolicy(),
    nowMs = NOW_MS,
  ): GateInput => ({ ...COMMANDED, snapshot: snapshotOf({ ...scenario, ...change }), operation: op, policy, nowMs });
  const entering = column === 'open' || column === 'enter';
  const shorted: Scenario = entering || column === 'rebalance-enlarge' ? {} : { perp: '-10' };
  switch (code) {
    case 'PERMISSION':
      return build({ snapshot: { rpcLatencyMs: 10 } }, operation, livePolicy({ permissions: 'read-only' }));
    case 'VENUE_PAUSED':
      return build({
        snapshot: {
          pauses: { deposit: true, withdraw: true, increase: true, reduce: true, settle: true, detail: 'frozen' },
        },
      });
    case 'FEE_MONEY':
      return build({ walletSol: '0.000001' });
    case 'PRICE_UNKNOWN':
      return build({ oracleUsd: null });
    case 'ACCOUNT_STATUS':
      return build({ account: { status: 'being_liquidated' } });
    case 'MARKET_STATUS':
      return build({ perpMarket: { status: 'paused' } });
    case 'ORACLE_INVALID': {
      const { perps, spot } = snapshotOf(scenario).markets;
      const oracle = { ...(perps[0] ?? spot[1])?.oracle, valid: false, invalidReason: 'too old' } as never;
      return build({ perpMarket: { oracle }, solMarket: { oracle } });
    }
    case 'MARK_DIVERGENCE': {
      const sells = 'size' in operation && operation.size.startsWith('-');
      return build({ perpMarket: sells ? { bidPrice: usdPrice(148.4) } : { askPrice: usdPrice(151.6) } });
    }
    case 'QUOTE_DEPEG':
      return build({ quoteUsd: 0.98 });
    case 'SNAPSHOT_AGE':
      return build({}, operation, paperPolicy(), NOW_MS + 30_001);
    case 'RPC_LATENCY':
      return build({ snapshot: { rpcLatencyMs: 501 } });
    case 'GAS_RESERVE':
      return build({ walletSol: '0.001' }, column === 'withdraw' ? withDelta(operation, '0.01') : operation);
    case 'INSUFFICIENT_FUNDS':
      if (column === 'deposit' || column === 'withdraw') return build({}, withDelta(operation, '100'));
      return build({ usdc: -1_300 });
    case 'MINIMUM_SIZE':
      return build({}, withDelta(operation, '0.001'));
    case 'STEP_SIZE':
      return build({}, withDelta(operation, '0.0105'));
    case 'LEVERAGE':
    case 'HEALTH_AFTER':
      return build({ ...shorted, usdc: -1_450 }, withDelta(operation, '0.01'));
    case 'LIQUIDATION_DISTANCE':
      return build({ ...shorted, ...(entering ? { perp: '-9.9' } : {}), usdc: -1_250 }, withDelta(operation, '0.01'));
    case 'DELTA_EXPOSED': {
      const hedged = entering ? {} : { perp: '-10' };
      return build(hedged, withDelta(operation, entering ? '12' : '2'));
    }
    case 'UNPROFITABLE':
      return build({ lastRate: -1_000n });
    case 'MAX_AUTO_TRADE':
      return build({}, operation, paperPolicy({ maxAutoTradeUsd: usd(0.1) }));
  }
}
