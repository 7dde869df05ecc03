/** Which build runs, who may trade on it, and that an upgrade while running is noticed. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { endpointsOf } from '../../../src/chain/endpoint.ts';
import { RpcPool } from '../../../src/chain/rpc-pool.ts';
import type { SolanaChain } from '../../../src/chain/solana-chain.ts';
import type { VenuePauses } from '../../../src/domain/account/snapshot.ts';
import type { Intent } from '../../../src/domain/order/intent.ts';
import { fromBase58 } from '../../../src/lib/base58.ts';
import { ValidationError } from '../../../src/lib/errors.ts';
import {
  BuildWatch,
  buildVerdict,
  codeHash,
  pausesUnder,
  readDeployedCode,
} from '../../../src/venues/solana-perps/deployed-program.ts';
import { deploymentOf } from '../../../src/venues/solana-perps/deployment.ts';
import { PerpsVenue, type PerpsWriting } from '../../../src/venues/solana-perps/perps-venue.ts';
import { VELOCITY } from '../../../src/venues/velocity/velocity-program.ts';
import { eventually } from '../../support/eventually.ts';
import { result, type ScriptedRpc, scriptedRpc } from '../../support/scripted-rpc.ts';

const PROGRAM = 'vELoC1audYbSYVRXn1vPaV8Axoa9oU6BYmNGZZBDZ1P';
const CODE_AT = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const FIRST = codeHash(Buffer.from('first code'));
const SECOND = codeHash(Buffer.from('second code'));
const OPEN: VenuePauses = {
  deposit: false,
  withdraw: false,
  increase: false,
  reduce: false,
  settle: false,
  detail: null,
};

let node: ScriptedRpc | null = null;
afterEach(async () => {
  await node?.close();
  node = null;
});

/** A node with an upgradeable program, whose code can be exchanged. */
async function chainWith(initial: string) {
  const deployed = { code: initial, slot: 7n, reads: 0, wholeReads: 0, down: false, codeDown: false };
  const account = (data: Buffer) =>
    result({ context: { slot: 1 }, value: { data: [data.toString('base64'), 'base64'] } });
  const rpc = await scriptedRpc({
    getAccountInfo: ([address, config]) => {
      deployed.reads++;
      if (deployed.down) return result({ context: { slot: 1 }, value: null });
      if (address === PROGRAM) return account(Buffer.from([2, 0, 0, 0, ...(fromBase58(CODE_AT) ?? [])]));
      const header = Buffer.alloc(45);
      header.writeUInt32LE(3, 0);
      header.writeBigUInt64LE(deployed.slot, 4);
      const whole = Buffer.concat([header, Buffer.from(deployed.code), Buffer.alloc(20)]);
      const { dataSlice } = config as { readonly dataSlice?: { readonly offset: number; readonly length: number } };
      if (dataSlice === undefined) deployed.wholeReads++;
      if (dataSlice === undefined && deployed.codeDown) return result({ context: { slot: 1 }, value: null });
      return account(dataSlice === undefined ? whole : whole.subarray(dataSlice.offset, dataSlice.length));
    },
  });
  node = rpc;
  const pool = new RpcPool({ endpoints: endpointsOf([rpc.url]), clock: { nowMs: () => 1_000 } });
  return { deployed, pool };
}

describe('the hash of a build', () => {
  it('leaves out the header and the zeros that follow the code', async () => {
    const { pool } = await chainWith('first code');
    expect(await readDeployedCode(pool, PROGRAM)).toEqual({ hash: FIRST, codeAccount: CODE_AT });
    expect(codeHash(Buffer.from('first code\0\0'))).toBe(FIRST);
    expect(codeHash(new Uint8Array(3))).toBe(codeHash(new Uint8Array()));
  });
});

describeOnVelocity('the build that the tests run on', ({ elf }) => {
  it('is the one that Velocity names as tested', () => {
    expect(VELOCITY.testedBuilds).toEqual([codeHash(elf)]);
  });
});

