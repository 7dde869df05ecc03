import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PAGE_SOURCES } from '../../src/runtime/page.ts';
import { cyclesIn, type Import, importsOf, ROOT, readSource, sourceFiles } from './imports.ts';

/**
 * Who may import whom. What is not listed is denied, so that a new folder comes with its line here.
 * `values` and `types` are path prefixes of ours; `packages` are names, `node:` meaning all of Node's own.
 */
interface Rule {
  readonly values: readonly string[];
  /** Beyond `values`: erased at run time. */
  readonly types: readonly string[];
  readonly packages: readonly string[];
}

const ALL = [''];

/** The rooms of `src/domain` in the order in which they rest on each other. */
const DOMAIN_ROOMS = [
  'money',
  'account',
  'margin',
  'order',
  'hedge',
  'carry',
  'gates',
  'alerts',
  'transaction',
  'operation',
  'engine',
  'planning',
  'figures',
] as const;

const ROOMS: Readonly<Record<string, Rule>> = Object.fromEntries(
  DOMAIN_ROOMS.map((room, place) => [
    `src/domain/${room}`,
    {
      values: ['src/lib', ...DOMAIN_ROOMS.slice(0, place + 1).map((below) => `src/domain/${below}`)],
      types: [],
      packages: [],
    },
  ]),
);

const PURE_PAPER = ['account-view', 'market', 'parameters', 'snapshot', 'state', 'transitions'];

