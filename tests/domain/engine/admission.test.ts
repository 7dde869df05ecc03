import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { type AdmissionView, refusalOf } from '../../../src/domain/engine/admission.ts';
import type { Hold } from '../../../src/domain/engine/hold.ts';
import type { AdmissionRow } from '../../../src/domain/order/operations.ts';

const hold = (code: Hold['code'], permits: Hold['permits']): Hold => ({
  code,
  permits,
  sinceMs: 0,
  clearedBy: 'person',
  reason: code,
});

const ACTIVE: AdmissionView = { state: 'running', holds: [], unresolved: [], dropped: false, hasPosition: true };
const unresolved = (windowClosed: boolean): AdmissionView => ({
  ...ACTIVE,
  holds: [hold('unresolved', 'reducing')],
  unresolved: [{ operationId: 'x', kind: 'open', windowClosed }],
});

const COLUMNS: readonly (readonly [string, AdmissionView])[] = [
  ['active', ACTIVE],
  ['reducing', { ...ACTIVE, holds: [hold('guarded', 'reducing')] }],
  ['halted', { ...ACTIVE, holds: [hold('flattened', 'nothing')] }],
  ['stopped', { ...ACTIVE, state: 'stopped', holds: [hold('stopped', 'reducing')] }],
  ['unresolved, window open', unresolved(false)],
  ['unresolved, window closed', unresolved(true)],
  ['dropped by a fork', { ...ACTIVE, dropped: true }],
];

const KIND_OF_ROW: Record<string, AdmissionRow> = {
  close: 'close',
  flatten: 'flatten',
  settle: 'settle',
  deposit: 'deposit',
  withdraw: 'withdraw',
  open: 'open',
  'rebalance, enlarging': 'rebalance_enlarging',
  'rebalance, reducing': 'rebalance_reducing',
};

/** The document is the rule: each of its cells is tried. */
function cells(): readonly (readonly [string, string, string])[] {
  const text = readFileSync(new URL('../../../docs/architecture/admission.md', import.meta.url), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| operation'));
  return rows.flatMap((line) => {
    const [operation = '', ...answers] = line
      .split('|')
      .map((cell) => cell.trim())
      .filter((cell) => cell !== '');
    return answers.map((answer, column) => [operation, COLUMNS[column]?.[0] ?? '', answer] as const);
  });
}

describe('the admission table', () => {
  it('has a cell for each operation in each state', () => {
    expect(cells()).toHaveLength(Object.keys(KIND_OF_ROW).length * COLUMNS.length);
  });

  it.each(cells())('%s when %s: %s', (operation, column, answer) => {
    const view = COLUMNS.find(([name]) => name === column)?.[1] as AdmissionView;
    const refusal = refusalOf(KIND_OF_ROW[operation] as AdmissionRow, view);
    const expected = answer.split(',')[0];
    expect(refusal?.code ?? 'yes').toBe(expected);
  });

  it('lets money leave when flattened or stopped once there is no position', () => {
    const flat = { ...ACTIVE, hasPosition: false };
    expect(refusalOf('withdraw', { ...flat, holds: [hold('flattened', 'nothing')] })).toBeNull();
    expect(refusalOf('withdraw', { ...flat, state: 'stopped', holds: [hold('stopped', 'reducing')] })).toBeNull();
    expect(refusalOf('withdraw', { ...flat, holds: [hold('desync', 'nothing')] })?.code).toBe('ENGINE_HALTED');
    const unknown = { ...flat, hasPosition: null, holds: [hold('flattened', 'nothing')] } as const;
    expect(refusalOf('withdraw', unknown)?.code).toBe('ENGINE_HALTED');
  });

  it('lets money leave under what only keeps from enlarging, once it is stopped and flat', () => {
    const foreign = hold('foreign_trade', 'reducing');
    const stopped = { ...ACTIVE, hasPosition: false, state: 'stopped' } as const;
    expect(refusalOf('withdraw', { ...stopped, holds: [foreign, hold('stopped', 'reducing')] })).toBeNull();
    expect(
      refusalOf('withdraw', { ...ACTIVE, hasPosition: false, holds: [foreign, hold('flattened', 'nothing')] }),
    ).toBeNull();
    expect(refusalOf('withdraw', { ...ACTIVE, hasPosition: false, holds: [foreign] })?.code).toBe('ENGINE_REDUCING');
    const halted = refusalOf('withdraw', {
      ...stopped,
      holds: [hold('desync', 'nothing'), hold('stopped', 'reducing')],
    });
    expect(halted).toMatchObject({ code: 'ENGINE_HALTED', message: expect.stringContaining('desync') });
  });

  it('tells who stopped in order to withdraw that the position is in the way, not that a start is missing', () => {
    const stopped = { ...ACTIVE, state: 'stopped', hasPosition: true, holds: [hold('stopped', 'reducing')] } as const;
    expect(refusalOf('withdraw', stopped)?.message).toContain('Close the position first');
    expect(refusalOf('open', stopped)?.message).toContain('Start it first');
  });

  it('refuses a deposit while a deposit is unresolved, since it would double it', () => {
    const view: AdmissionView = { ...ACTIVE, unresolved: [{ operationId: 'x', kind: 'deposit', windowClosed: true }] };
    expect(refusalOf('deposit', view)?.code).toBe('ACCOUNT_UNRESOLVED');
    expect(refusalOf('close', view)).toBeNull();
  });

  it('names every hold in its refusal, with who clears it', () => {
    const refusal = refusalOf('open', { ...ACTIVE, holds: [hold('desync', 'nothing'), hold('guarded', 'reducing')] });
    expect(refusal?.details).toEqual({
      holds: [
        { code: 'desync', reason: 'desync', cleared_by: 'person' },
        { code: 'guarded', reason: 'guarded', cleared_by: 'person' },
      ],
    });
  });
});
