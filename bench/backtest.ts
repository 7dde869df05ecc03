/** A backtest of 6,288 hours with the switch on the 168 h mean: the whole process, its first run, and one of many. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inBenchFolder } from './support/bench-folder.ts';
import { inTurn, timed } from './support/measure.ts';
import { type Finding, say } from './support/report.ts';

const ROOT = join(import.meta.dirname, '..');
const HOURS = 6_288;
const ROUNDS = 9;
const WARM_UP_ROUNDS = 1;
const FIRST_TS = 1_744_588_800;
/** A third of what Nautilus 1.221 took as a process on the machine of the goal, and half a Nautilus run. */
const PROCESS_GOAL_MS = 330;
const RUN_GOAL_MS = 60;

const run = promisify(execFile);

/** Rates that keep their sign for some days, as a market's do. */
function history(): string {
  const rows = ['ts,fundingRate,oraclePriceTwap,markPriceTwap'];
  for (let hour = 0; hour < HOURS; hour += 1) {
    const price = 150 + 30 * Math.sin(hour / 900) + Math.sin(hour / 7);
    const rate = 0.004 * Math.sin(hour / 60) + 0.002 * Math.sin(hour / 5);
    rows.push(`${FIRST_TS + hour * 3_600},${rate.toFixed(9)},${price.toFixed(6)},${(price * 1.0002).toFixed(6)}`);
  }
  return `${rows.join('\n')}\n`;
}

/** The least that any program in Node must do: start, read the file, turn its cells into numbers. */
const READER =
  "const rows = require('fs').readFileSync(process.argv[1], 'utf8').split('\\n').map((row) => row.split(',').map(Number)); if (rows.length < 2) process.exit(1)";

const ONCE = `
  const { importCompiled } = await import(${JSON.stringify(join(ROOT, 'scripts/compiled.mjs'))});
  const { backtestOnce } = await importCompiled(${JSON.stringify(ROOT)}, 'bench/support/backtest-once.ts');
  console.log(JSON.stringify(await backtestOnce(process.argv[1])));`;

const node = (words: readonly string[]) => run(process.execPath, words, { cwd: ROOT });

const backtestProcess = (path: string) =>
  node(['scripts/driftless.mjs', 'backtest', '--funding', path, '--policy', 'mean:hours=168']);

async function once(path: string, which: 'first' | 'later'): Promise<number> {
  const { stdout } = await node(['--input-type=module', '-e', ONCE, path]);
  return (JSON.parse(stdout) as Record<typeof which, number>)[which];
}

export const benchBacktest = (): Promise<readonly Finding[]> => inBenchFolder(measuredBacktest);

async function measuredBacktest(folder: string): Promise<readonly Finding[]> {
  const path = join(folder, 'funding.csv');
  writeFileSync(path, history());
  const medians = await inTurn(ROUNDS, WARM_UP_ROUNDS, {
    'driftless backtest': timed(() => backtestProcess(path)),
    'bare reading': timed(() => node(['-e', READER, path])),
    'first run': () => once(path, 'first'),
    'one of many runs': () => once(path, 'later'),
  });
  const peer = await besideNautilus(path);
  const reading = { what: 'Node, started, reads the file', figure: medians['bare reading'] };
  return [
    {
      what: 'driftless backtest, the process',
      figure: medians['driftless backtest'],
      unit: 'ms',
      yardstick: reading,
      goal: { of: 'figure', atMost: PROCESS_GOAL_MS },
    },
    {
      what: 'its first run of 6,288 hours, with its figures',
      figure: medians['first run'],
      unit: 'ms',
      yardstick: reading,
      goal: { of: 'figure', atMost: RUN_GOAL_MS },
    },
    {
      what: 'one of many runs, as in a sweep',
      figure: medians['one of many runs'],
      unit: 'ms',
      yardstick: { what: 'the first', figure: medians['first run'] },
      goal: null,
    },
    ...peer,
  ];
}

const NAUTILUS = join(ROOT, 'bench/peers/nautilus.py');
const PEER_ROUNDS = 5;
/** A third of its process, and a tenth of its run. */
const PROCESS_RATIO = 1 / 3;
const RUN_RATIO = 0.1;

/** The same hours and switch in Nautilus Trader, where a Python here has it. */
async function besideNautilus(path: string): Promise<readonly Finding[]> {
  const python = process.env.NAUTILUS_PYTHON ?? 'python3';
  const nautilus = () => run(python, [NAUTILUS, path]);
  try {
    await nautilus();
  } catch {
    say(`  Nautilus Trader does not run here. To compare: ${INSTALL_NAUTILUS}`);
    return [];
  }
  const medians = await inTurn(PEER_ROUNDS, WARM_UP_ROUNDS, {
    'Nautilus, the process': timed(nautilus),
    'driftless backtest': timed(() => backtestProcess(path)),
    'Nautilus, its run': async () => (JSON.parse((await nautilus()).stdout) as { run_ms: number }).run_ms,
    'first run': () => once(path, 'first'),
  });
  return [
    {
      what: 'driftless backtest, the process, beside Nautilus',
      figure: medians['driftless backtest'],
      unit: 'ms',
      yardstick: { what: 'Nautilus, the process', figure: medians['Nautilus, the process'] },
      goal: { of: 'ratio', atMost: PROCESS_RATIO },
    },
    {
      what: 'its first run, beside Nautilus',
      figure: medians['first run'],
      unit: 'ms',
      yardstick: { what: 'Nautilus, its run', figure: medians['Nautilus, its run'] },
      goal: { of: 'ratio', atMost: RUN_RATIO },
    },
  ];
}

const INSTALL_NAUTILUS =
  'python3 -m venv nautilus && nautilus/bin/pip install nautilus_trader==1.221.0, then NAUTILUS_PYTHON=nautilus/bin/python.';
