/** What `npm run localnet` understands. Plain JavaScript without dependencies: it answers before anything is installed. */

/** Options with one value: the name that the code uses, how the value is read, and what the help says. */
const VALUES = {
  '--port': [
    'port',
    whole(0, 65_000),
    '<n>  port of the first RPC node (8899); the WebSocket, other nodes, Jito and control use the next ports',
  ],
  '--host': ['host', String, '<ip>  address to listen on (127.0.0.1)'],
  '--slot-ms': ['slotMs', whole(1, 60_000), '<n>  milliseconds per slot (400)'],
  '--seed': ['seed', String, '<text>  decides skipped slots, faults and keys (driftless)'],
  '--skip': ['skipShare', share, '<0..0.9>  share of slots without a block (0.05)'],
  '--nodes': ['nodes', whole(1, 16), '<n>  number of RPC nodes; faults can hit one of them (1)'],
  '--confirmed-lag': ['confirmedLag', whole(0, 150), '<n>  blocks from processed to confirmed (2)'],
  '--finalized-lag': ['finalizedLag', whole(0, 150), '<n>  blocks from processed to finalized (32)'],
  '--clock': ['clock', oneOf('wall', 'slots'), '<wall|slots>  block time follows the clock, or counts slots (wall)'],
  '--faults': ['faultsFile', String, '<file>  JSON list of fault rules'],
};

/** With `--drift` only. */
const DRIFT_VALUES = {
  '--program': ['program', String, '<file>  the compiled program (DRIFT_PROGRAM_PATH, else the cache folder)'],
  '--funding': ['fundingHourly', hourly, '<share>  funding per hour as a share of the price, positive when longs pay'],
};

/** With `--drift` or `--velocity`. */
const VENUE_VALUES = {
  '--clone': [
    'clone',
    String,
    '<url>  copy the accounts (and Drift’s program) from this RPC node into the cache folder',
  ],
  '--accounts': [
    'accountsFolder',
    String,
    '<folder>  account dumps; with --drift also `made` (Drift: the cache folder, else made; Velocity: the tested dumps)',
  ],
  '--price': [
    'price',
    String,
    '<usd|walk:seed|file.csv>  SOL price: fixed, a random walk, or replayed (150; with dumps it starts where they were)',
  ],
  '--wallet-file': ['walletFile', String, '<file>  write the key of the funded wallet there (else it is printed)'],
};

/** May be given several times. */
const LISTS = {
  '--account': ['accountFiles', '<file>  an account as written by `solana account --output json`; repeatable'],
  '--bpf-program': ['programs', '<address>=<file.so>  a program; repeatable'],
};

const FLAGS = {
  '--json': ['json', 'print the addresses as one line of JSON; the rest goes to standard error'],
  '--paused': ['paused', 'start with time standing still; use the control endpoint to resume or advance'],
  '--drift': ['drift', 'run the real Drift v2.84 program with markets, oracles, a keeper and a funded wallet'],
  '--velocity': [
    'velocity',
    'run the real Velocity program with markets of mainnet, oracles, a keeper and a funded wallet',
  ],
};

export function localnetHelp() {
  const lines = [
    ...Object.entries(VALUES).map(([name, [, , text]]) => [name, text]),
    ...Object.entries(LISTS).map(([name, [, text]]) => [name, text]),
    ...Object.entries(FLAGS).map(([name, [, text]]) => [name, text]),
    ...Object.entries(VENUE_VALUES).map(([name, [, , text]]) => [name, `with --drift or --velocity: ${text}`]),
    ...Object.entries(DRIFT_VALUES).map(([name, [, , text]]) => [name, `with --drift: ${text}`]),
    ['--help', 'show this text'],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return `A local Solana chain: LiteSVM behind JSON-RPC, WebSocket and Jito, with faults on demand.

  npm run localnet -- [options]

${lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n')}

localnet/README.md lists the RPC methods, the control endpoint and the differences from a validator.`;
}

/** @returns {{kind: 'help'} | {kind: 'error', message: string} | {kind: 'run', [option: string]: unknown}} */
export function parseLocalnetArguments(argv) {
  if (argv.includes('--help') || argv.includes('-h')) return { kind: 'help' };
  const run = { kind: 'run', port: 8899 };
  for (let i = 0; i < argv.length; i++) {
    const [name, inline] = splitAtFirst(argv[i]);
    if (FLAGS[name] !== undefined) {
      if (inline !== undefined) return failed(`${name} takes no value.`);
      run[FLAGS[name][0]] = true;
      continue;
    }
    const known = VALUES[name] ?? LISTS[name] ?? VENUE_VALUES[name] ?? DRIFT_VALUES[name];
    if (known === undefined) return failed(`Unknown option ${argv[i]}.`);
    const text = inline ?? argv[++i];
    if (text === undefined) return failed(`${name} needs a value.`);
    if (LISTS[name] !== undefined) run[known[0]] = [...(run[known[0]] ?? []), text];
    else {
      const value = known[1](text);
      if (value === null) return failed(`${name} does not accept ${text}.`);
      run[known[0]] = value;
    }
  }
  if (run.drift && run.velocity) return failed('--drift and --velocity exclude each other.');
  const given = (options) => Object.entries(options).find(([, [option]]) => run[option] !== undefined)?.[0];
  const needsVenue = run.drift || run.velocity ? undefined : given(VENUE_VALUES);
  if (needsVenue !== undefined) return failed(`${needsVenue} needs --drift or --velocity.`);
  const needsDrift = run.drift ? undefined : given(DRIFT_VALUES);
  return needsDrift === undefined ? run : failed(`${needsDrift} needs --drift.`);
}

const failed = (why) => ({ kind: 'error', message: `${why}\nSee: npm run localnet -- --help` });

function splitAtFirst(word) {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function whole(least, most) {
  return (text) => (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null);
}

/** More than 1 % an hour is a typing error: Drift itself caps the rate at an eighth of that. */
function hourly(text) {
  const value = Number(text);
  return text.trim() !== '' && Math.abs(value) <= 0.01 ? value : null;
}

function oneOf(...choices) {
  return (text) => (choices.includes(text) ? text : null);
}

function share(text) {
  const value = Number(text);
  return text.trim() !== '' && value >= 0 && value <= 0.9 ? value : null;
}
