/**
 * The whole product, live on the real Drift program, under everything at once: rounds of commands, troubles, strangers on
 * the account and SIGKILLs, then the way out. What is left is judged by `live-judge.ts` against the chain's own events.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../crash/random.ts';
import { type LiveProduct, liveProduct } from '../live-product.ts';
import { until } from '../product.ts';
import type { Caller, Sent } from '../product-caller.ts';
import type { ProductRun, StateView } from '../product-run.ts';
import { type Figures, figuresOf } from './chain-account.ts';
import { judgeLive } from './live-judge.ts';
import { FOREIGN_ACTS, TROUBLES, type Trouble } from './troubles.ts';

export interface LiveSoakOptions {
  readonly seed: number;
  readonly rounds: number;
  readonly say: (line: string) => void;
  /** Share of the rounds that end with a SIGKILL: a quarter by default. */
  readonly kills?: number;
  /** Only troubles and acts whose name holds one of these words. */
  readonly only?: readonly string[];
  /** Runs before all is ended, when something is wrong: to look at what is left. */
  readonly onWrong?: (live: LiveProduct, wrong: readonly string[]) => Promise<void>;
}

export interface LiveSoakReport {
  readonly wrong: readonly string[];
  readonly ends: Readonly<Record<string, number>>;
  readonly alerts: Readonly<Record<string, number>>;
  readonly chain: { readonly transactions: number; readonly fills: number; readonly fundingPayments: number };
  readonly kills: number;
}

const MARKET = { market: 'SOL-PERP' };
const LONGEST_ROUND_MS = 15_000;
const SHORTEST_ROUND_MS = 2_000;
/** An unknown outcome is proven after 150 blocks and 32 more; then another attempt. */
const END_WITHIN_MS = 240_000;
/** A short may be naked so long before somebody must have been told: two polls on a busy machine. */
const NAKED_TOLD_WITHIN_MS = 20_000;
/** Of a short that is not naked: tolerance and a step of the market. */
const TOLERANCE = 1.01;
const STEP = 100_000_000n;
const LAMPORTS = 1e9;
const KILLS = 0.25;
/** A port that no program has. */
const NOBODY_LISTENS = 'ws://127.0.0.1:9';
const SETTINGS = {
  LOOP_INTERVAL_SECONDS: '5',
  COOLDOWN_SECONDS: '20',
  MAX_SNAPSHOT_AGE_SECONDS: '30',
  // What it earns is not what is tried here.
  HOLDING_HORIZON_HOURS: '8760',
} as const;

export async function liveSoak(options: LiveSoakOptions): Promise<LiveSoakReport> {
  const chain = chainOf(options.seed);
  options.say(`${chain.slotMs} ms a slot, SOL at $${chain.solPrice}, ${chain.sockets ? 'with' : 'without'} sockets`);
  const { slotMs, solPrice } = chain;
  const live = await liveProduct(SETTINGS, { nodes: 3, seed: `soak-${options.seed}`, slotMs, solPrice });
  const own = live.net.nodes.slice(0, 2);
  live.run.env.RPC_URL = own.map(({ rpcUrl }) => rpcUrl).join(',');
  live.run.env.RPC_WS_URL = chain.sockets ? own[0]?.wsUrl : NOBODY_LISTENS;
  // By Jito first, or by the nodes alone, whose faults then meet every transaction.
  if (options.seed % 2 === 1) live.run.env.JITO_URL = '';
  try {
    return await new LiveSoak(live, options).run();
  } finally {
    await live.end();
  }
}

/** No two chains are alike: nothing may rest on how fast slots pass, at what price, or on sockets. */
function chainOf(seed: number) {
  const random = randomOf(seed + 1);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  return { slotMs: pick([100, 200, 400]), solPrice: pick([22, 150, 480]), sockets: random() > 0.3 };
}

