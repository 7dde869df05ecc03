import { afterEach, describe, expect, inject, it } from 'vitest';
import { TransientError } from '../../src/domain/errors.ts';
import { perpOf } from '../../src/domain/reconcile.ts';
import type { Snapshot } from '../../src/domain/snapshot.ts';
import { lamports } from '../../src/domain/units.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { EngineHarness, type HarnessOptions, lamportsOf, SOL, until } from '../support/engine-harness.ts';
import { SteadyFeed } from '../support/steady-feed.ts';

/** Paper, with the ledger that a live venue keeps: what moves the position is ours unless the test says otherwise. */
class LedgerHarness extends EngineHarness {
  foreign = 0n;
  liquidated = 0n;
  /** Moved the position, and no transaction tells of it. */
  mystery = 0n;
  unexplained = 0;
  books: () => Promise<void> = async () => {};
  kept = 0;
  readonly #venues = new WeakMap<Venue, Venue>();

  static async openEngine(options: HarnessOptions): Promise<LedgerHarness> {
    return await EngineHarness.begin(new LedgerHarness(options), options);
  }

  protected override get anyVenue(): Venue {
    const paper: Venue = this.venue;
    const known = this.#venues.get(paper);
    if (known !== undefined) return known;
    const venue = new Proxy(paper, {
      get: (target, name) => {
        if (name === 'read') return async (commitment: 'confirmed') => this.#withLedger(await target.read(commitment));
        if (name === 'keepBooks') {
          return async () => {
            await this.books();
            this.kept += 1;
          };
        }
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    this.#venues.set(paper, venue);
    return venue;
  }

  #withLedger(snapshot: Snapshot): Snapshot {
    const own = lamports(perpOf(snapshot) - this.foreign - this.liquidated - this.mystery);
    const ledger = {
      own,
      foreign: lamports(this.foreign),
      liquidated: lamports(this.liquidated),
      unexplained: this.unexplained,
    };
    return { ...snapshot, ledger };
  }
}

const OPEN = (size: number) =>
  ({ action: 'DRIFT_OPEN_POSITION', market: 'SOL-PERP', direction: 'short', size: lamportsOf(size) }) as const;
const RESUME = { action: 'RESUME' } as const;

let engine: LedgerHarness;
const opened = async (size: number) => {
  engine = await LedgerHarness.openEngine({ address: inject('temporalAddress'), feed: new SteadyFeed() });
  await engine.carryOut(OPEN(size));
  await engine.untilState('the target', ({ hedgeTarget, operation }) => hedgeTarget > 0 && operation === null);
  // Vault and venue have been seen as one, so that there is a mark to tell later differences from.
  const { kept } = engine;
  await until('two more polls', async () => engine.kept > kept + 2);
};
const held = (code: string) => engine.untilState(code, ({ holds }) => holds.some((hold) => hold.code === code));
afterEach(async () => await engine?.close());

describe('a live engine and its venue’s ledger', () => {
  it('counts a late fill of ours, without a hold, and keeps what it enlarged', async () => {
    await opened(4);
    await engine.foreignPerp(-5);
    await engine.untilAlert('LATE_FILL');
    const state = await engine.untilState('the target', ({ hedgeTarget }) => hedgeTarget > 0.45);
    expect(state).toMatchObject({ tradingState: 'active', holds: [] });
    expect(await engine.perp()).toBe(-5n * SOL);
  });

  it('holds for somebody else’s trade, told by the ledger', async () => {
    await opened(4);
    engine.foreign = SOL;
    await engine.foreignPerp(-3);
    await held('foreign_trade');
    await engine.untilAlert('FOREIGN_TRADE');
  });

  it('halts for what nothing explains after three looks, until RESUME', async () => {
    await opened(4);
    engine.mystery = SOL;
    await engine.foreignPerp(-3);
    const state = await held('desync');
    expect(state.tradingState).toBe('halted');
    expect(await engine.untilAlert('DESYNC')).toMatchObject({ severity: 'critical' });
    expect(await engine.carryOut(RESUME)).toMatchObject({ data: { cleared: ['desync'] } });
    await engine.untilState('active', ({ tradingState }) => tradingState === 'active');
  });

  it('halts when the books find money that nothing explains, once', async () => {
    await opened(4);
    engine.unexplained = 1;
    await held('desync');
    await engine.carryOut(RESUME);
    const { kept } = engine;
    await until('more polls', async () => engine.kept > kept + 4);
    expect((await engine.alerts()).filter(({ code, kind }) => code === 'DESYNC' && kind === 'alert')).toHaveLength(1);
  });

  it('reads on when the books cannot be kept', async () => {
    await opened(4);
    engine.books = async () => {
      throw new TransientError('RPC_UNREACHABLE', 'No node answers.');
    };
    const before = (await engine.latest())?.takenAtMs ?? 0;
    await until('a later read', async () => ((await engine.latest())?.takenAtMs ?? 0) > before + 1_000);
    expect(await engine.alerts()).not.toContainEqual(expect.objectContaining({ code: 'CONNECTION_LOST' }));
  });
});
