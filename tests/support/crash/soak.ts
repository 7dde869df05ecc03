/** Any number of random combinations, each printed with the seed and number that repeat it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACE, startBenchServer } from '../../../bench/support/temporal-server.ts';
import type { Localnet } from '../../../localnet/index.ts';
import type { LiveVenueName } from '../../../src/lib/ids.ts';
import { type Combination, randomCombination } from './combinations.ts';
import { CrashMatrix } from './matrix.ts';
import type { CrashAccount } from './mortal-worker.ts';
import type { CrashSubject } from './subject.ts';
import { TRANSFERS } from './transfer-subject.ts';

/** So many accounts are funded at once. */
const BATCH = 50;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface SoakOptions {
  readonly runs: number;
  readonly seed: number;
  /** The first combination's number: with `runs` 1, the one that is repeated. */
  readonly from: number;
  readonly lanes: number;
  readonly say: (line: string) => void;
}

/** What a soak draws its combinations from, as `--of` names it. */
interface SoakOf<N extends Localnet, A extends CrashAccount, C extends Combination> {
  readonly of: 'transactions' | LiveVenueName;
  readonly subject: CrashSubject<N, A, C>;
  readonly random: (seed: number, index: number) => C;
}

/** @returns how many went wrong */
export const soakTransactions = (options: SoakOptions): Promise<number> =>
  soak({ of: 'transactions', subject: TRANSFERS, random: randomCombination }, options);

/** The same on a real program. */
export async function soakPerps(of: LiveVenueName, options: SoakOptions): Promise<number> {
  const [{ DRIFT_SCENES, VELOCITY_SCENES }, { randomPerpsCombination }] = await Promise.all([
    import('./perps-scenes.ts'),
    import('./perps-combinations.ts'),
  ]);
  if (of === 'drift') {
    const { DRIFT } = await import('./drift-subject.ts');
    return await soak({ of, subject: DRIFT, random: randomPerpsCombination(DRIFT_SCENES) }, options);
  }
  const { VELOCITY } = await import('./velocity-subject.ts');
  return await soak({ of, subject: VELOCITY, random: randomPerpsCombination(VELOCITY_SCENES) }, options);
}

async function soak<N extends Localnet, A extends CrashAccount, C extends Combination>(
  { of, subject, random }: SoakOf<N, A, C>,
  { runs, seed, from, lanes, say }: SoakOptions,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'driftless-soak-'));
  const server = await startBenchServer(folder, { tuned: true });
  // Who ends the soak by a signal leaves no server behind; the workers go with their parent.
  const leave = () => void server.stop().finally(() => process.exit(1));
  for (const signal of SIGNALS) process.once(signal, leave);
  const startedAt = performance.now();
  const ends = new Map<string, number>();
  let wrong = 0;
  let deaths = 0;
  let unknown = 0;
  let done = 0;
  try {
    const matrix = await CrashMatrix.open(subject, {
      address: server.address,
      namespace: NAMESPACE,
      lanes,
      seed: String(seed),
      say,
    });
    try {
      while (done < runs) {
        const count = Math.min(BATCH, runs - done);
        const first = from + done;
        const chosen = Array.from({ length: count }, (_, index) => random(seed, first + index));
        for (const result of await matrix.run(chosen)) {
          ends.set(result.end, (ends.get(result.end) ?? 0) + 1);
          deaths += result.deaths;
          if (result.unknown) unknown += 1;
          if (result.wrong.length === 0) continue;
          wrong += 1;
          const number = first + chosen.indexOf(result.combination);
          say(`WRONG ${result.combination.name}: ${result.wrong.join('; ')}`);
          say(`  again: npm run soak -- --of ${of} --seed ${seed} --from ${number} --runs 1`);
        }
        done += count;
        const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
        say(
          `seed ${seed}: ${done} of ${runs} runs, ${deaths} deaths, ${unknown} unknown on the way, ${wrong} wrong, ${minutes} min`,
        );
      }
      for (const complaint of matrix.complaints()) {
        wrong += 1;
        say(`WRONG ${complaint}`);
      }
    } finally {
      await matrix.close();
    }
  } finally {
    for (const signal of SIGNALS) process.off(signal, leave);
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  say(`ends: ${[...ends].map(([end, count]) => `${end} ${count}`).join(', ')}`);
  return wrong;
}
