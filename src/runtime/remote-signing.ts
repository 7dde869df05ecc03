/**
 * Whether the signer at SIGNER_SOCKET answers, and for the wallet of this engine. While it does not, this process counts as one
 * that cannot sign, so that a position which nobody can close raises SIGNER_MISSING.
 */
import { askSigner } from '../chain/remote-signer.ts';
import { DriftlessError } from '../lib/errors.ts';
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { Settings } from './config.ts';
import type { Logger } from './logger.ts';

const ASK_EVERY_MS = 1_500;
const ANSWER_MS = 1_000;

export interface RemoteSigning extends Repeated {
  /** As of the last question; true where the key is in this process. */
  readonly answers: () => boolean;
}

/** Null: it signs for this wallet; else what is wrong, in a sentence. */
export async function signerProblem(
  socket: string,
  wallet: string | null,
  answerMs = ANSWER_MS,
): Promise<string | null> {
  try {
    const reply = await askSigner(socket, { type: 'hello' }, answerMs);
    if (reply.type !== 'hello') return `The signer at ${socket} answers, and not as one of this version does.`;
    if (reply.address === wallet) return null;
    return `The signer at ${socket} signs for ${reply.address}, and AUTHORITY is ${wallet}. Set AUTHORITY to its wallet.`;
  } catch (error) {
    if (error instanceof DriftlessError) return error.message;
    throw error;
  }
}

interface RemoteSigningPorts {
  readonly live: Pick<Settings['live'], 'signerSocket' | 'authority'>;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

export async function watchRemoteSigning(
  { live: { signerSocket, authority }, logger }: RemoteSigningPorts,
  everyMs = ASK_EVERY_MS,
): Promise<RemoteSigning> {
  if (signerSocket === null) return { answers: () => true, stop: async () => {} };
  let problem: string | null = null;
  const look = async (): Promise<void> => {
    const found = await signerProblem(signerSocket, authority);
    if (found !== null && problem === null) logger.warn({ part: 'signer' }, found);
    if (found === null && problem !== null) logger.info({ part: 'signer' }, 'the signer answers again');
    problem = found;
  };
  await look();
  const { stop } = repeatEvery(everyMs, look);
  return { answers: () => problem === null, stop };
}
