/** A signer in another process, under another user: SIGNER_SOCKET. It decides; what it refuses is refused for good. */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { PublicKey } from '@solana/web3.js';
import * as z from '../lib/codec.ts';
import { CriticalError, TransientError } from '../lib/errors.ts';
import type { Signer } from './signer.ts';
import { SIGNER_REPLY, SIGNER_REQUEST, type SignerReply, type SignerRequest } from './signer-protocol.ts';

const ANSWER_MS = 3_000;
const MAX_REPLY_BYTES = 16_384;
/** A connection that broke off is tried once more: the same bytes have the same signature. */
const TRIES = 2;

/** @throws TransientError SIGNER_UNREACHABLE */
export async function askSigner(path: string, request: SignerRequest, answerMs = ANSWER_MS): Promise<SignerReply> {
  const reply = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const socket = connect(path);
    const fail = (why: string): void => {
      socket.destroy();
      reject(unreachable(path, why));
    };
    socket.setTimeout(answerMs, () => fail(`no answer within ${answerMs / 1_000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.once('connect', () => socket.write(`${JSON.stringify(z.encode(SIGNER_REQUEST, request))}\n`));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_REPLY_BYTES) fail('its answer is too long');
    });
    socket.once('close', () => fail('it hung up'));
    socket.once('end', () => {
      socket.end();
      resolve(Buffer.concat(chunks).toString('utf8'));
    });
  });
  try {
    return z.decodeExactly(SIGNER_REPLY, JSON.parse(reply));
  } catch {
    throw unreachable(path, 'its answer is none of a signer of this version');
  }
}

const unreachable = (path: string, why: string): TransientError =>
  new TransientError(
    'SIGNER_UNREACHABLE',
    `The signer at ${path} does not answer (${why}). Start it (driftless signer), or look at who may enter its folder.`,
    { remedy: 'Start driftless signer under its own user, then run npx driftless doctor.' },
  );

export class RemoteSigner implements Signer {
  readonly publicKey: PublicKey;
  readonly #path: string;

  /** @param address whose signatures are expected; what another key signs is not taken */
  constructor(path: string, address: string) {
    this.#path = path;
    this.publicKey = new PublicKey(address);
  }

  /**
   * @throws TransientError SIGNER_UNREACHABLE, SIGNER_BUSY; CriticalError SIGNER_REFUSED, with the signer's sentence
   */
  async sign(message: Uint8Array, attempt = hashOf(message)): Promise<Uint8Array> {
    const reply = await this.#ask({ type: 'sign', attempt, message: Buffer.from(message).toString('base64') });
    if (reply.type === 'signed') return new Uint8Array(Buffer.from(reply.signature, 'base64'));
    if (reply.type === 'hello') throw unreachable(this.#path, 'its answer is to another question');
    const { code, message: sentence, passing } = reply;
    if (passing)
      throw new TransientError('SIGNER_BUSY', `The signer signs nothing now. ${sentence}`, { refusal: code });
    throw new CriticalError('SIGNER_REFUSED', `The signer refused this transaction. ${sentence}`, { refusal: code });
  }

  async #ask(request: SignerRequest): Promise<SignerReply> {
    for (let tried = 1; ; tried++) {
      try {
        return await askSigner(this.#path, request);
      } catch (error) {
        if (tried === TRIES || !(error instanceof TransientError)) throw error;
      }
    }
  }

  toJSON = (): string => `signer of ${this.publicKey.toBase58()} at ${this.#path}`;
}

const hashOf = (message: Uint8Array): string => createHash('sha256').update(message).digest('hex');
