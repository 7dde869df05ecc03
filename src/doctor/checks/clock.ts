/** Our clock against those that decide with it: the database's, by which commands expire, and the chain's, by which orders do. */
import { isCount } from '../../chain/answer-shapes.ts';
import { endpointsOf } from '../../chain/endpoint.ts';
import { RpcPool, readSlot } from '../../chain/rpc-pool.ts';
import { runProgram } from '../../runtime/run-program.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured } from '../subject.ts';

/** When this check was written: no later run is earlier. */
const WRITTEN_MS = Date.UTC(2026, 10, 1);
const ASK_MS = 3_000;
const SYNCHRONISE = 'Synchronise this machine’s clock (NTP: `timedatectl set-ntp true`, or chrony).';

interface SkewLimits {
  readonly warnMs: number;
  readonly failMs: number;
}

/** Commands are late by the database's clock after seconds. */
const DATABASE: SkewLimits = { warnMs: 1_000, failMs: 5_000 };
/** Block times are rounded to seconds, and a quiet chain lags by some. */
const CHAIN: SkewLimits = { warnMs: 20_000, failMs: 60_000 };

export function judgeOwn(nowMs: number, synchronised: boolean | null): Judgement {
  if (nowMs < WRITTEN_MS) return fail(`This machine’s clock says ${new Date(nowMs).toISOString()}.`, SYNCHRONISE);
  if (synchronised === false) return warn('The system says that its clock is not synchronised.', SYNCHRONISE);
  return pass(
    `${new Date(nowMs).toISOString()}${synchronised === null ? '; the system does not say whether it is synchronised' : ', synchronised'}.`,
  );
}

export function judgeSkew(whose: string, aheadMs: number, { warnMs, failMs }: SkewLimits): Judgement {
  const off = `${(Math.abs(aheadMs) / 1_000).toFixed(1)} s ${aheadMs < 0 ? 'behind' : 'ahead of'} ours`;
  const message = `The ${whose} clock is ${off}.`;
  if (Math.abs(aheadMs) >= failMs) return fail(message, SYNCHRONISE);
  return Math.abs(aheadMs) >= warnMs ? warn(message, SYNCHRONISE) : pass(message);
}

/** A chain behind us may be a node behind its chain. */
export function judgeChain(aheadMs: number): Judgement {
  const { verdict, message, remedy } = judgeSkew('chain’s', aheadMs, CHAIN);
  const isNode = 'If this clock is right, the node is behind its chain: take another one into RPC_URL.';
  return { verdict, message, remedy: remedy === null || aheadMs > 0 ? remedy : `${remedy} ${isNode}` };
}

async function synchronised(): Promise<boolean | null> {
  if (process.platform !== 'linux') return null;
  const { code, output } = await runProgram('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], ASK_MS);
  const said = output.trim();
  return code === 0 && (said === 'yes' || said === 'no') ? said === 'yes' : null;
}

async function ofChain({ settings, clock }: Configured): Promise<readonly Judgement[]> {
  const { rpcUrls } = settings.live;
  if (settings.mode !== 'live' || rpcUrls.length === 0) return [];
  const pool = new RpcPool({ endpoints: endpointsOf(rpcUrls), clock });
  try {
    const slot = await pool.read('getSlot', [{ commitment: 'confirmed' }], readSlot);
    const seconds = await pool.read('getBlockTime', [slot], (result) => (isCount(result) ? result : undefined));
    return [judgeChain(seconds * 1_000 - clock.nowMs())];
  } catch {
    return [warn('The chain’s clock is not known: no node tells it.', 'See the lines about the nodes.')];
  }
}

export const clock: Check = {
  name: 'clock',
  needsSettings: true,
  async run(subject) {
    const sight = await subject.journal();
    const aheadMs = sight.kind === 'open' ? sight.aheadMs : null;
    return [
      judgeOwn(subject.clock.nowMs(), await synchronised()),
      ...(aheadMs === null ? [] : [judgeSkew('database’s', aheadMs, DATABASE)]),
      ...(await ofChain(subject)),
    ];
  },
};

export const LIMITS = { DATABASE, CHAIN } as const;
