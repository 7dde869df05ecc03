/** What `npm run localnet` understands. Plain JavaScript without dependencies. */

/** Options with one value: how it is read, and what the help says. */
const VALUES = {
  '--port': [
    'port',
    whole(0, 65_000),
    '<n>  of the RPC (8899); its WebSocket is on the next, then more nodes, Jito, control',
  ],
  '--host': ['host', String, '<ip>  to listen on (127.0.0.1)'],
  '--slot-ms': ['slotMs', whole(1, 60_000), '<n>  milliseconds of a slot (400)'],
  '--seed': ['seed', String, '<text>  decides skipped slots, faults and keys (driftless)'],
  '--skip': ['skipShare', share, '<0..0.9>  share of slots without a block (0.05)'],
  '--nodes': ['nodes', whole(1, 16), '<n>  RPC nodes, each with a view of its own (1)'],
  '--confirmed-lag': ['confirmedLag', whole(0, 150), '<n>  blocks from processed to confirmed (2)'],
  '--finalized-lag': ['finalizedLag', whole(0, 150), '<n>  blocks from processed to finalized (32)'],
  '--clock': ['clock', oneOf('wall', 'slots'), '<wall|slots>  block time is the time of day, or counts slots (wall)'],
  '--faults': ['faultsFile', String, '<file>  JSON list of fault rules'],
};

/** With `--drift` only. */
const DRIFT_VALUES = {
  '--program': ['program', String, '<file>  the compiled program (DRIFT_PROGRAM_PATH, then the cache folder)'],
  '--clone': ['clone', String, '<url>  program and accounts from this RPC, kept in the cache folder'],
  '--accounts': ['accountsFolder', String, '<folder|made>  dumps of accounts (the cache folder, else made here)'],
  '--price': ['price', String, '<usd|walk:seed|file.csv>  of SOL: fixed, a random walk, or replayed (150)'],
  '--funding': ['fundingHourly', hourly, '<share>  of the price per hour, positive when longs pay (as it comes)'],
  '--wallet-file': ['walletFile', String, "<file>  where the funded wallet's key is written (else shown)"],
};

/** May stand several times. */
const LISTS = {
  '--account': ['accountFiles', '<file>  an account as `solana account --output json` writes it'],
  '--bpf-program': ['programs', '<address>=<file.so>  a program'],
};

const FLAGS = {
  '--paused': ['paused', 'no slot until the control endpoint says resume or advance'],
  '--drift': ['drift', 'the real Drift v2.84 on it, with markets, oracles, a keeper and a funded wallet'],
};

export function localnetHelp() {
  const lines = [
    ...Object.entries(VALUES).map(([name, [, , text]]) => [name, text]),
    ...Object.entries(LISTS).map(([name, [, text]]) => [name, text]),
    ...Object.entries(FLAGS).map(([name, [, text]]) => [name, text]),
    ...Object.entries(DRIFT_VALUES).map(([name, [, , text]]) => [name, `with --drift: ${text}`]),
    ['--help', 'this text'],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return `A local Solana chain: LiteSVM behind JSON-RPC, WebSocket and Jito, with faults on demand.

  npm run localnet -- [options]

${lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`).join('\n')}

localnet/README.md says what it answers, what the control endpoint does and where it differs from a validator.`;
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
    const known = VALUES[name] ?? LISTS[name] ?? DRIFT_VALUES[name];
    if (known === undefined) return failed(`Unknown option ${argv[i]}.`);
    const text = inline ?? argv[++i];
    if (text === undefined) return failed(`${name} wants a value.`);
    if (LISTS[name] !== undefined) run[known[0]] = [...(run[known[0]] ?? []), text];
    else {
      const value = known[1](text);
      if (value === null) return failed(`${name} does not take ${text}.`);
      run[known[0]] = value;
    }
  }
  const alone = run.drift ? undefined : Object.entries(DRIFT_VALUES).find(([, [option]]) => run[option] !== undefined);
  return alone === undefined ? run : failed(`${alone[0]} belongs to --drift.`);
}

const failed = (why) => ({ kind: 'error', message: `${why}\nSee: npm run localnet -- --help` });

function splitAtFirst(word) {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function whole(least, most) {
  return (text) => (/^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null);
}

/** Beyond 1 % an hour is a slip of the pen; Drift itself takes an eighth of that. */
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
