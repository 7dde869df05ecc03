/** From a request to a signature or a refusal. One at a time: what is counted for one is there for the next. */
import { createHash } from 'node:crypto';
import type { Signer } from '../chain/signer.ts';
import type { SignerReply, SignerRequest } from '../chain/signer-protocol.ts';
import type { Clock } from '../lib/clock.ts';
import { judge, type PermittedTransaction } from './judge.ts';
import { charged, type SigningLedger } from './ledger.ts';
import { ownAccountsOf, type WalletAccounts } from './own-accounts.ts';
import type { SignerPolicy } from './policy.ts';
import { SignerRefusal, type SignerRefusalCode } from './refusal.ts';

export interface ServicePorts {
  readonly policy: SignerPolicy;
  /** Of the policy's wallet. */
  readonly signer: Signer;
  readonly clock: Clock;
  readonly ledger: SigningLedger;
  /** Durable when it returns. @throws when it is not */
  readonly keep: (ledger: SigningLedger) => void;
  /** One line for each request; no key, no bytes. */
  readonly note: (fields: object, message: string) => void;
}

const MAX_ATTEMPT_CHARS = 300;
/** May be otherwise in a moment. */
const PASSING: ReadonlySet<SignerRefusalCode> = new Set(['ATTEMPT_TAKEN', 'STATE_UNWRITABLE']);

export class SignerService {
  readonly #ports: ServicePorts;
  readonly #own: WalletAccounts;
  #ledger: SigningLedger;

  constructor(ports: ServicePorts) {
    this.#ports = ports;
    this.#own = ownAccountsOf(ports.policy);
    this.#ledger = ports.ledger;
  }

  /** Never throws. */
  async answer(request: SignerRequest): Promise<SignerReply> {
    if (request.type === 'hello') return { type: 'hello', address: this.#own.wallet };
    try {
      return await this.#sign(request.attempt, Buffer.from(request.message, 'base64'));
    } catch (error) {
      if (!(error instanceof SignerRefusal)) throw error;
      const { code, message } = error;
      this.#ports.note({ attempt: request.attempt, code }, `refused: ${message}`);
      return { type: 'refused', code, message, passing: PASSING.has(code) };
    }
  }

  async #sign(attempt: string, message: Uint8Array): Promise<SignerReply> {
    const { policy, signer, clock, note } = this.#ports;
    if (attempt === '' || attempt.length > MAX_ATTEMPT_CHARS) {
      throw new SignerRefusal('REQUEST_MALFORMED', `An attempt has a name of 1 to ${MAX_ATTEMPT_CHARS} characters.`);
    }
    const judged = judge(message, policy, this.#own);
    const messageHash = createHash('sha256').update(message).digest('hex');
    const next = charged(this.#ledger, { attempt, messageHash, judged, nowMs: clock.nowMs() }, policy);
    if (next !== this.#ledger) this.#keep(next);
    // The same bytes have the same signature: ed25519 draws nothing.
    const signature = await signer.sign(message);
    note({ attempt, ...told(judged) }, 'signed');
    return { type: 'signed', signature: Buffer.from(signature).toString('base64') };
  }

  #keep(next: SigningLedger): void {
    try {
      this.#ports.keep(next);
    } catch (error) {
      throw new SignerRefusal(
        'STATE_UNWRITABLE',
        `The signer cannot keep its counters (${error instanceof Error ? error.message : String(error)}), so it signs ` +
          'nothing. See to the disk and the owner of its state file.',
      );
    }
    this.#ledger = next;
  }
}

const told = ({ kind, moved, feeLamports, tipLamports }: PermittedTransaction): object => ({
  kind,
  ...(moved === null ? {} : { asset: moved.asset, amount: moved.amount.toString() }),
  fee: feeLamports.toString(),
  tip: tipLamports.toString(),
});
