/** Every engine of ENGINES_FILE: its prices, its account and how it stands. The same trouble of many is one line. */
import { parseEngineId } from '../../lib/ids.ts';
import { within } from '../../lib/within.ts';
import { openFeed } from '../../market-data/open-feed.ts';
import { ANSWERS } from '../../protocol/api.ts';
import type { NamedEngine, Settings } from '../../runtime/config.ts';
import { hasPosition } from '../../runtime/other-engines.ts';
import { PaperVenue } from '../../venues/paper/paper-venue.ts';
import type { Check } from '../check.ts';
import { brokenBy } from '../examine.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured, VenueSight } from '../subject.ts';

/** What was found of one engine. Null: not known, or it does not apply. */
export interface EngineSight {
  readonly name: string;
  /** Why its price history cannot be used. */
  readonly feedProblem: string | null;
  /** Running product: what its page tells. Stopped: as it was written last. `new`: it has not been started yet. */
  readonly standing:
    | { readonly kind: 'new' | 'unknown' }
    | {
        readonly kind: 'known';
        readonly state: string;
        readonly holds: readonly string[];
        readonly hasPosition: boolean | null;
      };
  readonly lacksPaperAccount: boolean;
  readonly live: (Pick<VenueSight, 'kind'> & { readonly code?: string; readonly hasAccount?: boolean }) | null;
}

interface Around {
  readonly runs: boolean;
  readonly permissions: Settings['live']['permissions'];
}

const MOST_NAMED = 8;
/** Live accounts that are read: each costs a node some dozen calls. */
const MOST_READ = 12;
const READ_AT_ONCE = 3;
const READ_MS = 25_000;

export function judgeEngines(sights: readonly EngineSight[], { runs, permissions }: Around): readonly Judgement[] {
  const found = new Map<string, { readonly names: string[]; readonly make: (names: string) => Judgement }>();
  const add = (name: string, what: string, make: (names: string) => Judgement): void => {
    const known = found.get(what);
    if (known === undefined) found.set(what, { names: [name], make });
    else known.names.push(name);
  };
  for (const sight of sights)
    for (const trouble of troublesOf(sight, { runs, permissions })) add(sight.name, ...trouble);
  const said = [...found.values()].map(({ names, make }) => make(listed(names)));
  const order = { fail: 0, warn: 1, pass: 2 } as const;
  const troubled = new Set([...found.values()].flatMap(({ names }) => names)).size;
  const begin = sights.filter(({ standing }) => standing.kind === 'new').length;
  const well = `${sights.length - troubled} of ${sights.length} engines of ENGINES_FILE are well`;
  return [
    ...said.toSorted((a, b) => order[a.verdict] - order[b.verdict]),
    pass(`${well}${begin === 0 ? '' : `; ${begin} begin with the next start`}.`),
  ];
}

type Trouble = readonly [what: string, make: (names: string) => Judgement];

function troublesOf(
  { name, feedProblem, standing, lacksPaperAccount, live }: EngineSight,
  around: Around,
): readonly Trouble[] {
  const troubles: Trouble[] = [];
  const of = `driftless status --engine ${name}`;
  if (feedProblem !== null)
    troubles.push([
      `feed ${feedProblem}`,
      (names) =>
        fail(
          `${names}: ${feedProblem}`,
          'Correct MARKET_FEED of these engines in ENGINES_FILE, or the file that it names.',
        ),
    ]);
  if (lacksPaperAccount)
    troubles.push([
      'account',
      (names) =>
        fail(
          `${names}: the journal has lost the paper account.`,
          `Restore the journal, or begin anew: npm start -- --reset-paper=${name}.`,
        ),
    ]);
  if (live !== null) troubles.push(...liveTroubles(live, around));
  if (standing.kind === 'unknown' && around.runs)
    troubles.push([
      'unknown',
      (names) =>
        warn(
          `${names}: the running Driftless does not know it.`,
          'Restart Driftless: it reads ENGINES_FILE at its start.',
        ),
    ]);
  if (standing.kind !== 'known') return troubles;
  for (const code of standing.holds)
    troubles.push([`hold ${code}`, (names) => warn(`${names}: restricted (${code}).`, `See why: ${of}.`)]);
  if (around.runs && standing.state !== 'running')
    troubles.push([
      'stopped',
      (names) => warn(`${names}: ${standing.state}.`, `If it should run: driftless engines start ${name}.`),
    ]);
  if (!around.runs && standing.hasPosition === true)
    troubles.push([
      'position',
      (names) =>
        warn(
          `${names}: a position is open and nothing watches it.`,
          'Start Driftless: it watches every engine of the file.',
        ),
    ]);
  return troubles;
}