const RULES: Readonly<Record<string, Rule>> = {
  // Small general pieces that know nothing of the product.
  'src/lib': { values: ['src/lib'], types: [], packages: ['@noble/hashes'] },
  // The rooms of the domain, from the ground up: each may use the rooms above it in this list, never one below.
  ...ROOMS,
  workflows: {
    values: ['workflows', 'src/domain', 'src/lib'],
    types: ['activities', 'src/journal/records.ts', 'src/journal/journal.ts', 'src/venues/venue.ts'],
    packages: ['@temporalio/workflow', '@temporalio/common'],
  },
  activities: {
    // Ports, and what is pure beside them.
    values: [
      'activities',
      'src/domain',
      'src/lib',
      'src/journal/decision-change.ts',
      'src/journal/store-comparison.ts',
      'src/journal/standing-alerts.ts',
      'workflows/messages.ts',
    ],
    types: ['src/journal', 'src/alerts/channels.ts', 'src/venues/venue.ts', 'src/market-data/feed.ts', 'workflows'],
    packages: ['@temporalio/activity', '@temporalio/common'],
  },
  'src/venues/venue.ts': { values: ['src/domain', 'src/lib'], types: [], packages: [] },
  // Paper lives in the journal's database and on a feed.
  'src/venues/paper': {
    values: ['src/venues/paper', 'src/domain', 'src/lib', 'src/journal'],
    types: ['src/venues/venue.ts', 'src/market-data/feed.ts'],
    packages: ['node:', 'kysely', '@noble/hashes'],
  },
  // What Drift's program and its forks have in common, written against the interface of one program. It knows none of them.
  'src/venues/solana-perps': {
    // What the account did on the chain is written to the journal as it is read.
    values: ['src/venues/solana-perps', 'src/domain', 'src/lib', 'src/chain', 'src/journal'],
    types: ['src/venues/venue.ts'],
    packages: ['node:', 'kysely', '@noble/hashes', '@solana/web3.js'],
  },
  // One program each: its accounts, instructions and events. Only Drift's knows its SDK.
  'src/venues/velocity': {
    values: ['src/venues/velocity', 'src/venues/solana-perps', 'src/domain', 'src/lib'],
    types: [],
    packages: ['node:', '@noble/hashes', '@solana/web3.js'],
  },
  'src/venues/drift': {
    values: ['src/venues/drift', 'src/venues/solana-perps', 'src/domain', 'src/lib'],
    types: [],
    packages: ['node:', '@drift-labs/sdk', '@solana/web3.js'],
  },
  'src/chain': {
    values: ['src/chain', 'src/domain', 'src/lib'],
    types: [],
    packages: ['node:', '@solana/web3.js', 'ws'],
  },
  // The local chain is a tool of its own: of Driftless it takes the errors, base58, and what checks Node at the start.
  localnet: {
    values: ['localnet', 'src/lib/errors.ts', 'src/lib/base58.ts', 'src/lib/bounded.ts', 'scripts/setup.mjs'],
    types: [],
    packages: ['node:', 'litesvm', 'ws', 'lossless-json', 'tsx'],
  },
  // Drift on it: the program, its accounts and a keeper. Still nothing of the product.
  'localnet/drift': {
    values: ['localnet', 'src/lib/errors.ts', 'src/lib/base58.ts'],
    types: [],
    packages: ['node:', 'litesvm', 'lossless-json', '@drift-labs/sdk', '@solana/web3.js'],
  },
  // What the local Drift and the local Velocity share: oracles, tokens, a sender.
  'localnet/perps': {
    values: ['localnet', 'src/lib/errors.ts', 'src/lib/base58.ts'],
    types: [],
    packages: ['node:', '@solana/web3.js'],
  },
  // Velocity on it: the same, and the tables of its accounts, instructions and events, which stand once for both.
  'localnet/velocity': {
    values: [
      'localnet',
      'src/lib/errors.ts',
      'src/lib/base58.ts',
      'src/venues/solana-perps',
      'src/venues/velocity/program',
    ],
    types: [],
    packages: ['node:', '@solana/web3.js'],
  },
  // What a user of the local chain may write.
  'localnet/examples': {
    values: ['localnet/index.ts', 'localnet/drift/index.ts'],
    types: [],
    packages: ['@solana/web3.js'],
  },
  // A process of its own that holds the key: it reads transactions by the venues' tables, and knows no engine.
  'src/signer': {
    values: [
      'src/signer',
      'src/chain',
      'src/venues/solana-perps',
      'src/venues/velocity/program',
      'src/venues/drift',
      'src/domain/money',
      'src/lib',
    ],
    types: [],
    packages: ['node:', '@solana/web3.js'],
  },
  'src/market-data': { values: ['src/market-data', 'src/domain', 'src/lib'], types: [], packages: ['node:'] },
  'src/market-data/parquet.ts': {
    values: ['src/market-data', 'src/lib'],
    types: [],
    packages: ['node:', 'hyparquet'],
  },
  // The engine's decisions on paper's transitions, without Temporal, a database or a clock: of paper only what is pure.
  'src/backtest': {
    values: [
      ...['src/backtest', 'src/market-data', 'src/domain', 'src/lib'],
      ...PURE_PAPER.map((name) => `src/venues/paper/${name}.ts`),
    ],
    types: [],
    packages: ['node:'],
  },
  'src/journal': {
    values: ['src/journal', 'src/domain', 'src/lib'],
    types: ['activities/contract.ts', 'src/venues/venue.ts'],
    packages: ['node:', 'kysely', 'pg', '@electric-sql/pglite', 'zod'],
  },
  // Channels of alerts; what they speak to comes in by a port.
  'src/alerts': { values: ['src/alerts', 'src/domain', 'src/lib'], types: ['src/journal'], packages: ['node:'] },
  'src/bridge': {
    values: ['src/bridge', 'src/protocol', 'src/domain', 'src/lib', 'workflows/messages.ts'],
    types: ['src/journal', 'src/alerts/channels.ts'],
    packages: ['node:', 'express', 'helmet', 'ws', 'lossless-json', 'pino', 'prom-client', '@temporalio/client'],
  },
  // A client of the bridge, like any other: it knows the protocol and nothing behind it.
  'src/cli': {
    values: ['src/cli', 'src/protocol', 'src/domain/account', 'src/lib'],
    types: ['src/domain', 'src/doctor/finding.ts'],
    packages: ['node:', 'ws', 'commander'],
  },
  // Looks at every part, each by its own way in, and changes none.
  'src/doctor': {
    values: [
      ...['src/doctor', 'src/runtime', 'src/cli/client.ts', 'src/protocol', 'src/journal', 'src/chain', 'src/venues'],
      ...['src/market-data', 'src/alerts', 'src/domain', 'src/lib'],
    ],
    types: [],
    packages: ['node:', 'ws', 'pino', '@temporalio/client', '@temporalio/common'],
  },
  // The contract with everybody outside: the bridge writes it, the page reads it, the reference is printed from it.
  'src/protocol': {
    values: [
      ...['src/protocol', 'src/lib', 'src/domain/order'],
      ...['src/domain/figures/equity-sources.ts', 'src/domain/figures/series-names.ts'],
    ],
    types: ['src/domain'],
    packages: [],
  },
  'src/runtime': { values: ALL, types: [], packages: ALL },
  // The page may know the rules; what it needs of the world comes over the socket.
  dashboard: {
    values: ['dashboard', 'src/protocol', 'src/domain', 'src/lib'],
    types: [],
    packages: ['preact', '@preact/signals', 'lightweight-charts', 'vite', 'node:'],
  },
  scripts: { values: ALL, types: [], packages: ALL },
  bench: { values: ALL, types: [], packages: ALL },
  'localnet/tests': {
    values: ['localnet', 'src/lib/errors.ts', 'src/venues/velocity/program'],
    types: [],
    packages: ALL,
  },
  tests: { values: ALL, types: [], packages: ALL },
};

const NOT_SOURCES = new Set(['node_modules', 'coverage', 'docs']);

