/**
 * Compares a paper account with a live one for 48 market hours: same prices, funding and commands; where do they differ?
 * It uses the two venues through their port, with sizes and limits planned as in the shipped workflows (`planIntent`);
 * Temporal would only carry the same calls. The paper market has the live market's parameters and prices. Once on each program.
 */

import type { PerpMarket } from '../src/domain/account/account.ts';
import type { EquitySource, EquitySources, Snapshot } from '../src/domain/account/snapshot.ts';
import { EQUITY_SOURCES } from '../src/domain/figures/equity-sources.ts';
import { MS_PER_HOUR } from '../src/domain/money/units.ts';
import type { Intent } from '../src/domain/order/intent.ts';
import { type Goal, PLAIN_TERMS, planIntent } from '../src/domain/order/intent-plan.ts';
import type { Journal } from '../src/journal/journal.ts';
import type { LiveVenueName } from '../src/lib/ids.ts';
import { PaperVenue } from '../src/venues/paper/paper-venue.ts';
import { DEFAULT_PARAMETERS, type PaperParameters } from '../src/venues/paper/parameters.ts';
import type { SignedAttempt, Venue } from '../src/venues/venue.ts';
import { openTestJournal } from '../tests/support/journal.ts';
import { type LiveWorld, startWorld, WORLD_MISSING } from './support/live-worlds.ts';
import { ObservedFeed } from './support/observed-feed.ts';
import { type Finding, say } from './support/report.ts';

const HOURS = 48;
const SAMPLE_HOURS = 4;
const SOL = 1_000_000_000n;
const USD = 1_000_000n;
const MARKET = 'SOL-PERP';
/** Time until the state is finalized and the AMM has followed the oracle (up to 30 s); before that the books see an old mark. */
const FINAL_SLOTS = 120;
const STEP_SLOTS = 5;
const STEP_MS = 2_000;
const MAX_STEPS = 60;
const FEMTO_PER_USD = 1e15;
/** Shares of the price per hour, in turn: longs pay, and now and then shorts. */
const FUNDING = [0.0001, 0.00004, -0.00003, 0.00008];

/** Before the hour; both accounts get the same command. */
const COMMANDS: Readonly<Record<number, Goal>> = {
  1: { kind: 'open', market: MARKET, size: (-10n * SOL).toString() },
  12: { kind: 'deposit', asset: 'SOL', amount: (2n * SOL).toString() },
  13: { kind: 'rebalance', market: MARKET, size: (-2n * SOL).toString() },
  24: { kind: 'rebalance', market: MARKET, size: (4n * SOL).toString() },
  30: { kind: 'rebalance', market: MARKET, size: (-4n * SOL).toString() },
  46: { kind: 'close', market: MARKET },
  47: { kind: 'settle', market: MARKET },
  48: { kind: 'withdraw', asset: 'SOL', amount: (2n * SOL).toString() },
};

/** Why the two differ under each name. */
const WHY: Readonly<Record<EquitySource, string>> = {
  price: 'same holdings; the program rounds deposits down by a unit, and paper’s quote asset is always at 1 USD',
  basis: 'live: the mark of the books’ last read before the fill; paper: the mark at the command',
  slippage:
    'live: what the AMM quotes for the size; paper: the AMM’s distance from its middle, or 0.1 to 0.3 % by size',
  funding: 'the same rates on the same size; the program rounds a payment down, paper carries the remainder',
  interest: 'live: the market’s index; paper: its yearly rate at each read, until the next read',
  fees: 'the same taker rate, on each side’s own fill price',
  gas: 'live: the cost of each transaction with rent and priority fee; paper: the typical cost at the start',
  transfers: 'no transfers from elsewhere',
  external: 'no foreign trades on the account',
  unexplained: 'must be zero',
};

export async function benchPaperAndLive(): Promise<readonly Finding[]> {
  return [...(await comparedOn('drift')), ...(await comparedOn('velocity'))];
}

async function comparedOn(kind: LiveVenueName): Promise<readonly Finding[]> {
  const missing = WORLD_MISSING[kind]();
  if (missing !== null) {
    say(`  skipped: ${missing}`);
    return [];
  }
  say(`  ${kind}:`);
  const world = await startWorld(kind);
  const journal = await openTestJournal();
  try {
    return await sideBySide(world, journal);
  } finally {
    await world.net.stop();
    await journal.close();
  }
}

interface Account {
  readonly name: 'paper' | 'live';
  readonly venue: Venue;
  readonly engineId: string;
  /** A moment in its chain's time. */
  pass(): Promise<void>;
  nowMs(): number;
}

