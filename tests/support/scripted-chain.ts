/** The answers of one honest node, from a few facts that a test sets; faults are scripted on top. */
import { Keypair, SystemProgram, TransactionMessage, VersionedTransaction } from '@solana/web3.js';
import type { SignedAttempt } from '../../src/domain/transaction/attempt.ts';
import { toBase58 } from '../../src/lib/base58.ts';
import { refusal, result, type Script } from './scripted-rpc.ts';

export interface NodeFacts {
  /** Processed. */
  slot: number;
  finalizedSlot: number;
  /** Slots that have no block. */
  skipped: ReadonlySet<number>;
  firstAvailableBlock: number;
  genesis: string;
  /** By signature. */
  landed: Map<string, { slot: number; confirmationStatus: string; err: unknown }>;
  /** False: it keeps no history of transactions, and its cache knows only the last 150 slots. */
  history: boolean;
}

/** Height counts blocks: slots that are not skipped. */
export const heightAt = (slot: number, skipped: ReadonlySet<number>): number =>
  slot - [...skipped].filter((one) => one <= slot).length;

export const factsOf = (facts: Partial<NodeFacts> = {}): NodeFacts => ({
  slot: 1_400,
  finalizedSlot: 1_368,
  skipped: new Set([1_003, 1_050, 1_120]),
  firstAvailableBlock: 0,
  genesis: 'GenesisOfTheTestCluster',
  landed: new Map(),
  history: true,
  ...facts,
});

/** Of every block. */
export const BLOCK_TIME_S = 1_700_000_000;

/** The clock account, as a node reads it. */
export function clockData(slot: number): string {
  const bytes = Buffer.alloc(40);
  bytes.writeBigUInt64LE(BigInt(slot), 0);
  bytes.writeBigInt64LE(BigInt(BLOCK_TIME_S), 32);
  return bytes.toString('base64');
}

const CACHE_SLOTS = 150;
const HISTORY_OFF = refusal(-32011, 'Transaction history is not available from this node');
/** Each block holds one vote, as on a real cluster. */
export const voteOf = (slot: number): string => `vote-of-slot-${slot}`;

export function honest(facts: NodeFacts): Script {
  const blocks = (from: number, to: number) => {
    const slots: number[] = [];
    for (let slot = from; slot <= Math.min(to, facts.finalizedSlot); slot += 1) {
      if (!facts.skipped.has(slot) && slot >= facts.firstAvailableBlock) slots.push(slot);
    }
    return slots;
  };
  const statusOf = (signature: string) => {
    const vote = /^vote-of-slot-(\d+)$/.exec(signature);
    const known = vote
      ? { slot: Number(vote[1]), confirmationStatus: 'finalized', err: null }
      : facts.landed.get(signature);
    if (known === undefined || known.slot < facts.firstAvailableBlock || known.slot > facts.slot) return null;
    if (!facts.history && facts.slot - known.slot > CACHE_SLOTS) return null;
    return { ...known, confirmations: null };
  };
  return {
    getSlot: () => result(facts.slot),
    getEpochInfo: () =>
      result({ absoluteSlot: facts.finalizedSlot, blockHeight: heightAt(facts.finalizedSlot, facts.skipped) }),
    getFirstAvailableBlock: () => result(facts.firstAvailableBlock),
    getGenesisHash: () => result(facts.genesis),
    getMultipleAccounts: () =>
      result({ context: { slot: facts.finalizedSlot }, value: [{ data: [clockData(facts.finalizedSlot), 'base64'] }] }),
    getBlocks: ([from, to]) => result(blocks(from as number, to as number)),
    getBlock: ([slot]) => {
      if (!facts.history) return HISTORY_OFF;
      const at = slot as number;
      if (at < facts.firstAvailableBlock || facts.skipped.has(at)) return refusal(-32007, `Slot ${at} was skipped`);
      return result({ blockHeight: heightAt(at, facts.skipped), signatures: [voteOf(at)] });
    },
    getSignatureStatuses: ([signatures]) =>
      result({ context: { slot: facts.slot }, value: (signatures as string[]).map(statusOf) }),
  };
}

/** Signed at slot 1000, whose window ends in a block that an honest node has. */
export function attemptAt(slot = 1_000, skipped: ReadonlySet<number> = factsOf().skipped): SignedAttempt {
  const payer = Keypair.generate();
  const message = new TransactionMessage({
    payerKey: payer.publicKey,
    recentBlockhash: Keypair.generate().publicKey.toBase58(),
    instructions: [
      SystemProgram.transfer({ fromPubkey: payer.publicKey, toPubkey: Keypair.generate().publicKey, lamports: 1 }),
    ],
  });
  const transaction = new VersionedTransaction(message.compileToV0Message());
  transaction.sign([payer]);
  return {
    signature: toBase58(transaction.signatures[0] as Uint8Array),
    wire: Buffer.from(transaction.serialize()).toString('base64'),
    lastValidBlockHeight: heightAt(slot, skipped) + 150,
    slot,
    signedAtMs: 0,
  };
}
