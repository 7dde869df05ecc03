/**
 * Kills the product at random moments of a seeded run, while a careful program commands it, and judges what is left:
 * one effect for each acknowledged command, sums that add up, nothing running or stuck for ever without an alert.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { canonicalJson } from '../../src/lib/ids.ts';
import { isAlive } from '../../src/runtime/processes.ts';
import { randomOf } from './crash/random.ts';
import { until } from './product.ts';
import type { Caller, Sent } from './product-caller.ts';
import { isEnd } from './product-caller.ts';
import { ProductRun, type StateView } from './product-run.ts';
import { GAS_LAMPORTS, imbalances } from './product-sums.ts';

const WALLET_SOL = 1_000_000n;
const SPOT_SOL = 10n;
const LAMPORTS = 1_000_000_000n;
/** A command may wait 30 s for the slot behind another, and a restart comes between. */
const END_WITHIN_MS = 60_000;
const FINAL_WITHIN_MS = 60_000;
/** Finality takes 13 s on the paper chain. */
const LONGEST_ROUND_MS = 3_000;
const PERIOD_MS = 2_000;
const LOUD = ['critical', 'warning'];
/** On a slow machine the kills can leave time for hardly any command: these must have been done before it is judged. */
const DONE_AT_LEAST = { capital: 2, trade: 2 } as const;

export type Victim = 'node' | 'temporal' | 'both';

export interface CrashOptions {
  readonly seed: number;
  readonly kills: number;
  readonly say: (line: string) => void;
  /** Which parts are killed in turn; random when absent. */
  readonly victims?: readonly Victim[];
  /** Runs before all is ended, when something is wrong: to look at what is left. */
  readonly onWrong?: (run: ProductRun, wrong: readonly string[]) => Promise<void>;
}

export interface CrashReport {
  readonly wrong: readonly string[];
  readonly kills: Readonly<Record<Victim, number>>;
  readonly commands: number;
  /** Ends by status and code. */
  readonly ends: Readonly<Record<string, number>>;
  readonly answers: number;
  /** The longest that a command waited for its first answer on a connection that lived, ms. */
  readonly longestAnswerMs: number;
  /** From launch to ready, ms. */
  readonly restarts: readonly number[];
  readonly operations: number;
  readonly alerts: Readonly<Record<string, number>>;
}

const CRASH_SETTINGS = {
  PAPER_WALLET_SOL: String(WALLET_SOL),
  FUNDING_PERIOD_SECONDS: String(PERIOD_MS / 1_000),
  LOOP_INTERVAL_SECONDS: '1',
  COOLDOWN_SECONDS: '20',
} as const;

export async function crashRun(options: CrashOptions): Promise<CrashReport> {
  const run = await ProductRun.open(CRASH_SETTINGS);
  try {
    return await new CrashRun(run, options).judged();
  } finally {
    await run.end();
  }
}

class CrashRun {
  readonly #run: ProductRun;
  readonly #options: CrashOptions;
  readonly #random: () => number;
  readonly #wrong: string[] = [];
  readonly #restarts: number[] = [];
  readonly #kills: Record<Victim, number> = { node: 0, temporal: 0, both: 0 };
  #sending = true;
  #healing = false;
  #healedAt = 0;

  constructor(run: ProductRun, options: CrashOptions) {
    this.#run = run;
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  async judged(): Promise<CrashReport> {
    await this.#restart();
    const caller = await this.#run.caller();
    const commanding = this.#command(caller, 'capital');
    const trading = this.#command(caller, 'trade');
    for (let round = 0; round < this.#options.kills; round += 1) {
      await sleep(this.#random() * LONGEST_ROUND_MS);
      await this.#kill(this.#options.victims?.[round] ?? this.#victim(), round);
    }
    await this.#enough(caller);
    this.#sending = false;
    await Promise.all([commanding, trading]);
    await this.#settle();
    const report = await this.#judge(caller);
    if (report.wrong.length > 0) await this.#options.onWrong?.(this.#run, report.wrong);
    return report;
  }

  #victim(): Victim {
    const drawn = this.#random();
    return drawn < 0.5 ? 'node' : drawn < 0.75 ? 'temporal' : 'both';
  }

  async #restart(): Promise<void> {
    const startedAt = performance.now();
    await this.#run.start();
    this.#restarts.push(performance.now() - startedAt);
  }