async function sideBySide(world: LiveWorld, journal: Journal): Promise<readonly Finding[]> {
  const { net } = world;
  const live = liveAccount(world, journal);
  await world.lendAndBorrow();
  await net.advance(FINAL_SLOTS);
  for (const [asset, amount] of [
    ['SOL', 10n * SOL],
    [world.quoteAsset, 500n * USD],
  ] as const) {
    await carryOut(live, { kind: 'deposit', asset, amount: amount.toString() }, journal);
  }
  // Now a rate is known, and the books have begun.
  world.steerFunding(FUNDING[0] ?? 0);
  net.jump({ seconds: 2 * 3_600 });
  const begun = await settled(world, live);
  const feed = new ObservedFeed();
  feed.observe(begun);
  const paper = await paperAccount(begun, feed, journal);

  const start = { live: begun, paper: await paper.venue.read('confirmed') };
  let last = start;
  say('  hour   oracle USD   paper: gain USD   live: gain USD   difference');
  for (let hour = 1; hour <= HOURS; hour += 1) {
    world.followPrice(priceAt(world, hour));
    world.steerFunding(FUNDING[hour % FUNDING.length] ?? 0);
    feed.observe(await settled(world, live));
    paper.follow(live.nowMs());
    const plan = COMMANDS[hour];
    if (plan !== undefined) {
      const [there, here] = [await carryOut(live, plan, journal), await carryOut(paper, plan, journal)];
      say(`  ${String(hour).padStart(4)}   ${plan.kind}: paper ${here}; live ${there}`);
    }
    net.jump({ seconds: MS_PER_HOUR / 1_000 });
    const now = await settled(world, live);
    feed.observe(now);
    paper.follow(live.nowMs());
    last = { live: now, paper: await paper.venue.read('confirmed') };
    if (hour % SAMPLE_HOURS === 0) {
      const [ours, theirs] = [gain(start.paper, last.paper), gain(start.live, last.live)];
      const cells = [priceAt(world, hour).toFixed(2).padStart(10), usd(ours).padStart(15), usd(theirs).padStart(16)];
      say(`  ${String(hour).padStart(4)} ${cells.join('  ')}  ${usd(theirs - ours)}`);
    }
  }
  return comparison(world.kind, start, last, feed.periods);
}

function comparison(
  kind: LiveVenueName,
  start: Record<'paper' | 'live', Snapshot>,
  end: Record<'paper' | 'live', Snapshot>,
  periods: number,
): readonly Finding[] {
  say(`  after ${HOURS} h and ${periods} funding periods, USD:`);
  say(`  ${'source'.padEnd(12)}${'paper'.padStart(14)}${'live'.padStart(14)}${'live - paper'.padStart(14)}   why`);
  let explained = 0n;
  for (const source of EQUITY_SOURCES) {
    const [ours, theirs] = [changeOf(source, start.paper, end.paper), changeOf(source, start.live, end.live)];
    if (source !== 'unexplained') explained += theirs - ours;
    const cells = [ours, theirs, theirs - ours].map((value) => usd(value).padStart(14)).join('');
    say(`  ${source.padEnd(12)}${cells}   ${WHY[source]}`);
  }
  const [ours, theirs] = [gain(start.paper, end.paper), gain(start.live, end.live)];
  say(`  ${'equity'.padEnd(12)}${[ours, theirs, theirs - ours].map((value) => usd(value).padStart(14)).join('')}`);
  const rest = theirs - ours - explained;
  return [
    {
      what: `between a paper and a live account on ${kind}, named by no source`,
      figure: Math.abs(Number(rest)) / FEMTO_PER_USD,
      unit: 'USD',
      yardstick: { what: 'all that lies between them', figure: Math.abs(Number(theirs - ours)) / FEMTO_PER_USD },
      goal: { of: 'figure', atMost: 0 },
    },
  ];
}

/** A path that goes up and down without jumps, the same in every run. */
const priceAt = ({ price }: LiveWorld, hour: number): number =>
  Math.round((price + (price / 150) * (4 * Math.sin(hour / 5) + 0.05 * hour)) * 100) / 100;

const usd = (femto: bigint): string => (Number(femto) / FEMTO_PER_USD).toFixed(4);

function gain(from: Snapshot, to: Snapshot): bigint {
  if (from.equity === null || to.equity === null) throw new Error('equity is not known');
  return to.equity - from.equity;
}

function changeOf(source: EquitySource, from: Snapshot, to: Snapshot): bigint {
  const of = ({ sources }: Snapshot): EquitySources => {
    if (sources === null) throw new Error('the sources of equity are not known');
    return sources;
  };
  return of(to)[source] - of(from)[source];
}

/** Waits until the present state is finalized, booked and read. */
async function settled({ net }: LiveWorld, live: Account): Promise<Snapshot> {
  await net.advance(FINAL_SLOTS);
  await live.venue.keepBooks?.();
  return await live.venue.read('confirmed');
}

