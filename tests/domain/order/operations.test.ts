import { describe, expect, it } from '@jest/globals';
import { ACTIONS } from '../../../src/domain/order/command.ts';
import { operationTitle } from '../../../src/domain/order/operation-request.ts';
import {
  admissionRow,
  GATE_COLUMNS,
  gateColumn,
  isAutomatic,
  isExit,
  OPERATIONS,
  type OperationKind,
} from '../../../src/domain/order/operations.ts';
import * as registered from '../../../workflows/index.ts';
import * as workflows from '../../../workflows/operation/operations.ts';

const KINDS = Object.keys(OPERATIONS) as OperationKind[];

describe('the table of operations', () => {
  it('names for each kind a workflow that there is, and leaves none unused', () => {
    const named = new Set(KINDS.map((kind) => OPERATIONS[kind].workflow));
    expect([...named].sort()).toEqual(Object.keys(workflows).sort());
    // The worker runs what the index exports.
    expect(Object.keys(registered)).toEqual(expect.arrayContaining([...named]));
  });

  it('uses every column of the gates', () => {
    const used = KINDS.flatMap((kind) => [gateColumn(kind, false), gateColumn(kind, true)]);
    expect(new Set(used)).toEqual(new Set(GATE_COLUMNS));
  });

  it('gives each command that moves something one kind, and control commands none', () => {
    const moving = KINDS.filter((kind) => !isAutomatic(kind)).map((kind) => OPERATIONS[kind].action);
    expect(moving.sort()).toEqual([
      'DRIFT_CLOSE_POSITION',
      'DRIFT_DEPOSIT',
      'DRIFT_OPEN_POSITION',
      'DRIFT_WITHDRAW',
      'FLATTEN',
      'REBALANCE',
      'SETTLE_PNL',
    ]);
    expect(ACTIONS).toEqual(expect.arrayContaining(moving));
  });

  it('admits a rebalance by its direction, and judges what no longer reduces as enlarging', () => {
    expect([admissionRow('correct', false), admissionRow('correct', true)]).toEqual([
      'rebalance_enlarging',
      'rebalance_reducing',
    ]);
    for (const kind of ['close', 'flatten', 'guard'] as const)
      expect(gateColumn(kind, false)).toBe('rebalance-enlarge');
    expect(gateColumn('open', true)).toBe('rebalance-reduce');
  });

  it('counts only a close and a flatten as exits, and every exit as reducing', () => {
    expect(KINDS.filter(isExit)).toEqual(['close', 'flatten']);
    expect(KINDS.filter((kind) => OPERATIONS[kind].reduces)).toEqual(['guard', 'leave', 'close', 'flatten']);
  });
});

describe('the title of an operation', () => {
  it('reads like what a person would say', () => {
    const market = 'SOL-PERP';
    expect(operationTitle({ kind: 'deposit', asset: 'USDC', amount: '2500000' })).toBe('Deposit 2.5 USDC');
    expect(operationTitle({ kind: 'open', market, size: '-10039000000' })).toBe('Open short 10.039 SOL-PERP');
    expect(operationTitle({ kind: 'open', market, size: '1000000000' })).toBe('Open long 1 SOL-PERP');
    expect(operationTitle({ kind: 'correct', market, size: '-500000000' })).toBe(
      'Correct the hedge: sell 0.5 SOL-PERP',
    );
    expect(operationTitle({ kind: 'flatten', market })).toBe('Flatten SOL-PERP');
    expect(operationTitle({ kind: 'settle', market })).toBe('Settle PnL SOL-PERP');
  });
});
