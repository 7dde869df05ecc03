/**
 * Which build of a program runs, by the hash of its code: sha256 after the loader's header, without the zeros at its end (the
 * account may be larger than its code). A program can be upgraded at any time, so the slot of the last deployment is looked
 * at again and again, and the code only when that slot is another.
 */
import { createHash } from 'node:crypto';
import { isFields } from '../../chain/answer-shapes.ts';
import type { RpcPool } from '../../chain/rpc-pool.ts';
import type { VenuePauses } from '../../domain/account/snapshot.ts';
import type { Intent } from '../../domain/order/intent.ts';
import { toBase58 } from '../../lib/base58.ts';
import type { ErrorReport } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';

/** Of the upgradeable loader: a program's account names the one that holds its code, behind a header of so many bytes. */
const PROGRAM_BYTES = 36;
const ADDRESS_OFFSET = 4;
const CODE_OFFSET = 45;
const SLOT_END = 12;
/** The code has megabytes: a read of the account does not wait longer for it. */
const FIRST_WAIT_MS = 10_000;
const RECHECK_MS = 30_000;
/** What is about to be signed waits so long for a new look. */
const SIGNING_WAIT_MS = 2_000;
/** After a failure reads go on without the code, and it is asked for again so late. */
const RETRY_MS = 10_000;

export interface DeployedCode {
  readonly hash: string;
  /** Where the code is; null: in the program's own account, which never changes. */
  readonly codeAccount: string | null;
}

export function codeHash(code: Uint8Array): string {
  const end = code.findLastIndex((byte) => byte !== 0) + 1;
  return createHash('sha256').update(code.subarray(0, end)).digest('hex');
}

const bytesOf = (pool: Pick<RpcPool, 'read'>, address: string, slice: object = {}): Promise<Buffer> =>
  pool.read('getAccountInfo', [address, { commitment: 'confirmed', encoding: 'base64', ...slice }], (result) => {
    const data = isFields(result) && isFields(result.value) ? result.value.data : undefined;
    return Array.isArray(data) && typeof data[0] === 'string' ? Buffer.from(data[0], 'base64') : undefined;
  });

/** @throws TransientError when no node tells */
export async function hasAccount(pool: Pick<RpcPool, 'read'>, address: string): Promise<boolean> {
  const nothingOfIt = { commitment: 'confirmed', encoding: 'base64', dataSlice: { offset: 0, length: 0 } };
  const { value } = await pool.read('getAccountInfo', [address, nothingOfIt], (result) =>
    isFields(result) && result.value !== undefined ? { value: result.value } : undefined,
  );
  return value !== null;
}

/** @throws TransientError when no node has the program's code */
export async function readDeployedCode(pool: Pick<RpcPool, 'read'>, programId: string): Promise<DeployedCode> {
  const account = await bytesOf(pool, programId);
  if (account.length !== PROGRAM_BYTES) return { hash: codeHash(account), codeAccount: null };
  const codeAccount = toBase58(account.subarray(ADDRESS_OFFSET));
  return { hash: codeHash((await bytesOf(pool, codeAccount)).subarray(CODE_OFFSET)), codeAccount };
}

/** The header of the code's account, up to the slot of its last deployment. */
const readDeployment = async (pool: Pick<RpcPool, 'read'>, codeAccount: string): Promise<string> =>
  (await bytesOf(pool, codeAccount, { dataSlice: { offset: 0, length: SLOT_END } })).toString('hex');

export type BuildVerdict =
  /** The tests ran on it. */
  | { readonly kind: 'tested'; readonly hash: string }
  /** A person accepts it by its hash. */
  | { readonly kind: 'accepted'; readonly hash: string }
  /** `before`: another build ran when this process started. */
  | { readonly kind: 'unknown'; readonly hash: string; readonly before: string | null }
  /** It could not be read yet. */
  | { readonly kind: 'unread' };

export function buildVerdict(
  hash: string,
  tested: readonly string[],
  accepted: string | null,
  before: string | null = null,
): BuildVerdict {
  if (tested.includes(hash)) return { kind: 'tested', hash };
  if (hash === accepted) return { kind: 'accepted', hash };
  return { kind: 'unknown', hash, before: before === hash ? null : before };
}