/** The most specific rule. */
function ruleOf(file: string): Rule | null {
  const names = Object.keys(RULES).filter((name) => file === name || file.startsWith(`${name}/`));
  const name = names.sort((a, b) => b.length - a.length)[0];
  return name === undefined ? null : (RULES[name] ?? null);
}

const under = (path: string, prefixes: readonly string[]): boolean =>
  prefixes.some(
    (prefix) => prefix === '' || path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
  );

function allowed({ from, to, ours, typeOnly }: Import): boolean {
  const rule = ruleOf(from);
  if (rule === null) return false;
  if (!ours)
    return rule.packages.some((name) => name === '' || name === to || (name === 'node:' && to.startsWith('node:')));
  return under(to, rule.values) || (typeOnly && under(to, rule.types));
}

const folders = readdirSync(ROOT).filter(
  (name) => !name.startsWith('.') && !NOT_SOURCES.has(name) && statSync(join(ROOT, name)).isDirectory(),
);
const files = folders.flatMap((folder) => sourceFiles(folder));
const imports = files.flatMap(importsOf);

describe('dependency arrows', () => {
  it('sees the sources', () => {
    expect(files.length).toBeGreaterThan(50);
    expect(imports.some(({ from, to }) => from === 'src/domain/money/amounts.ts' && to === 'src/lib/errors.ts')).toBe(
      true,
    );
  });

  it('every source file stands under a rule', () => {
    expect(files.filter((file) => ruleOf(file) === null)).toEqual([]);
  });

  it('no import goes against the table', () => {
    const wrong = imports
      .filter((one) => !allowed(one))
      .map(({ from, to, typeOnly }) => `${from} -> ${to}${typeOnly ? ' (types)' : ''}`);
    expect(wrong).toEqual([]);
  });

  it('the product uses the local chain through its entries', () => {
    const venues = ['drift', 'velocity'].flatMap((venue) => [
      `localnet/${venue}/index.ts`,
      `localnet/${venue}/program.ts`,
    ]);
    const entries = ['localnet/index.ts', ...venues];
    const ofProduct = imports.filter(({ from }) => /^(src|workflows|activities|dashboard)\//.test(from));
    const used = ofProduct.filter(({ to }) => to.startsWith('localnet/'));
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter(({ to }) => !entries.includes(to)).map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('the page is built again whenever a file that it imports changes', () => {
    const seen = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { from, to, ours, typeOnly } of imports) if (from === file && ours && !typeOnly) follow(to);
    };
    for (const file of files) if (file.startsWith('dashboard/src/')) follow(file);
    expect([...seen].some((file) => file.startsWith('src/protocol/'))).toBe(true);
    expect([...seen].filter((file) => !under(file, PAGE_SOURCES))).toEqual([]);
  });

  it('every import of ours leads to a file', () => {
    const lost = imports.filter(({ to, ours }) => ours && !existsSync(join(ROOT, to)));
    expect(lost.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  it('no file imports itself through others', () => {
    expect(cyclesIn(imports).map((cycle) => cycle.join(' -> '))).toEqual([]);
  });

  it('finds a wrong arrow and a cycle where there are some', () => {
    const bad: Import = { from: 'src/domain/money/x.ts', to: 'src/journal/journal.ts', ours: true, typeOnly: false };
    expect(allowed(bad)).toBe(false);
    expect(allowed({ ...bad, from: 'workflows/x.ts', to: 'activities/engine.ts' })).toBe(false);
    expect(allowed({ ...bad, from: 'workflows/x.ts', to: 'activities/engine.ts', typeOnly: true })).toBe(true);
    expect(allowed({ from: 'src/domain/money/x.ts', to: 'node:fs', ours: false, typeOnly: false })).toBe(false);
    const back: Import = { from: bad.to, to: bad.from, ours: true, typeOnly: false };
    expect(cyclesIn([bad, back])).toHaveLength(1);
  });
});

describe('habits', () => {
  const product = files.filter((file) => !/^(tests|scripts|bench|localnet\/tests)\//.test(file));

  it('has no escape from the type system', () => {
    expect(product.filter((file) => /\bas any\b|@ts-ignore|@ts-expect-error/.test(readSource(file)))).toEqual([]);
  });

  it('reads clock and randomness below src/runtime only through a port', () => {
    const pure = product.filter((file) => file.startsWith('src/domain/') || file.startsWith('workflows/'));
    const impure = pure.filter((file) => {
      const source = readSource(file);
      const domain = file.startsWith('src/domain/') && /\bDate\.now\(|new Date\(\)/.test(source);
      return domain || /\bMath\.random\(|\brandomBytes\(|\brandomUUID\(/.test(source);
    });
    expect(impure).toEqual([]);
  });

  it('leaves nothing for later', () => {
    expect(product.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b/.test(readSource(file)))).toEqual([]);
  });
});
