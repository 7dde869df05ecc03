/**
 * The seed's properties on a real program: what the domain judges beforehand, held to what the chain says afterwards. Each
 * program says how its chain is begun, and how somebody acts on it past every gate.
 */

import { expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import type { Snapshot } from '../../src/domain/account/snapshot.ts';
import { evaluateGates, type GateCode } from '../../src/domain/gates/gates.ts';
import { DEFAULT_POLICY, decodePolicy } from '../../src/domain/hedge/policy.ts';
import { assessMargin, spotHeld } from '../../src/domain/margin/margin.ts';
import { abs } from '../../src/domain/money/units.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import { PLAIN_TERMS, planIntent } from '../../src/domain/order/intent-plan.ts';
import type { SizedOperation } from '../../src/domain/order/operation-request.ts';
import { TransientError, ValidationError } from '../../src/lib/errors.ts';
import { engineIdOf, type LiveVenueName } from '../../src/lib/ids.ts';
import { PerpsVenue } from '../../src/venues/solana-perps/perps-venue.ts';
import { lamportsOf, until } from './engine-harness.ts';
import type { LiveEngine, VelocityEngine } from './live-engine.ts';
import { itLong, LONG } from './long.ts';
import { COMMANDED } from './snapshots.ts';
import { type AnyWritten, finalize, gone, land, order, SOL, USD } from './still-venue.ts';
import { temporalAddress } from './temporal-address.ts';
import { withContext } from './with-context.ts';

const RUNS = LONG ? 100 : 12;
/** An operation end to end, through Temporal and finality: seconds each. */
const ENGINE_RUNS = LONG ? 10 : 4;
jest.setTimeout(900_000);
const MARKET = 'SOL-PERP';
const POLICY = decodePolicy({ ...DEFAULT_POLICY, mode: 'live', maxLeverage: 5 });
/** A fill is not at the oracle, and costs a fee: what the account is worth differs by that. */
const FILL_TOLERANCE = 0.02;
const MIN_HEALTH = 80;
const CONFIRMED_SLOTS = 4;
const CLOSE_TRIES = 5;
const SYNC_MS = 10_000;
const SYNC_DUST = 10_000n;
/** Of either asset, the least that is deposited or withdrawn. */
const LEAST = 1_000_000n;
/** Interest of all the hours before is paid when somebody touches the market: how many there were is the keeper's. */
const MOST_INTEREST = LEAST / 2n;

/** Somebody who acts on the account as they like, and asks no gate. Amounts are tokens. */
export interface Ungated {
  deposit(asset: 'SOL' | 'quote', amount: number): Promise<Outcome>;
  withdraw(asset: 'SOL' | 'quote', amount: number): Promise<Outcome>;
  /** A market order, a short negative, and the time for it to fill. */
  trade(size: number): Promise<Outcome>;
  /** The oracle of SOL from the next block on. */
  price(usd: number): Promise<void>;
  /** Of the account as it is now, by other figures than ours. */
  figures(): Promise<{ readonly leverage: number; readonly health: number }>;
}

interface Outcome {
  readonly error: unknown;
}

/** The venue on a chain that stands still. */
export interface TriedVenue extends AnyWritten {
  readonly solPrice: number;
  /** With an account that is empty. */
  ungated(): Promise<Ungated>;
  /** From the next block on. */
  pause(what: 'nothing' | 'everything' | 'deposit' | 'withdraw'): void;
}

/** A program as the properties see it. */
export interface PropertySubject {
  /** The one that `npm test` runs: each is run on one of the programs. */
  readonly sample: 12 | 14;
  readonly venue: LiveVenueName;
  readonly quote: string;
  begin(): Promise<TriedVenue>;
  /** The engine over this venue, with a chain whose slots pass by themselves. */
  engine(address: string): Promise<LiveEngine | VelocityEngine>;
}

/** The live venue without books, on what the test writes to. */
const venueOn = ({ venue }: PropertySubject, { chain, deployment, writing }: AnyWritten): PerpsVenue =>
  new PerpsVenue({
    engineId: engineIdOf({ venue, authority: deployment.authority.toBase58(), subAccount: 0 }),
    deployment,
    chain,
    clock: { nowMs: () => Date.now() },
    permissions: 'trading',
    books: null,
    writing: () => writing,
  });

function gateOf(code: GateCode, snapshot: Snapshot, operation: SizedOperation, maxLeverage = POLICY.maxLeverage) {
  const report = evaluateGates({
    ...COMMANDED,
    exposureConfirmed: true,
    snapshot,
    operation,
    policy: { ...POLICY, maxLeverage },
    nowMs: snapshot.takenAtMs,
  });
  const gate = report.gates.find((one) => one.code === code);
  if (gate === undefined) throw new Error(`no gate ${code}`);
  expect(gate.blocks).toBe(!gate.pass);
  if (gate.blocks) expect(report.pass).toBe(false);
  return gate;
}

const perpOf = ({ account }: Pick<Snapshot, 'account'>): bigint => account?.perps[0]?.baseAmount ?? 0n;

/** USD. */
function worthOf({ account, markets }: Pick<Snapshot, 'account' | 'markets'>): number {
  const margin = account === null ? null : assessMargin(account, markets);
  if (margin?.kind !== 'known') throw new Error('the account has no known worth');
  return Number(margin.figures.netValue) / 1e6;
}

async function standing({ reader }: Pick<AnyWritten, 'reader'>) {
  const { account, markets } = await reader.read('confirmed');
  const held = (asset: string): bigint => (account === null ? 0n : spotHeld(account, markets, asset));
  const quote = markets.spot.find(({ asset }) => asset !== 'SOL')?.asset ?? '';
  return { sol: held('SOL'), quote: held(quote), perp: perpOf({ account }), orders: account?.orders.length ?? 0 };
}

const tenths = (from: number, to: number) => fc.integer({ min: from, max: to }).map((n) => n / 10);
const side = fc.constantFrom('sell' as const, 'buy' as const);
const asset = fc.constantFrom('SOL' as const, 'quote' as const);
const anyIntent = fc.oneof(
  fc.record({ kind: fc.constantFrom('deposit' as const, 'withdraw' as const), asset, share: fc.nat(1_300) }),
  fc.record({ kind: fc.constant('order' as const), side, tenths: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ kind: fc.constant('order' as const), side, tenths: fc.integer({ min: 2_000, max: 90_000 }) }),
);

/** `share`: thousandths of what a deposit or a withdrawal of this account can be, so that some are beyond it. */
async function intentOf(
  at: TriedVenue,
  quote: string,
  drawn: typeof anyIntent extends fc.Arbitrary<infer T> ? T : never,
): Promise<Intent> {
  if (drawn.kind === 'order') return await order(at, { side: drawn.side, size: (BigInt(drawn.tenths) * SOL) / 10n });
  const { account, markets, wallet } = await at.reader.read('confirmed');
  const name = drawn.asset === 'SOL' ? 'SOL' : quote;
  const of = drawn.asset === 'SOL' ? wallet.sol / 20n : wallet.quote;
  const most = drawn.kind === 'deposit' ? of : account === null ? 0n : spotHeld(account, markets, name);
  const amount = (most * BigInt(drawn.share)) / 1_000n + LEAST;
  return { kind: drawn.kind, asset: name, amount: amount.toString() };
}

/** Whatever an order left: the next run begins flat. */
async function flatten(at: TriedVenue): Promise<void> {
  const { perp, orders } = await standing(at);
  if (orders > 0) await land(at, { kind: 'cancel_orders', market: MARKET });
  if (perp === 0n) return;
  const closing = { side: perp > 0n ? ('sell' as const) : ('buy' as const), size: perp > 0n ? perp : -perp };
  const { attempt } = await land(at, await order(at, { ...closing, reduceOnly: true, bps: 500n }));
  await gone(at, attempt);
}

/** To be called where tests are described. */
export function perpsProperties(subject: PropertySubject): void {
  itLong(
    'Feature: delta-neutral-live-mode, Property 4: For any proposed position size and current collateral, if the resulting leverage would exceed the configured maximum, the system should reject the trade',
    async () => {
      const at = await subject.begin();
      const trader = await at.ungated();
      await trader.deposit('SOL', 4);
      const inQuote = (at.solPrice * 8) / 3;
      await trader.deposit('quote', inQuote);
      const venue = venueOn(subject, at);
      const atFirst = worthOf(await venue.read('confirmed'));
      // Each trade costs a fee and the AMM's distance: the next one begins with as much as the first.
      const replaceLosses = async (): Promise<void> => {
        const lost = atFirst - worthOf(await venue.read('confirmed'));
        if (lost > 1) await trader.deposit('quote', lost);
      };
      const met = { allowed: 0, rejected: 0 };
      await fc.assert(
        fc.asyncProperty(side, tenths(1, 450), fc.integer({ min: 1, max: 10 }), async (way, size, maxLeverage) => {
          const signed = way === 'buy' ? size : -size;
          const gate = gateOf(
            'LEVERAGE',
            await venue.read('confirmed'),
            { kind: 'open', market: MARKET, size: lamportsOf(signed) },
            maxLeverage,
          );
          const most = Math.min(maxLeverage, 5);
          expect(gate.need).toBe(most);
          // Traded all the same, by somebody who asks no gate: what would the leverage have been?
          const placed = await trader.trade(signed);
          const { leverage: real } = await trader.figures();
          const filled = perpOf(await at.reader.read('confirmed'));
          if (gate.pass) {
            met.allowed += 1;
            expect(placed.error).toBeNull();
            expect(real).toBeLessThanOrEqual(most * (1 + FILL_TOLERANCE));
          } else {
            met.rejected += 1;
            const whole = filled === BigInt(lamportsOf(signed));
            if (whole) expect(real).toBeGreaterThan(most * (1 - FILL_TOLERANCE));
          }
          await flatten(at);
          await replaceLosses();
        }),
        { numRuns: RUNS, seed: 4, endOnFailure: true },
      );
      expect(Math.min(met.allowed, met.rejected)).toBeGreaterThan(RUNS / 10);
    },
  );

  itLong(
    'Feature: delta-neutral-live-mode, Property 7: For any withdrawal amount, if executing the withdrawal would cause the health ratio to drop below 80%, the system should reject the withdrawal',
    async () => {
      const at = await subject.begin();
      const trader = await at.ungated();
      await trader.deposit('SOL', 10);
      await trader.deposit('quote', (at.solPrice * 10) / 3);
      await trader.trade(-45);
      const venue = venueOn(subject, at);
      const met = { allowed: 0, rejected: 0 };
      await fc.assert(
        fc.asyncProperty(asset, fc.integer({ min: 1, max: 99 }), async (of, percent) => {
          const { sol, quote } = await standing(at);
          const unit = of === 'SOL' ? 1e9 : 1e6;
          const amount = Number(((of === 'SOL' ? sol : quote) * BigInt(percent)) / 100n) / unit;
          const gate = gateOf('HEALTH_AFTER', await venue.read('confirmed'), {
            kind: 'withdraw',
            asset: of === 'SOL' ? 'SOL' : subject.quote,
            amount: Math.round(amount * unit).toString(),
          });
          expect(gate.need).toBe(MIN_HEALTH);
          // Withdrawn all the same, past every gate of ours.
          const landed = await trader.withdraw(of, amount);
          const { health } = await trader.figures();
          if (gate.pass) {
            met.allowed += 1;
            expect(landed.error).toBeNull();
            expect(health).toBeGreaterThanOrEqual(MIN_HEALTH);
          } else {
            met.rejected += 1;
            // The yardstick may round to whole percents.
            if (landed.error === null) expect(health).toBeLessThan(MIN_HEALTH + 0.5);
          }
          if (landed.error === null) await trader.deposit(of, amount);
        }),
        { numRuns: RUNS, seed: 7, endOnFailure: true },
      );
      expect(Math.min(met.allowed, met.rejected)).toBeGreaterThan(RUNS / 10);
    },
  );

  (subject.sample === 12 ? it : itLong)(
    'Feature: delta-neutral-live-mode, Property 12: For any failed transaction, retrying the same operation with the same parameters should either succeed or fail with the same error, never producing duplicate state changes',
    async () => {
      const at = await subject.begin();
      await land(at, { kind: 'deposit', asset: 'SOL', amount: (10n * SOL).toString() });
      await land(at, { kind: 'deposit', asset: subject.quote, amount: (1_000n * USD).toString() });
      const met = { once: 0, failed: 0, never: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(
          anyIntent,
          fc.array(fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constant(170)), { minLength: 1, maxLength: 5 }),
          fc.constantFrom('open', 'paused', 'late'),
          async (drawn, waits, how) => {
            const intent = await intentOf(at, subject.quote, drawn);
            const before = await standing(at);
            const [first, second] = [await at.writing.simulate(intent), await at.writing.simulate(intent)];
            expect(second.ok ? null : second.error.code).toBe(first.ok ? null : first.error.code);
            if (!first.ok) {
              met.refused += 1;
              expect(await standing(at)).toEqual(before);
              return;
            }
            const attempt = await at.writing.sign(intent);
            if (how === 'paused') {
              at.pause('everything');
              await at.net.advance(1);
            }
            if (how === 'late') await at.net.advance(170);
            const seen = new Set<string>();
            for (const [tryNumber, wait] of waits.entries()) {
              await at.writing.submit(attempt, tryNumber).catch((error: unknown) => {
                if (!(error instanceof TransientError)) throw error;
              });
              await at.net.advance(wait);
            }
            at.pause('nothing');
            await finalize(at);
            for (let again = 0; again < 2; again += 1) {
              const sighting = await at.writing.status(attempt);
              seen.add(
                sighting.kind === 'landed' ? `${sighting.slot} ${sighting.error?.code ?? 'done'}` : 'not landed',
              );
              await at.writing.submit(attempt, 3).catch((error: unknown) => {
                if (!(error instanceof TransientError)) throw error;
              });
              await at.net.advance(CONFIRMED_SLOTS);
              // Bytes that never landed may still do so now, once; after that nothing changes any more.
              if (sighting.kind !== 'landed' && again === 0) seen.clear();
            }
            expect(seen.size).toBe(1);
            const [end] = seen;
            const landed = end?.endsWith('done') === true;
            if (landed) met.once += 1;
            else if (end === 'not landed') met.never += 1;
            else met.failed += 1;
            if (landed && intent.kind === 'order') await gone(at, attempt);
            const after = await standing(at);
            const moved = {
              sol: after.sol - before.sol,
              quote: after.quote - before.quote,
              perp: after.perp - before.perp,
            };
            const once = { sol: 0n, quote: 0n };
            if (landed && (intent.kind === 'deposit' || intent.kind === 'withdraw')) {
              const name = intent.asset === 'SOL' ? 'sol' : 'quote';
              once[name] = intent.kind === 'deposit' ? BigInt(intent.amount) : -BigInt(intent.amount);
            }
            for (const name of ['sol', 'quote'] as const) {
              expect(abs(moved[name] - once[name])).toBeLessThan(MOST_INTEREST);
            }
            const most = landed && intent.kind === 'order' ? abs(BigInt(intent.size)) : 0n;
            expect(abs(moved.perp)).toBeLessThanOrEqual(most);
            await flatten(at);
          },
        ),
        { numRuns: RUNS, seed: 12, endOnFailure: true },
      );
      for (const count of Object.values(met)) expect(count).toBeGreaterThan(0);
    },
  );

  (subject.sample === 14 ? it : itLong)(
    'Feature: delta-neutral-live-mode, Property 14: For all live mode transactions, what simulation refuses must not be submitted, for it does nothing, and what it allows lands',
    async () => {
      const at = await subject.begin();
      await land(at, { kind: 'deposit', asset: 'SOL', amount: (10n * SOL).toString() });
      await land(at, { kind: 'deposit', asset: subject.quote, amount: (1_000n * USD).toString() });
      const met = { allowed: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(anyIntent, fc.boolean(), async (drawn, paused) => {
          const intent = await intentOf(at, subject.quote, drawn);
          at.pause(paused && drawn.kind !== 'order' ? drawn.kind : 'nothing');
          await at.net.advance(CONFIRMED_SLOTS);
          const before = await standing(at);
          const simulation = await at.writing.simulate(intent);
          if (simulation.ok) {
            met.allowed += 1;
            const { attempt, landed } = await land(at, intent);
            expect(landed.error).toBeNull();
            if (intent.kind === 'order') await gone(at, attempt);
          } else {
            met.refused += 1;
            const attempt = await at.writing.sign(intent).catch((error: unknown) => {
              if (error instanceof ValidationError) return null;
              throw error;
            });
            if (attempt !== null) {
              await at.writing.submit(attempt, 3);
              await at.net.advance(CONFIRMED_SLOTS);
              const sighting = await at.writing.status(attempt);
              if (sighting.kind === 'landed') expect(sighting.error).not.toBeNull();
            }
            expect(await standing(at)).toEqual(before);
          }
          at.pause('nothing');
          await at.net.advance(CONFIRMED_SLOTS);
          await flatten(at);
        }),
        { numRuns: RUNS, seed: 14, endOnFailure: true },
      );
      expect(Math.min(met.allowed, met.refused)).toBeGreaterThan(RUNS / 10);
    },
  );

  itLong(
    'Feature: delta-neutral-live-mode, Property 15: For any close position command, the resulting position size should be zero',
    async () => {
      const at = await subject.begin();
      const trader = await at.ungated();
      const startPrice = at.solPrice;
      await trader.deposit('SOL', 10);
      await trader.deposit('quote', startPrice * 20);
      const venue = venueOn(subject, at);
      await fc.assert(
        fc.asyncProperty(side, tenths(1, 150), tenths(-10, 10), async (way, size, percent) => {
          await trader.trade(way === 'buy' ? size : -size);
          expect(perpOf(await at.reader.read('confirmed'))).not.toBe(0n);
          await trader.price(at.solPrice * (1 + percent / 1_000));
          await at.net.advance(CONFIRMED_SLOTS);
          // As the close workflow does: planned from a fresh snapshot until there is nothing to close.
          for (let tried = 0; tried < CLOSE_TRIES; tried += 1) {
            const planned = planIntent(
              { kind: 'flatten', market: MARKET },
              { ...PLAIN_TERMS, slippageMultiple: 2 ** tried },
              await venue.read('confirmed'),
              {
                maxSlippageBps: POLICY.maxSlippageBps,
                orderLifeMs: 60_000,
                nowMs: Date.now(),
              },
            );
            if (planned.kind === 'nothing') break;
            if (planned.kind === 'refused') throw new Error(JSON.stringify(planned.error));
            expect(planned.reducing).toBe(true);
            const { attempt, landed } = await land(at, planned.intent);
            expect(landed.error).toBeNull();
            if (planned.intent.kind === 'order') await gone(at, attempt);
          }
          const { perp, orders } = await standing(at);
          expect(perp).toBe(0n);
          expect(orders).toBe(0);
          await trader.price(startPrice);
          await at.net.advance(CONFIRMED_SLOTS);
        }),
        { numRuns: RUNS, seed: 15, endOnFailure: true },
      );
    },
  );

  itLong(
    'Feature: delta-neutral-live-mode, Property 10: For any live mode operation, after a successful deposit or withdrawal, the Engine_Vault balance should match the on-chain sub-account collateral within 10 seconds; and Property 14: nothing is sent that was not simulated',
    async () => {
      const engine = await subject.engine(temporalAddress());
      onTestFinished(() => engine.close());
      const { live } = engine;
      const { simulate, sign, submit } = live;
      const simulated = new Set<string>();
      const allowed = new Set<string>();
      const sent: string[] = [];
      live.simulate = async (intent, seen) => {
        const simulation = await simulate.call(live, intent, seen);
        if (simulation.ok) simulated.add(JSON.stringify(intent));
        return simulation;
      };
      live.sign = async (intent) => {
        const attempt = await sign.call(live, intent);
        if (simulated.has(JSON.stringify(intent))) allowed.add(attempt.signature);
        return attempt;
      };
      live.submit = async (attempt, tryNumber) => {
        sent.push(attempt.signature);
        await submit.call(live, attempt, tryNumber);
      };
      const held = ({ account, markets }: Snapshot): bigint =>
        account === null ? 0n : spotHeld(account, markets, 'SOL');
      const first = await engine.commanded({ kind: 'deposit', asset: 'SOL', amount: lamportsOf(5) });
      withContext(JSON.stringify(first), () => expect(first).toMatchObject({ success: true }));
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('deposit' as const, 'withdraw' as const),
          fc.bigInt({ min: 1_000_000n, max: 400_000_000n }),
          async (kind, amount) => {
            await engine.untilState('nothing running', ({ operation }) => operation === null);
            const before = held(await engine.snapshot());
            const answer = await engine.commanded({ kind, asset: 'SOL', amount: amount.toString() });
            withContext(JSON.stringify(answer), () => expect(answer).toMatchObject({ success: true }));
            const answeredAtMs = Date.now();
            const moved = kind === 'deposit' ? amount : -amount;
            const near = (one: bigint, other: bigint) => one - other < SYNC_DUST && other - one < SYNC_DUST;
            const shown = await until('the vault in step', async () => {
              const latest = await engine.latest();
              return latest !== null && near(held(latest), before + moved) ? latest : null;
            });
            expect(Date.now() - answeredAtMs).toBeLessThan(SYNC_MS);
            expect(near(held(await engine.snapshot()), held(shown))).toBe(true);
          },
        ),
        { numRuns: ENGINE_RUNS, seed: 10, endOnFailure: true },
      );
      expect(sent.length).toBeGreaterThan(ENGINE_RUNS);
      expect(sent.filter((signature) => !allowed.has(signature))).toEqual([]);
    },
  );
}