describe('a build', () => {
  it('is tested, accepted by its whole hash, or unknown', () => {
    expect(buildVerdict(FIRST, [FIRST], null)).toEqual({ kind: 'tested', hash: FIRST });
    expect(buildVerdict(SECOND, [FIRST], SECOND)).toEqual({ kind: 'accepted', hash: SECOND });
    expect(buildVerdict(SECOND, [FIRST], FIRST)).toEqual({ kind: 'unknown', hash: SECOND, before: null });
    expect(buildVerdict(SECOND, [], null, FIRST)).toEqual({ kind: 'unknown', hash: SECOND, before: FIRST });
    expect(buildVerdict(SECOND, [], null, SECOND)).toMatchObject({ before: null });
  });

  it('that nobody knows stops capital and what enlarges, and keeps the way out', () => {
    const paused = pausesUnder(buildVerdict(SECOND, [FIRST], null), OPEN, 'Velocity');
    expect(paused).toMatchObject({ deposit: true, withdraw: true, increase: true, reduce: false, settle: false });
    expect(paused.detail).toContain(`set ACCEPT_PROGRAM=${SECOND} and restart`);
    const both = pausesUnder({ kind: 'unread' }, { ...OPEN, reduce: true, detail: 'Paused.' }, 'Velocity');
    expect(both).toMatchObject({ increase: true, reduce: true, settle: false });
    expect(both.detail).toMatch(/^Which build of Velocity runs could not be read yet\. .* Paused\.$/);
    expect(pausesUnder({ kind: 'tested', hash: FIRST }, OPEN, 'Velocity')).toBe(OPEN);
    expect(pausesUnder({ kind: 'accepted', hash: FIRST }, OPEN, 'Velocity')).toBe(OPEN);
  });
});

const SIZE = { market: 'SOL-PERP', priceLimit: '1', maxTsMs: 1, cancelOpenOrders: false } as const;
const INTENTS: Readonly<Record<string, Intent>> = {
  deposit: { kind: 'deposit', asset: 'USDT', amount: '1' },
  withdraw: { kind: 'withdraw', asset: 'USDT', amount: '1' },
  enlarge: { kind: 'order', size: '-1', reduceOnly: false, ...SIZE },
  reduce: { kind: 'order', size: '1', reduceOnly: true, ...SIZE },
  cancel: { kind: 'cancel_orders', market: 'SOL-PERP' },
  settle: { kind: 'settle', market: 'SOL-PERP' },
};
const ALL = Object.keys(INTENTS);
const EXITS = ['reduce', 'cancel', 'settle'];

/** A venue whose program's build can be exchanged, and what reaches the signing. */
async function venueUnder(code: string, accepted: string | null) {
  const { deployed, pool } = await chainWith(code);
  const build = new BuildWatch({ pool, programId: PROGRAM, tested: [FIRST], accepted });
  const reached: string[] = [];
  const record =
    <T>(answer: T) =>
    async (intent: Intent): Promise<T> => {
      reached.push(intent.kind);
      return answer;
    };
  const writing = { simulate: record({ ok: true }), sign: record({ signature: 's' }) } as unknown as PerpsWriting;
  const venue = new PerpsVenue({
    engineId: 'engine:velocity:test:0',
    deployment: deploymentOf(VELOCITY, { env: 'localnet', programId: null, authority: CODE_AT, subAccount: 0 }),
    chain: { pool } as SolanaChain,
    clock: { nowMs: () => 1_000 },
    permissions: 'trading',
    books: null,
    writing: () => writing,
    build,
  });
  return { deployed, venue, build };
}

/** The kinds that a venue signs, and those that it previews. */
async function passing(venue: PerpsVenue) {
  const signed: string[] = [];
  const previewed: string[] = [];
  for (const [name, intent] of Object.entries(INTENTS)) {
    const attempt = await venue.sign(intent).catch((error: ValidationError) => error);
    if (attempt instanceof ValidationError) {
      expect(attempt.code).toBe('VENUE_PAUSED');
      expect(attempt.details.detail).toMatch(/Reading works|Until it is/);
    } else signed.push(name);
    if ((await venue.simulate(intent)).ok) previewed.push(name);
  }
  return { signed, previewed };
}