const liveAccount = (world: LiveWorld, journal: Journal): Account => ({
  name: 'live',
  ...world.account(journal),
  pass: () => world.net.advance(STEP_SLOTS),
  nowMs: () => world.net.chain.head.time * 1_000,
});

/** The same deposits and the same market; the content of its wallet does not matter. */
async function paperAccount(
  live: Snapshot,
  feed: ObservedFeed,
  journal: Journal,
): Promise<Account & { follow(nowMs: number): void }> {
  let nowMs = live.marketTimeMs;
  const engineId = 'engine:paper:observed:0';
  const venue = await PaperVenue.open({
    engineId,
    journal,
    clock: { nowMs: () => nowMs },
    feed,
    seed: true,
    defaults: { sol: (10n * SOL) as never, usdc: (500n * USD) as never, walletSol: live.wallet.sol },
    tuning: { parameters: parametersOf(live) },
  });
  return {
    name: 'paper',
    venue,
    engineId,
    async pass() {
      nowMs += STEP_MS;
    },
    nowMs: () => nowMs,
    follow(toMs) {
      nowMs = Math.max(nowMs, toMs);
    },
  };
}

/** The live market's parameters, from the snapshot. */
function parametersOf({ markets, transactionCostLamports }: Snapshot): PaperParameters {
  const [perp] = markets.perps;
  const base = markets.spot.find(({ asset }) => asset === perp?.baseAsset);
  if (perp === undefined || base === undefined) throw new Error('the live market is not known');
  return {
    ...DEFAULT_PARAMETERS,
    initialMarginRatio: perp.initialMarginRatio,
    maintenanceMarginRatio: perp.maintenanceMarginRatio,
    solInitialAssetWeight: base.initialAssetWeight,
    solMaintenanceAssetWeight: base.maintenanceAssetWeight,
    solInitialLiabilityWeight: base.initialLiabilityWeight,
    solMaintenanceLiabilityWeight: base.maintenanceLiabilityWeight,
    stepSize: perp.stepSize,
    minimumSize: perp.minimumSize,
    tickSize: perp.tickSize,
    takerFee: perp.takerFee,
    perpLiquidatorFee: perp.liquidatorFee,
    transactionCost: transactionCostLamports,
    ...slippageOf(perp),
  };
}

/** The distance from the AMM's middle to its bid. Absent where it quotes none: then by size. */
function slippageOf({ markPrice, bidPrice }: PerpMarket): Pick<PaperParameters, 'slippagePpm'> {
  if (markPrice === null || bidPrice === undefined || bidPrice >= markPrice) return {};
  return { slippagePpm: ((markPrice - bidPrice) * 1_000_000n) / markPrice };
}

/** Plans, simulates, signs, records, sends and lands a command, waits until its order is gone, and describes the result. */
async function carryOut(account: Account, goal: Goal, journal: Journal): Promise<string> {
  const { venue } = account;
  const limits = { maxSlippageBps: 50, orderLifeMs: 60_000, nowMs: account.nowMs() };
  const planned = planIntent(goal, PLAIN_TERMS, await venue.read('confirmed'), limits);
  if (planned.kind === 'nothing') return `nothing to do (${planned.why})`;
  if (planned.kind === 'refused') throw new Error(`${account.name}: ${planned.error.message}`);
  const { intent } = planned;
  const simulation = await venue.simulate(intent);
  if (!simulation.ok) throw new Error(`${account.name}, ${intent.kind}: ${simulation.error.message}`);
  const attempt = await venue.sign(intent);
  await writeAhead(journal, account, attempt, intent);
  await venue.submit(attempt, MAX_STEPS);
  for (let step = 0; step < MAX_STEPS; step += 1) {
    await account.pass();
    const sighting = await venue.status(attempt);
    if (sighting.kind !== 'landed') continue;
    if (sighting.error !== null) throw new Error(`${account.name}, ${intent.kind}: ${sighting.error.message}`);
    if (intent.kind !== 'order') return 'done';
    const report = await venue.order(attempt);
    if (!report.gone) continue;
    const filled = report.fills.reduce((size, fill) => size + Number(fill.size) / 1e9, 0);
    return `${filled} of ${Math.abs(Number(intent.size)) / 1e9} SOL`;
  }
  throw new Error(`${account.name}: ${intent.kind} does not end`);
}

async function writeAhead(
  journal: Journal,
  { engineId }: Account,
  attempt: SignedAttempt,
  intent: Intent,
): Promise<void> {
  const { signature, wire, lastValidBlockHeight, slot } = attempt;
  await journal.recordAttempt({
    operationId: `${engineId}:${signature.slice(0, 16)}`,
    number: 1,
    signature,
    wire,
    lastValidBlockHeight,
    slot,
    intent,
    stage: 'submitted',
    outcome: null,
    error: null,
    signedAtMs: Date.now(),
    updatedAtMs: Date.now(),
  });
}