function verdictSentence(verdict: BuildVerdict, program: string): string | null {
  switch (verdict.kind) {
    case 'tested':
    case 'accepted':
      return null;
    case 'unread':
      return `Which build of ${program} runs could not be read yet. Until it is, only reductions and settling are sent.`;
    case 'unknown': {
      const upgraded =
        verdict.before === null ? '' : ` It was upgraded while Driftless ran (before: ${verdict.before}).`;
      return (
        `${program} runs a build that Driftless was not tested on: ${verdict.hash}.${upgraded} Reading works, and only ` +
        `reductions and settling are sent. To trade on this build at your own risk, set ACCEPT_PROGRAM=${verdict.hash} and restart.`
      );
    }
  }
}

/** What is refused because of the build, beside what the venue itself refuses: everything that enlarges or moves capital. */
export function pausesUnder(verdict: BuildVerdict, pauses: VenuePauses, program: string): VenuePauses {
  const sentence = verdictSentence(verdict, program);
  if (sentence === null) return pauses;
  const detail = pauses.detail === null ? sentence : `${sentence} ${pauses.detail}`;
  return { ...pauses, deposit: true, withdraw: true, increase: true, detail };
}

/** Takes risk away, or moves nothing out: no build stops it, only what its simulation shows. */
const isExit = (intent: Intent): boolean =>
  intent.kind === 'settle' || intent.kind === 'cancel_orders' || (intent.kind === 'order' && intent.reduceOnly);

/** Why this is not signed under that build; null: nothing stands against it. */
export function refusedUnder(verdict: BuildVerdict, intent: Intent, program: string): ErrorReport | null {
  const detail = isExit(intent) ? null : verdictSentence(verdict, program);
  if (detail === null) return null;
  const message = `Nothing was sent: ${program} runs a build on which only reductions and settling are sent.`;
  return { code: 'VENUE_PAUSED', message, details: { detail } };
}

interface BuildWatchOptions {
  readonly pool: Pick<RpcPool, 'read'>;
  readonly programId: string;
  readonly tested: readonly string[];
  /** ACCEPT_PROGRAM. */
  readonly accepted: string | null;
  readonly monotonicMs?: () => number;
}

interface SeenBuild extends DeployedCode {
  readonly deployment: string | null;
}

/** Knows which build runs, and notices when it is another. */
export class BuildWatch {
  readonly #options: BuildWatchOptions;
  #seen: SeenBuild | null = null;
  /** It was deployed anew after `#seen`, and the new code has not been read yet. */
  #outdated = false;
  #first: string | null = null;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;

  constructor(options: BuildWatchOptions) {
    this.#options = options;
  }

  /** The first time it waits for the code; later it answers at once, and looks again in the background. */
  async verdict(): Promise<BuildVerdict> {
    const looking = this.#look();
    if (this.#seen === null) await within(FIRST_WAIT_MS, () => looking);
    const { tested, accepted } = this.#options;
    return this.#seen === null || this.#outdated
      ? { kind: 'unread' }
      : buildVerdict(this.#seen.hash, tested, accepted, this.#first);
  }

  /** Looks again before it answers: an upgrade a second ago counts for what is signed now. */
  async verdictNow(): Promise<BuildVerdict> {
    if (this.#seen !== null) {
      this.#lookedAtMs = Number.NEGATIVE_INFINITY;
      await within(SIGNING_WAIT_MS, () => this.#look());
    }
    return await this.verdict();
  }

  /** Resolves whatever becomes of it: what could not be read is tried again. */
  #look(): Promise<void> {
    const nowMs = (this.#options.monotonicMs ?? (() => performance.now()))();
    const due = nowMs - this.#lookedAtMs >= (this.#seen === null || this.#outdated ? RETRY_MS : RECHECK_MS);
    if (this.#looking !== null || !due) return this.#looking ?? Promise.resolve();
    this.#lookedAtMs = nowMs;
    this.#looking = this.#read()
      .catch(() => {})
      .finally(() => {
        this.#looking = null;
      });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { pool, programId } = this.#options;
    const seen = this.#seen;
    if (
      seen !== null &&
      (seen.codeAccount === null || (await readDeployment(pool, seen.codeAccount)) === seen.deployment)
    )
      return;
    this.#outdated = seen !== null;
    // The slot is read first: a deployment in between is then seen at the next look.
    const known = seen?.codeAccount ?? null;
    const before = known === null ? null : await readDeployment(pool, known);
    const code = await readDeployedCode(pool, programId);
    const deployment = before ?? (code.codeAccount === null ? null : await readDeployment(pool, code.codeAccount));
    this.#seen = { ...code, deployment };
    this.#outdated = false;
    this.#first ??= code.hash;
  }
}
