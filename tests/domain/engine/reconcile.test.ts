import { describe, expect, it } from '@jest/globals';
import type { PositionLedger, Snapshot } from '../../../src/domain/account/snapshot.ts';
import { type LedgerMark, ledgerMark, reconcile } from '../../../src/domain/engine/reconcile.ts';
import { lamports } from '../../../src/domain/money/units.ts';
import { snapshotOf } from '../../support/snapshots.ts';

const SOL = 1_000_000_000n;

const ledgerOf = (of: Partial<Record<'own' | 'foreign' | 'liquidated', bigint>>, unexplained = 0): PositionLedger => ({
  own: lamports(of.own ?? 0n),
  foreign: lamports(of.foreign ?? 0n),
  liquidated: lamports(of.liquidated ?? 0n),
  unexplained,
});

function seen(perp: bigint, ledger: PositionLedger | null): Snapshot {
  return { ...snapshotOf({ perp: (perp / SOL).toString() }), ledger };
}

/** The last quiet look: 5 SOL short, all of it ours. */
const MARK = ledgerMark(seen(-5n * SOL, ledgerOf({ own: -5n * SOL }))) as LedgerMark;
const VAULT = -5n * SOL;

describe('a difference between vault and venue, told from the venue’s ledger', () => {
  it('is a late fill when our own orders moved the position after their operation had ended', () => {
    const snapshot = seen(-6n * SOL, ledgerOf({ own: -6n * SOL }));
    expect(reconcile(VAULT, snapshot, null, MARK)).toEqual({ kind: 'late_fill', from: VAULT, to: -6n * SOL });
  });

  it('is somebody else’s when others’ fills moved it, whatever we did meanwhile', () => {
    const reduced = seen(-3n * SOL, ledgerOf({ own: -5n * SOL, foreign: 2n * SOL }));
    expect(reconcile(VAULT, reduced, null, MARK)).toMatchObject({ kind: 'foreign_reduction' });
    const enlarged = seen(-7n * SOL, ledgerOf({ own: -5n * SOL, foreign: -2n * SOL }));
    expect(reconcile(VAULT, enlarged, null, MARK)).toMatchObject({ kind: 'foreign_increase' });
    const both = seen(-5n * SOL, ledgerOf({ own: -6n * SOL, foreign: SOL }));
    expect(reconcile(-6n * SOL, both, null, MARK)).toMatchObject({ kind: 'foreign_reduction' });
  });

  it('is a liquidation when the venue liquidated, though its time was known before', () => {
    const snapshot = seen(-4n * SOL, ledgerOf({ own: -5n * SOL, liquidated: SOL }));
    expect(reconcile(VAULT, snapshot, null, MARK)).toMatchObject({ kind: 'liquidation' });
  });

  it('is not yet told while the ledger is unknown, or does not account for all of it', () => {
    expect(reconcile(VAULT, seen(-4n * SOL, null), null, MARK)).toMatchObject({ kind: 'not_yet' });
    const short = seen(-4n * SOL, ledgerOf({ own: -5n * SOL }));
    expect(reconcile(VAULT, short, null, MARK)).toMatchObject({ kind: 'not_yet' });
  });

  it('is none when an operation’s fills are in the vault already', () => {
    const snapshot = seen(-6n * SOL, ledgerOf({ own: -6n * SOL }));
    expect(reconcile(-6n * SOL, snapshot, null, MARK)).toEqual({ kind: 'none' });
  });

  it('is unexplained when the position agrees and the books found what nothing explains', () => {
    const snapshot = seen(VAULT, ledgerOf({ own: VAULT }, 1));
    expect(reconcile(VAULT, snapshot, null, MARK)).toEqual({ kind: 'unexplained' });
  });

  it('goes by size where the venue keeps no ledger, or none was marked', () => {
    const { ledger: _, ...without } = seen(-6n * SOL, null);
    expect(reconcile(VAULT, without, null, MARK)).toMatchObject({ kind: 'foreign_increase' });
    expect(reconcile(VAULT, seen(-4n * SOL, null))).toMatchObject({ kind: 'foreign_reduction' });
    expect(reconcile(null, seen(-4n * SOL, null), null, MARK)).toEqual({ kind: 'first_look', perp: -4n * SOL });
  });
});
