/** The options of `npm start`. Plain JavaScript without dependencies, because it runs before anything is installed. */
export const ROLES = ['all', 'worker', 'bridge'];
const FLAGS = ['--demo', '--localnet', '--reset-paper', '--json', '--help', '--version'];
/** With the name of an engine of ENGINES_FILE behind it; without, it is the process's own (src/domain/engine/engine-names.ts). */
const RESET_OF = '--reset-paper=';
const OWN_ENGINE = 'own';
const SHORT = { '-h': '--help', '-v': '--version' };

export const HELP = `Driftless: a delta-neutral funding engine. It holds spot SOL, shorts SOL-PERP and earns the carry.

  npm start                        everything in one process tree (Temporal, worker, journal, page), trading on paper
  npm start -- --demo              the same on made-up prices, with a hedge opened, an hour of market time in a minute
  npm start -- --localnet          live mode on a new local chain with the real program of a venue; no real money
  npm start -- --reset-paper       start a new paper account (the old journal is kept); --reset-paper=NAME that of an
                                   engine of ENGINES_FILE
  npm start -- worker              only the worker; needs TEMPORAL_ADDRESS and DATABASE_URL
  npm start -- bridge              only the page and the socket; needs TEMPORAL_ADDRESS and DATABASE_URL
  npm start -- status              what the running engine does; also positions, open, close, flatten, resolve ...
                                   (npx driftless --help)
  npm start -- backtest ...        what a policy would have earned on a funding history (backtest --help)
  npm start -- fetch-history ...   a venue's funding history into a file for it (fetch-history --help)
  npm start -- --json              what it says as lines of JSON, with its address in one of them; for a program
  npm start -- --help              this text
  npm start -- --version           the version
  npm test                         all checks: lint, types, dependency arrows, tests, coverage

Settings come from the environment or from .env in this folder (see README.md, "Settings", and .env.example).
State is kept under .driftless/ (DRIFTLESS_HOME). Ctrl-C stops everything; the next start continues where it stopped.
`;

/**
 * @param {string[]} argv the words after `npm start --`
 * @returns {{kind: 'help'} | {kind: 'version'} | {kind: 'error', message: string}
 *   | {kind: 'run', role: 'all' | 'worker' | 'bridge', demo: boolean, resetPaper: string | null, localnet: boolean, json: boolean}}
 */
export function parseArguments(argv) {
  const words = argv.map((word) => SHORT[word] ?? word);
  if (words.includes('--help')) return { kind: 'help' };
  if (words.includes('--version')) return { kind: 'version' };
  const errors = [];
  const roles = [];
  for (const word of words) {
    if (FLAGS.includes(word) || word.startsWith(RESET_OF)) continue;
    if (ROLES.includes(word)) roles.push(word);
    else if (word.startsWith('-')) {
      errors.push(`Unknown option ${word}. Options: ${FLAGS.join(', ')}.`);
    } else {
      errors.push(`Unknown word ${word}. Roles: ${ROLES.join(', ')}. Options: ${FLAGS.join(', ')}.`);
    }
  }
  const role = roles[0] ?? 'all';
  const demo = words.includes('--demo');
  const resets = words.filter((word) => word === '--reset-paper' || word.startsWith(RESET_OF));
  const resetPaper = resets.length === 0 ? null : resets[0].slice(RESET_OF.length) || OWN_ENGINE;
  if (resets.length > 1) errors.push('--reset-paper is for one account at a start, not for several.');
  if (resets.includes(RESET_OF)) errors.push('--reset-paper=: the name of an engine of ENGINES_FILE is missing.');
  const localnet = words.includes('--localnet');
  if (roles.length > 1) errors.push(`Choose one role, not ${roles.join(' and ')}.`);
  if (role === 'worker' || role === 'bridge') {
    if (demo) errors.push(`--demo cannot be combined with the role ${role}.`);
    if (localnet) errors.push(`--localnet cannot be combined with the role ${role}.`);
    if (resetPaper !== null) errors.push(`--reset-paper cannot be combined with the role ${role}.`);
  }
  if (localnet && (demo || resetPaper !== null)) {
    errors.push(
      `--localnet is live mode and cannot be combined with ${demo ? '--demo' : '--reset-paper'}, which is for paper.`,
    );
  }
  if (errors.length > 0) return { kind: 'error', message: `${errors.join('\n')}\nSee: npm start -- --help` };
  return { kind: 'run', role, demo, resetPaper, localnet, json: words.includes('--json') };
}