  async #kill(victim: Victim, round: number): Promise<void> {
    const before = await this.#run.state().catch(() => null);
    this.#kills[victim] += 1;
    this.#healing = true;
    this.#options.say(`kill ${round + 1}: ${victim}, operation ${before?.engine?.operation?.stage ?? 'none'}`);
    if (victim !== 'node') {
      const pid = this.#run.killTemporal();
      if (victim === 'temporal') {
        await until('another Temporal server', () => {
          const now = this.#run.product.temporalPid();
          return now !== pid && now !== null && isAlive(now);
        });
        await until('every part to be ready', () => this.#run.isReady());
      }
    }
    if (victim !== 'temporal') {
      await this.#run.killNode();
      await this.#restart();
    }
    this.#healing = false;
    this.#healedAt = performance.now();
    const after = await this.#run.state();
    this.#compare(before, after, `after kill ${round + 1} (${victim})`);
  }

  /** What a kill must not change: the account's owner, and the end of the cooldown. */
  #compare(before: StateView | null, after: StateView, when: string): void {
    if (before === null) return;
    const same = (what: string, had: unknown, has: unknown) => {
      if (had !== has) this.#wrong.push(`${when}: ${what} was ${String(had)}, is ${String(has)}`);
    };
    same('the engine', before.engine.engine_id, after.engine.engine_id);
    const [had, has] = [before, after].map(({ engine }) =>
      engine.cooldown_until === null ? null : Date.parse(engine.cooldown_until),
    );
    // It may end meanwhile, and a correction may begin another, later one; the same one must not move.
    if (had != null && has != null && has < had) same('the cooldown', had, has);
    const opposed = BigInt(after.account.sources_base.unexplained);
    if (opposed !== 0n) this.#wrong.push(`${when}: unexplained ${opposed}`);
  }

  async #command(caller: Caller, kind: 'capital' | 'trade'): Promise<void> {
    for (let count = 0; this.#sending; count += 1) {
      // Each amount is its own: what arrived twice, or not at all, shows in the sum.
      if (kind === 'capital') await this.#one(caller, 'DRIFT_DEPOSIT', { amount: `0.${1_000 + count}` });
      else if (count % 2 === 1) await this.#one(caller, 'DRIFT_CLOSE_POSITION', { market: 'SOL-PERP' });
      else {
        const size = (1 + Math.floor(this.#random() * 5_000) / 1_000).toFixed(3);
        await this.#one(caller, 'DRIFT_OPEN_POSITION', { market: 'SOL-PERP', direction: 'short', size });
      }
      await sleep(this.#random() * 400);
    }
  }

  async #one(caller: Caller, action: string, data: object): Promise<Sent> {
    const commandId = crypto.randomUUID();
    const ended = await Promise.race([caller.end(action, data, commandId), this.#late()]);
    const sent = caller.sent.get(commandId) as Sent;
    if (ended === 'late') {
      const last = JSON.stringify(sent.answers.at(-1) ?? null);
      this.#wrong.push(`${action} ${commandId} has no end after ${END_WITHIN_MS} ms; the last answer: ${last}`);
    }
    return sent;
  }

  /** Goes on until the least number of commands of each kind has been done, so that there is something to judge. */
  async #enough(caller: Caller): Promise<void> {
    const doneOf = (capital: boolean) =>
      [...caller.sent.values()].filter(
        ({ action, end }) => (action === 'DRIFT_DEPOSIT') === capital && end?.success === true,
      ).length;
    await until(
      'enough commands to be done',
      () => doneOf(true) >= DONE_AT_LEAST.capital && doneOf(false) >= DONE_AT_LEAST.trade,
      2 * END_WITHIN_MS,
    );
  }

  /** A command that waits for the slot may be moved back by every kill: the time counts from the last. */
  async #late(): Promise<'late'> {
    const startedAt = performance.now();
    for (;;) {
      const left = Math.max(startedAt, this.#healedAt) + END_WITHIN_MS - performance.now();
      if (left <= 0 && !this.#healing) return 'late';
      await sleep(Math.max(100, left), undefined, { ref: false });
    }
  }

  /** Until every operation has ended and the engine's row, which is written after it, says so too. */
  async #settle(): Promise<void> {
    const deadline = performance.now() + FINAL_WITHIN_MS;
    for (;;) {
      const open = (await this.#run.list('operations')).filter(({ ended_at }) => ended_at === null);
      const { engine } = await this.#run.state();
      if (open.length === 0 && engine.operation === null) return;
      if (performance.now() > deadline) {
        for (const { operation_id, kind, status, attempts } of open) {
          this.#wrong.push(`${kind} ${operation_id} has no end: ${status}, ${JSON.stringify(attempts)}`);
        }
        return;
      }
      await sleep(500);
    }
  }

  async #judge(caller: Caller): Promise<CrashReport> {
    const run = this.#run;
    const says = (holds: boolean, text: string): void => {
      if (!holds) this.#wrong.push(text);
    };
    this.#wrong.push(...(await imbalances(run)));
    const state = await run.state();
    const operations = await run.list('operations');
    const trades = await run.list('trades');
    const alerts = await run.list('alerts');
    const sent = [...caller.sent.values()];
    const done = sent.filter(({ end }) => end?.success === true);

    for (const { action, commandId, answers, end } of sent) {
      const ends = new Set(answers.filter(isEnd).map(({ data, error }) => canonicalJson([data, error ?? null])));
      says(ends.size <= 1, `${action} ${commandId} had ${ends.size} different ends: ${[...ends].join(' and ')}`);
      const effects = operations.filter(({ command_id }) => command_id === commandId);
      says(effects.length <= 1, `${action} ${commandId} has ${effects.length} operations`);
      if (end?.success === true && end.data.changed !== false) {
        says(effects.length === 1, `${action} ${commandId} was done and has ${effects.length} operations`);
        says(effects[0]?.operation_id === end.data.operation_id, `${commandId}: another operation than it was told`);
      }
    }
    // Deposits: what was acknowledged, no more and no less, has left the wallet.
    const deposited = done
      .filter(({ action }) => action === 'DRIFT_DEPOSIT')
      .reduce((sum, { data }) => sum + lamportsOf((data as { amount: string }).amount), 0n);
    const landed = operations.flatMap(({ attempts }) => attempts as StateView[]).filter(hasLanded).length;
    const left = WALLET_SOL * LAMPORTS - BigInt(state.account.wallet_sol_base);
    const gas = BigInt(landed) * GAS_LAMPORTS;
    says(left === deposited + gas, `the wallet lost ${left}, deposits ${deposited} and gas of ${landed} are otherwise`);
    const added = BigInt(state.account.spot_sol_base) - SPOT_SOL * LAMPORTS - deposited;
    says(added >= 0n && added < LAMPORTS / 1_000n, `the sub-account has ${added} more than was deposited`);
    // Each trade belongs to an operation, and together they add up to the command's answer.
    for (const { end, action, commandId } of done) {
      const filled = end?.data.filled_size;
      if (filled === undefined) continue;
      const sum = trades
        .filter(({ operation_id }) => operation_id === end?.data.operation_id)
        .reduce((total, { size_base }) => total + BigInt(size_base), 0n);
      says(sum === lamportsOf(String(filled)), `${action} ${commandId} was told ${filled}, its trades are ${sum}`);
    }
    const known = new Set(operations.map(({ operation_id }) => operation_id));
    for (const trade of trades) says(known.has(trade.operation_id), `a trade without operation: ${trade.signature}`);
    // Funding: every period since the start, the time when nothing ran included.
    const periods = (await run.list('funding')).map(({ period_ts }) => Date.parse(period_ts)).sort((a, b) => a - b);
    for (const [index, period] of periods.entries()) {
      const before = periods[index - 1];
      says(before === undefined || period - before === PERIOD_MS, `no funding between ${before} and ${period}`);
    }
    // Nothing is stuck in silence.
    says(state.engine.state === 'running', `the engine is ${state.engine.state}`);
    says(state.engine.operation === null, `the slot is held by ${JSON.stringify(state.engine.operation)}`);
    if (state.engine.holds.length > 0) {
      const loud = alerts.filter(({ kind, severity }) => kind === 'alert' && LOUD.includes(severity));
      says(loud.length > 0, `held without an alert: ${JSON.stringify(state.engine.holds)}`);
      this.#wrong.push(`holds are left: ${JSON.stringify(state.engine.holds)}`);
    }
    const waits = sent.flatMap(({ waits: all }) => all).filter((wait) => wait !== null);
    const longestAnswerMs = Math.max(0, ...waits);
    says(longestAnswerMs < 5_000, `a command waited ${Math.round(longestAnswerMs)} ms for its first answer`);
    return {
      wrong: this.#wrong,
      kills: this.#kills,
      commands: sent.length,
      ends: counted(sent.map(({ action, end }) => `${action} ${end?.error?.code ?? end?.data.status ?? 'none'}`)),
      answers: sent.reduce((sum, { answers }) => sum + answers.length, 0),
      longestAnswerMs,
      restarts: this.#restarts,
      operations: operations.length,
      alerts: counted(alerts.map(({ kind, code }) => `${kind} ${code}`)),
    };
  }
}

const hasLanded = ({ outcome }: StateView): boolean => outcome === 'confirmed' || outcome === 'failed';

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

function lamportsOf(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.');
  return BigInt(whole) * LAMPORTS + BigInt(fraction.padEnd(9, '0'));
}