function liveTroubles(live: NonNullable<EngineSight['live']>, { permissions }: Around): readonly Trouble[] {
  if (live.kind === 'read' && live.hasAccount === true) return [];
  const { code = 'FAILED' } = live;
  const isMissing = live.kind === 'read' || code === 'USER_NOT_INITIALISED';
  if (isMissing && permissions !== 'read-only')
    return [
      ['no account', (names) => warn(`${names}: there is no such sub-account yet.`, 'The first deposit opens it.')],
    ];
  if (isMissing)
    return [
      [
        'no account',
        (names) =>
          fail(
            `${names}: there is no such sub-account to watch.`,
            'Correct DRIFT_SUB_ACCOUNT, or LIVE_PERMISSIONS to open it.',
          ),
      ],
    ];
  return [
    [
      `live ${code}`,
      (names) =>
        fail(`${names}: the account cannot be read (${code}).`, 'See the lines about the nodes and the venue.'),
    ],
  ];
}

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

export const engines: Check = {
  name: 'engines',
  needsSettings: true,
  async run(subject) {
    const { engines: named, mode, live } = subject.settings;
    if (named.length === 0) return [];
    const client = await subject.product();
    const standings = await standingsOf(subject);
    if (standings === null) return [warn('Not known: the journal cannot be read.', 'See the line about the journal.')];
    const isReadable = mode === 'live' && live.rpcUrls.length > 0 && (await subject.isNodeThere());
    const accounts = isReadable ? await liveAccounts(named, subject) : new Map();
    const problems = feedProblems(named, mode);
    const sights = named.map(
      (one): EngineSight => ({
        name: one.name,
        feedProblem: problems.get(one.engineId) ?? null,
        ...(standings.get(one.engineId) ?? {
          standing: { kind: client === null ? 'new' : 'unknown' },
          lacksPaperAccount: false,
        }),
        live: accounts.get(one.engineId) ?? null,
      }),
    );
    const unread = isReadable ? named.length - accounts.size : 0;
    return [
      ...judgeEngines(sights, { runs: client !== null, permissions: live.permissions }),
      ...(unread === 0 ? [] : [pass(`The accounts of ${unread} more were not read, to spare the nodes.`)]),
    ];
  },
};

/** A history that several share is opened once. */
function feedProblems(named: readonly NamedEngine[], mode: Settings['mode']): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  const opened = new Map<string, string | null>();
  if (mode === 'live') return problems;
  for (const { engineId, feed, paper } of named.map((one) => ({ ...one, feed: feedOf(one.engineId) }))) {
    if (feed === 'live') continue;
    const key = `${paper.fundingPeriodMs} ${feed}`;
    if (!opened.has(key)) opened.set(key, whyNotOpened(feed, paper.fundingPeriodMs));
    const problem = opened.get(key) ?? null;
    if (problem !== null) problems.set(engineId, problem);
  }
  return problems;
}

function whyNotOpened(feed: string, periodMs: number): string | null {
  try {
    openFeed(feed, { periodMs });
    return null;
  } catch (error) {
    return brokenBy(error).message;
  }
}

const feedOf = (engineId: string): string => parseEngineId(engineId)?.authority ?? 'live';

type EngineStanding = Pick<EngineSight, 'standing' | 'lacksPaperAccount'>;

/** By engine; one that is missing has never been started. Null: it cannot be known now. */
async function standingsOf({
  settings,
  product,
  journal,
}: Configured): Promise<ReadonlyMap<string, EngineStanding> | null> {
  const client = await product();
  if (client !== null) {
    const { value } = await client.get('/api/engines', ANSWERS['/api/engines']);
    const served = value.items.filter((item) => item.served);
    return new Map(
      served.map((item) => {
        const hasPosition = item.perp_sol === null ? null : item.perp_sol !== 0;
        const { state, holds } = item;
        return [item.engine_id, { standing: { kind: 'known', state, holds, hasPosition }, lacksPaperAccount: false }];
      }),
    );
  }
  const sight = await journal();
  if (sight.kind === 'none' || (sight.kind === 'open' && sight.schema === null)) return new Map();
  if (sight.kind !== 'open' || sight.journal === null) return null;
  const { journal: read } = sight;
  const records = new Map((await read.engines()).map((record) => [record.engineId, record]));
  const standings = new Map<string, EngineStanding>();
  for (const { engineId } of settings.engines) {
    const record = records.get(engineId);
    if (record === undefined) continue;
    const { state, holds, mode } = record;
    const lacksPaperAccount = mode === 'paper' && (await PaperVenue.accountTerms(read, engineId)) === null;
    const position = await hasPosition(read, engineId);
    const codes = holds.map(({ code }) => code);
    standings.set(engineId, {
      standing: { kind: 'known', state, holds: codes, hasPosition: position },
      lacksPaperAccount,
    });
  }
  return standings;
}

async function liveAccounts(
  named: readonly NamedEngine[],
  { venueOf }: Configured,
): Promise<ReadonlyMap<string, NonNullable<EngineSight['live']>>> {
  const found = new Map<string, NonNullable<EngineSight['live']>>();
  const waiting = named.slice(0, MOST_READ);
  const oneByOne = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const sight = await venueOf(next.engineId);
      const { kind } = sight;
      found.set(
        next.engineId,
        kind === 'read' ? { kind, hasAccount: sight.snapshot.account !== null } : { kind, code: sight.code },
      );
    }
  };
  await within(READ_MS, async () => void (await Promise.all(Array.from({ length: READ_AT_ONCE }, oneByOne))));
  return found;
}
