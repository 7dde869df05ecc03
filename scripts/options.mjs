/** What `npm start` understands. Plain JavaScript without dependencies: it answers before anything is installed. */
export const ROLES = ['all', 'worker', 'bridge'];
const FLAGS = ['--demo', '--localnet', '--reset-paper', '--help', '--version'];
const SHORT = { '-h': '--help', '-v': '--version' };

export const HELP = `Driftless: a delta-neutral funding engine. It holds spot SOL, shorts SOL-PERP and earns the carry.

  npm start                        everything in one process tree: Temporal, worker, journal, page; a paper engine
  npm start -- --demo              the same on made-up prices, an hour of market in a minute
  npm start -- --localnet          live mode on a local chain with the real Drift program: no real money; a new chain each time
  npm start -- --reset-paper       begin the paper account anew (the old one's journal is kept)
  npm start -- worker              only the worker; needs TEMPORAL_ADDRESS and DATABASE_URL
  npm start -- bridge              only the page and the socket; needs TEMPORAL_ADDRESS and DATABASE_URL
  npm start -- --help              this text
  npm start -- --version           the version
  npm test                         everything that is checked: lint, types, dependency arrows, tests, coverage

Settings come from the environment or from .env in this folder (see README.md, "Settings", and .env.example).
State is kept under .driftless/ (DRIFTLESS_HOME). Ctrl-C stops everything; the next start goes on where it was.
`;

/**
 * @param {string[]} argv the words after `npm start --`
 * @returns {{kind: 'help'} | {kind: 'version'} | {kind: 'error', message: string}
 *   | {kind: 'run', role: 'all' | 'worker' | 'bridge', demo: boolean, resetPaper: boolean, localnet: boolean}}
 */
export function parseArguments(argv) {
  const words = argv.map((word) => SHORT[word] ?? word);
  if (words.includes('--help')) return { kind: 'help' };
  if (words.includes('--version')) return { kind: 'version' };
  const errors = [];
  const roles = [];
  for (const word of words) {
    if (FLAGS.includes(word)) continue;
    if (ROLES.includes(word)) roles.push(word);
    else if (word.startsWith('-')) {
      errors.push(`Unknown option ${word}. The options: ${FLAGS.join(', ')}.`);
    } else {
      errors.push(`Unknown word ${word}. The roles: ${ROLES.join(', ')}; the options: ${FLAGS.join(', ')}.`);
    }
  }
  const role = roles[0] ?? 'all';
  const demo = words.includes('--demo');
  const resetPaper = words.includes('--reset-paper');
  const localnet = words.includes('--localnet');
  if (roles.length > 1) errors.push(`One role at a time, got ${roles.join(' and ')}.`);
  if (role === 'worker' || role === 'bridge') {
    if (demo) errors.push(`--demo starts everything, it does not go with the role ${role}.`);
    if (localnet) errors.push(`--localnet starts everything, it does not go with the role ${role}.`);
    if (resetPaper) errors.push(`--reset-paper starts everything, it does not go with the role ${role}.`);
  }
  if (localnet && (demo || resetPaper)) {
    errors.push(
      `--localnet is live mode, it does not go with ${demo ? '--demo' : '--reset-paper'}: those are of paper.`,
    );
  }
  if (errors.length > 0) return { kind: 'error', message: `${errors.join('\n')}\nSee: npm start -- --help` };
  return { kind: 'run', role, demo, resetPaper, localnet };
}
