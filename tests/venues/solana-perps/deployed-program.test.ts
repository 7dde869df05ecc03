/** Which build runs, who may trade on it, and that an upgrade while running is noticed. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { describeOnVelocity } from '../../../localnet/tests/support/velocity-files.ts';
import { endpointsOf } from '../../../src/chain/endpoint.ts';
import { RpcPool } from '../../../src/chain/rpc-pool.ts';
import type { VenuePauses } from '../../../src/domain/account/snapshot.ts';
import { fromBase58 } from '../../../src/lib/base58.ts';
import {
  BuildWatch,
  buildVerdict,
  codeHash,
  pausesUnder,
  readDeployedCode,
} from '../../../src/venues/solana-perps/deployed-program.ts';
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
  const deployed = { code: initial, slot: 7n, reads: 0, wholeReads: 0, down: false };
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