describe('who may trade on which build', () => {
  it.each<[string, string, string | null, readonly string[]]>([
    ['the tested build', 'first code', null, ALL],
    ['the tested build, while another is accepted', 'first code', SECOND, ALL],
    ['an unknown build that a person accepts', 'second code', SECOND, ALL],
    ['an unknown build', 'second code', null, EXITS],
    ['an unknown build, while a third is accepted', 'second code', codeHash(Buffer.from('third')), EXITS],
  ])('%s: reading always, signing as said', async (_build, code, accepted, allowed) => {
    const { venue, build } = await venueUnder(code, accepted);
    expect(await passing(venue)).toEqual({ signed: allowed, previewed: allowed });
    const seen = pausesUnder(await build.verdict(), OPEN, 'Velocity');
    expect(seen.increase).toBe(allowed === EXITS);
    expect(seen).toMatchObject({ reduce: false, settle: false });
  });

  it.each<[string, string | null, readonly string[]]>([
    ['an unknown one', null, EXITS],
    ['one that a person accepts', SECOND, ALL],
  ])(
    'the build is exchanged while Driftless runs for %s: the next signature knows it',
    async (_to, accepted, allowed) => {
      const { venue, deployed } = await venueUnder('first code', accepted);
      expect((await passing(venue)).signed).toEqual(ALL);
      Object.assign(deployed, { code: 'second code', slot: 9n });
      expect((await passing(venue)).signed).toEqual(allowed);
    },
  );

  it('a build that cannot be read lets exits through at once, and nothing else', async () => {
    const { venue, deployed } = await venueUnder('first code', null);
    deployed.down = true;
    expect((await passing(venue)).signed).toEqual(EXITS);
  });
});

describe('watching the build', () => {
  it('reads the code once, then only where it was last deployed', async () => {
    const { deployed, pool } = await chainWith('first code');
    let nowMs = 0;
    const watch = new BuildWatch({
      pool,
      programId: PROGRAM,
      tested: [FIRST],
      accepted: null,
      monotonicMs: () => nowMs,
    });
    expect(await watch.verdict()).toEqual({ kind: 'tested', hash: FIRST });
    const { reads } = deployed;
    expect(await watch.verdict()).toEqual({ kind: 'tested', hash: FIRST });
    expect(deployed.reads).toBe(reads);
    nowMs += 31_000;
    await watch.verdict();
    await eventually(() => expect(deployed.reads).toBeGreaterThan(reads));
    expect(deployed.wholeReads).toBe(1);
  });

  it('notices an upgrade, and says what ran before', async () => {
    const { deployed, pool } = await chainWith('first code');
    let nowMs = 0;
    const watch = new BuildWatch({
      pool,
      programId: PROGRAM,
      tested: [FIRST],
      accepted: null,
      monotonicMs: () => nowMs,
    });
    await watch.verdict();
    deployed.code = 'second code';
    deployed.slot = 9n;
    await eventually(async () => {
      nowMs += 31_000;
      expect(await watch.verdict()).toMatchObject({ kind: 'unknown' });
    });
    const verdict = await watch.verdict();
    expect(verdict).toEqual({ kind: 'unknown', hash: SECOND, before: FIRST });
    expect(pausesUnder(verdict, OPEN, 'Velocity').detail).toContain(
      `It was upgraded while Driftless ran (before: ${FIRST})`,
    );
  });

  it('an upgrade is known at once to what is about to be signed, also while the new code cannot be read', async () => {
    const { deployed, pool } = await chainWith('first code');
    const watch = new BuildWatch({ pool, programId: PROGRAM, tested: [FIRST], accepted: SECOND, monotonicMs: () => 0 });
    expect(await watch.verdictNow()).toEqual({ kind: 'tested', hash: FIRST });
    Object.assign(deployed, { code: 'second code', slot: 9n, codeDown: true });
    expect(await watch.verdict()).toEqual({ kind: 'tested', hash: FIRST });
    expect(await watch.verdictNow()).toEqual({ kind: 'unread' });
    expect(await watch.verdict()).toEqual({ kind: 'unread' });
    deployed.codeDown = false;
    expect(await watch.verdictNow()).toEqual({ kind: 'accepted', hash: SECOND });
  });

  it('what cannot be read is unread until it can', async () => {
    const { deployed, pool } = await chainWith('first code');
    deployed.down = true;
    let nowMs = 0;
    const watch = new BuildWatch({
      pool,
      programId: PROGRAM,
      tested: [FIRST],
      accepted: null,
      monotonicMs: () => nowMs,
    });
    expect(await watch.verdict()).toEqual({ kind: 'unread' });
    deployed.down = false;
    expect(await watch.verdict()).toEqual({ kind: 'unread' });
    nowMs += 10_000;
    expect(await watch.verdict()).toEqual({ kind: 'tested', hash: FIRST });
  });
});