class LiveSoak {
  readonly #live: LiveProduct;
  readonly #run: ProductRun;
  readonly #options: LiveSoakOptions;
  readonly #random: () => number;
  readonly #wrong: string[] = [];
  readonly #standing = new Map<Trouble, () => void>();
  readonly #foreign: { readonly name: string; readonly signature: string }[] = [];
  readonly #startedAt = performance.now();
  #kills = 0;
  /** Since when the product can see and act, wall ms; null while it cannot. */
  #clearSince: number | null = null;
  #watching = true;
  #commands = 0;

  constructor(live: LiveProduct, options: LiveSoakOptions) {
    this.#live = live;
    this.#run = live.run;
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  async run(): Promise<LiveSoakReport> {
    await this.#run.start();
    const caller = await this.#run.caller();
    this.#clear();
    const begun = await this.#end(caller, 'DRIFT_DEPOSIT', { amount: '6', asset: 'SOL' });
    if (begun?.success !== true) this.#wrong.push(`the first deposit: ${JSON.stringify(begun)}`);
    await this.#end(caller, 'DRIFT_DEPOSIT', { amount: '100', asset: 'USDC' });
    await this.#end(caller, 'DRIFT_OPEN_POSITION', { ...MARKET, direction: 'short', size: '3' });
    const watching = this.#watchNakedness();
    const commands: Promise<unknown>[] = [];
    for (let round = 0; round < this.#options.rounds; round += 1) {
      await this.#round(round, caller, commands);
    }
    for (const trouble of [...this.#standing.keys()]) this.#heal(trouble);
    await until('every part to be ready', () => this.#run.isReady());
    this.#clear();
    await Promise.all(commands);
    await this.#wayOut(caller);
    this.#watching = false;
    await watching;
    const report = await judgeLive({ live: this.#live, sent: [...caller.sent.values()], foreign: this.#foreign });
    this.#wrong.push(...report.wrong);
    if (this.#wrong.length > 0) await this.#options.onWrong?.(this.#live, this.#wrong);
    return { ...report, wrong: this.#wrong, kills: this.#kills };
  }

  #say(line: string): void {
    const { perp, sol, usdc, openOrders } = this.#figures();
    const at = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    const shown = `${Number(sol) / LAMPORTS} SOL ${Number(perp) / LAMPORTS} perp ${Number(usdc) / 1e6} USDC ${openOrders} orders`;
    this.#options.say(`${at} s [${shown}] ${line}`);
  }

  #figures(): Figures {
    return figuresOf(this.#live.net, this.#live.net.wallet.address);
  }

  #pick<T extends { readonly name: string }>(of: readonly T[]): T | null {
    const { only } = this.#options;
    const fitting = only === undefined ? of : of.filter(({ name }) => only.some((word) => name.includes(word)));
    return fitting[Math.floor(this.#random() * fitting.length)] ?? null;
  }

  async #round(round: number, caller: Caller, commands: Promise<unknown>[]): Promise<void> {
    const { net } = this.#live;
    const scene = { net, random: this.#random };
    for (const trouble of [...this.#standing.keys()]) if (this.#random() < 0.6) this.#heal(trouble);
    const troubles = this.#random() < 0.2 ? 0 : this.#random() < 0.6 ? 1 : 2;
    for (let count = 0; count < troubles; count += 1) {
      const trouble = this.#pick(TROUBLES);
      if (trouble !== null && !this.#standing.has(trouble)) this.#begin(trouble);
    }
    if (this.#random() < 0.75) commands.push(this.#command(caller));
    await sleep(this.#random() * SHORTEST_ROUND_MS);
    if (this.#random() < 0.3) {
      const act = this.#pick(FOREIGN_ACTS);
      if (act !== null) {
        const signature = act.act(scene);
        this.#foreign.push({ name: act.name, signature });
        this.#say(`somebody ${act.name}`);
      }
    }
    await sleep(SHORTEST_ROUND_MS + this.#random() * (LONGEST_ROUND_MS - SHORTEST_ROUND_MS));
    if (this.#random() < (this.#options.kills ?? KILLS)) await this.#kill(round);
  }

  #begin(trouble: Trouble): void {
    this.#say(`begins: ${trouble.name}`);
    this.#standing.set(trouble, trouble.begin({ net: this.#live.net, random: this.#random }));
    if (trouble.blinds === true) this.#clearSince = null;
  }

  #heal(trouble: Trouble): void {
    this.#standing.get(trouble)?.();
    this.#standing.delete(trouble);
    this.#say(`ends: ${trouble.name}`);
    this.#clear();
  }

  #clear(): void {
    if ([...this.#standing.keys()].some(({ blinds }) => blinds === true)) return;
    this.#clearSince = performance.now();
  }

  async #kill(round: number): Promise<void> {
    this.#kills += 1;
    this.#clearSince = null;
    const both = this.#random() < 0.3;
    const before = await this.#run.state().catch(() => null);
    this.#say(
      `kill in round ${round}: ${both ? 'both' : 'node'}, ${before?.engine?.operation?.stage ?? 'no operation'}`,
    );
    if (both) this.#run.killTemporal();
    await this.#run.killNode();
    const down = this.#random() * 8_000;
    await sleep(down);
    await this.#run.launch().ready();
    this.#say('runs again');
    this.#clear();
  }

  /** Sends one command, sensible as often as not, and waits for its end. */
  async #command(caller: Caller): Promise<void> {
    this.#commands += 1;
    // Each amount is its own: what arrived twice, or not at all, shows.
    const own = String(this.#commands).padStart(4, '0');
    const drawn = this.#random();
    const size = (Math.ceil(this.#random() * 20) / 10).toFixed(1);
    if (drawn < 0.2) await this.#end(caller, 'DRIFT_DEPOSIT', { amount: `0.3${own}`, asset: 'SOL' });
    else if (drawn < 0.27) await this.#end(caller, 'DRIFT_DEPOSIT', { amount: `7.${own}`, asset: 'USDC' });
    else if (drawn < 0.5) await this.#end(caller, 'DRIFT_OPEN_POSITION', { ...MARKET, direction: 'short', size });
    else if (drawn < 0.62) await this.#end(caller, 'DRIFT_CLOSE_POSITION', MARKET);
    else if (drawn < 0.74) await this.#end(caller, 'REBALANCE');
    else if (drawn < 0.8) await this.#end(caller, 'SETTLE_PNL', MARKET);
    else if (drawn < 0.84) await this.#end(caller, 'FLATTEN');
    else if (drawn < 0.92) await this.#end(caller, 'RESUME');
    else if (drawn < 0.95) await this.#end(caller, 'ADOPT_POSITION', MARKET);
    else {
      await this.#end(caller, 'STOP_ENGINE');
      await this.#end(caller, 'DRIFT_WITHDRAW', { amount: `0.2${own}`, asset: 'SOL' });
      await this.#end(caller, 'START_ENGINE', { mode: 'live' });
    }
  }

  async #end(caller: Caller, action: string, data: object = {}): Promise<Sent['end']> {
    const commandId = crypto.randomUUID();
    this.#say(`${action} ${JSON.stringify(data)}`);
    const ended = await this.#answered(caller, action, data, commandId);
    if (ended?.error?.code === 'CONFIRMATION_REQUIRED') {
      caller.sent.delete(commandId);
      const { confirmation_token } = ended.data;
      const end = await this.#answered(caller, action, { ...data, confirmation_token }, commandId);
      this.#say(`${action} confirmed: ${end?.message}`);
      return end;
    }
    this.#say(`${action}: ${ended?.error?.code ?? ''} ${ended?.message ?? 'no end'}`);
    return ended;
  }

  /** Null: it has no end in the time that it has, and that is wrong unless an alert stands for it. */
  async #answered(caller: Caller, action: string, data: object, commandId: string): Promise<Sent['end']> {
    const abandoned = Symbol('abandoned');
    const late = async (): Promise<typeof abandoned> => {
      for (let clearMs = 0; clearMs < END_WITHIN_MS; clearMs += 500) {
        await sleep(500, undefined, { ref: false });
        if (this.#clearSince === null) clearMs -= 500;
      }
      return abandoned;
    };
    const end = await Promise.race([caller.end(action, data, commandId), late()]);
    if (end !== abandoned) return end as Sent['end'];
    const last = caller.sent.get(commandId)?.answers.at(-1);
    this.#wrong.push(`${action} ${commandId} has no end; last: ${JSON.stringify(last ?? null)}`);
    return null;
  }

  /** Close, settle, stop, withdraw: nothing may be in the way for ever, and nothing is left. */
  async #wayOut(caller: Caller): Promise<void> {
    const { net } = this.#live;
    net.oracles.sol.follow({ kind: 'fixed', price: net.oracles.sol.price });
    this.#say('the way out');
    for (let tries = 0; this.#figures().perp !== 0n && tries < 4; tries += 1) {
      const end = await this.#end(caller, tries < 2 ? 'DRIFT_CLOSE_POSITION' : 'FLATTEN', tries < 2 ? MARKET : {});
      if (end?.success !== true) this.#wrong.push(`the way out was refused: ${JSON.stringify(end)}`);
    }
    if (this.#figures().perp !== 0n) this.#wrong.push(`${this.#figures().perp} cannot be closed`);
    await this.#end(caller, 'SETTLE_PNL', MARKET);
    const stopped = await this.#end(caller, 'STOP_ENGINE');
    if (stopped?.success !== true) this.#wrong.push(`STOP was refused: ${JSON.stringify(stopped)}`);
    await this.#end(caller, 'DRIFT_DEPOSIT', { amount: '50', asset: 'USDC' });
    for (const asset of ['sol', 'usdc'] as const) await this.#withdrawAll(caller, asset);
    const left = this.#figures();
    if (left.sol > 100_000n || left.usdc > 10_000n)
      this.#wrong.push(`left: ${left.sol} lamports, ${left.usdc} micro-USDC`);
  }

  async #withdrawAll(caller: Caller, asset: 'sol' | 'usdc'): Promise<void> {
    const decimals = asset === 'sol' ? 9 : 6;
    const field = asset === 'sol' ? 'max_withdraw_sol_base' : 'max_withdraw_quote_base';
    for (let tries = 0; tries < 5 && this.#figures()[asset] > 1_000n; tries += 1) {
      const held = await until(`all ${asset} to be free`, async () => {
        const { account } = (await this.#run.state()) as StateView;
        const base = account?.[field];
        return typeof base === 'string' && BigInt(base) > 0n ? BigInt(base) : null;
      });
      const amount = `${held / 10n ** BigInt(decimals)}.${String(held % 10n ** BigInt(decimals)).padStart(decimals, '0')}`;
      await this.#end(caller, 'DRIFT_WITHDRAW', { amount, asset: asset.toUpperCase() });
      await sleep(2_000);
    }
  }

  /** A short beyond the deposits is told as critical, once the product can see and a moment has passed. */
  async #watchNakedness(): Promise<void> {
    let since: number | null = null;
    let told = true;
    while (this.#watching) {
      await sleep(500);
      const { perp, sol } = this.#figures();
      const naked = perp < 0n && Number(-perp) > Number(sol) * TOLERANCE + Number(STEP);
      if (!naked || this.#clearSince === null) {
        since = null;
        told = false;
        continue;
      }
      since ??= performance.now();
      if (told || performance.now() - Math.max(since, this.#clearSince) < NAKED_TOLD_WITHIN_MS) continue;
      const alerts = await this.#run.list('alerts').catch(() => null);
      if (alerts === null) continue;
      told = true;
      const newest = alerts.find(({ code }) => code === 'NAKED_SHORT');
      if (newest?.kind !== 'alert' || newest.severity !== 'critical')
        this.#wrong.push(`naked (${perp} against ${sol}) and no critical alert: ${JSON.stringify(newest ?? null)}`);
      this.#say(`naked: ${newest?.code} ${newest?.kind}`);
    }
  }
}
