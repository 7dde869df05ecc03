/** `npm run soak`: kills processes at random, run after run, and judges what is left. Failures are reported with their seed. */
import { parseArgs } from 'node:util';
import { checkNode, ensureDependencies, say as print, ROOT, SetupError } from './setup.mjs';

/** With --json only the result goes to standard output. */
let say = print;

const HELP = `npm run soak -- [--of transactions|drift|velocity|product|live] [--runs N] [--seed S] [options]

  --of transactions  (default) operations on a local chain with real SOL transfers: a worker is SIGKILLed at up to three
                     random steps or at a random moment, under a random fault of chain, node or network; each run is
                     judged against the chain's own record
  --of drift         the same with deposits, withdrawals, opens, closes, rebalances and settles on the real Drift program,
                     under keepers that fill at once, in parts, late or never
  --of velocity      the same on the real Velocity program, where an order may also fill in the transaction that places it
  --of product       the whole product on paper: node and Temporal are SIGKILLed at random moments while a program
                     commands it; each run is judged by its sums
  --of live          the whole product live on the real Drift program: rounds of commands, with faults of the nodes, late,
                     partial or no fills, pauses, bad oracles, jumping prices and clock, others who trade, settle, deposit
                     and withdraw on the account, and SIGKILLs; then the way out with nothing left. Each run is judged by
                     the chain's own transactions and events against the journal
  --runs N           how many (transactions, drift and velocity 100, product and live 3)
  --seed S           repeats a run: same seed, same choices (default: drawn from the clock)
  --json             the result as one line of JSON; the rest goes to standard error
  --help             this text

Of transactions, drift and velocity:
  --from K           begins with the K-th combination of the seed (0): with --runs 1 that one is repeated
  --lanes N          workers side by side (8)
Of product:
  --kills K          of each run (20)
Of live:
  --rounds N         of each run (12)
Of product and live:
  --quiet            only the end of each run
  --hold S           leaves the product running S seconds when something is wrong (0)

The exit code is 0 when nothing went wrong.
`;

const OPTIONS = {
  of: { type: 'string', default: 'transactions' },
  runs: { type: 'string' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  from: { type: 'string', default: '0' },
  lanes: { type: 'string', default: '8' },
  kills: { type: 'string', default: '20' },
  rounds: { type: 'string', default: '12' },
  quiet: { type: 'boolean', default: false },
  hold: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
};
const RUNS = { transactions: '100', drift: '100', velocity: '100', product: '3', live: '3' };
const COUNTS = ['runs', 'seed', 'from', 'lanes', 'kills', 'rounds', 'hold'];

/** @returns {{error: string} | {options: Record<string, any>}} */
function read(argv) {
  try {
    const { values } = parseArgs({ args: argv, options: OPTIONS });
    if (RUNS[values.of] === undefined)
      return { error: `--of is transactions, drift, velocity, product or live, not ${values.of}.` };
    const options = { ...values, runs: values.runs ?? RUNS[values.of] };
    for (const name of COUNTS) {
      if (!/^\d{1,9}$/.test(options[name])) return { error: `--${name} is a whole number, not ${options[name]}.` };
      options[name] = Number(options[name]);
    }
    return { options };
  } catch (error) {
    return { error: error.message };
  }
}

/** Run after run; what is wrong is told with what repeats it, and left standing for a while if that is wished. */
async function soakRuns({ runs, seed, hold }, again, runOnce) {
  async function left(product, what) {
    say(`wrong:\n${what.join('\n')}`);
    if (hold === 0) return;
    say(`${product.url}, Temporal ${product.env.TEMPORAL_PORT}, ${product.folder}: left for ${hold} s`);
    await new Promise((resolve) => setTimeout(resolve, hold * 1_000));
  }
  let wrong = 0;
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    const report = await runOnce(seed + run, left);
    wrong += report.wrong.length;
    const ok = report.wrong.length === 0;
    say(`seed ${seed + run}: ${ok ? 'ok' : 'WRONG'} in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
    if (!ok) say(`  again: npm run soak -- ${again} --seed ${seed + run} --runs 1`);
    say(JSON.stringify(report, null, 2));
  }
  return wrong;
}

async function soakProduct(options) {
  const { kills, quiet } = options;
  const { crashRun } = await import('../tests/support/crash-run.ts');
  return await soakRuns(options, `--of product --kills ${kills}`, async (seed, onWrong) => {
    const report = await crashRun({ seed, kills, say: quiet ? () => {} : say, onWrong });
    const restarts = report.restarts.slice(1).map(Math.round);
    return { ...report, restarts, longestAnswerMs: Math.round(report.longestAnswerMs) };
  });
}

async function soakLive(options) {
  const { rounds, quiet } = options;
  const { liveSoak } = await import('../tests/support/live-soak/live-soak.ts');
  return await soakRuns(options, `--of live --rounds ${rounds}`, (seed, left) =>
    liveSoak({ seed, rounds, say: quiet ? () => {} : say, onWrong: ({ run }, wrong) => left(run, wrong) }),
  );
}

async function soakWorkers({ of, runs, seed, from, lanes }) {
  const { soakPerps, soakTransactions } = await import('../tests/support/crash/soak.ts');
  const options = { runs, seed, from, lanes, say };
  return of === 'transactions' ? await soakTransactions(options) : await soakPerps(of, options);
}

async function main() {
  const { error, options } = read(process.argv.slice(2));
  if (error !== undefined) {
    say(`${error}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    say(HELP);
    return 0;
  }
  if (options.json) say = (text) => process.stderr.write(`${text}\n`);
  checkNode();
  await ensureDependencies(ROOT, { dev: true });
  process.chdir(ROOT);
  const { register } = await import('tsx/esm/api');
  register();
  say(`soak of ${options.of}: ${options.runs} runs, seed ${options.seed}`);
  const soak = { product: soakProduct, live: soakLive }[options.of] ?? soakWorkers;
  const wrong = await soak(options);
  const { of, runs, seed } = options;
  if (options.json) print(JSON.stringify({ of, runs, seed, wrong }));
  else say(wrong === 0 ? `${runs} runs, nothing went wrong` : `${wrong} things went wrong`);
  return wrong === 0 ? 0 : 1;
}

try {
  process.exit(await main());
} catch (error) {
  process.stderr.write(`${error instanceof SetupError ? error.message : (error?.stack ?? error)}\n`);
  process.exit(1);
}
