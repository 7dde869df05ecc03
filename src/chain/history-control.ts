/**
 * What lets a node speak of absence: a signature that its history must know if it could know ours, and every block of
 * our window in its store. Both are looked for on that node only, once per attempt.
 */
import type { SignedAttempt } from '../domain/transaction/attempt.ts';
import { inWords, type NoAnswer } from './rpc-answer.ts';
import { readAddressSignatures, readBlock, readSlots } from './rpc-methods.ts';
import type { RpcNode } from './rpc-node.ts';

export type HistoryCheck =
  | { readonly kind: 'found'; readonly signature: string }
  /** Its history does not serve; with the remedy. */
  | { readonly kind: 'unfit'; readonly reason: string }
  | { readonly kind: 'silent'; readonly answer: NoAnswer };

/** Slots before the signing slot that are looked at, and blocks of them that are opened. */
const SLOTS_BEFORE = 64;
const BLOCKS_OPENED = 24;
/** Slots after it in which the window's blocks are looked for: 150 blocks, and four times that for skipped slots. */
const SLOTS_AFTER = 600;
const MAX_SLOTS_AFTER = 38_400;
const SIGNATURES_OF_PAYER = 100;
/** A block may include a transaction that was valid in its parent: the window's last block is one above `lastValidBlockHeight`. */
const LAST_BLOCK_AFTER = 1;

const ANOTHER_NODE = 'add a node with full history to RPC_URL';

/** @param payer whose own past signature serves where the blocks before are empty, as on a quiet test chain */
export async function findControl(node: RpcNode, attempt: SignedAttempt, payer: string): Promise<HistoryCheck> {
  const before = Math.max(0, attempt.slot - SLOTS_BEFORE);
  const blocks = await slotsWithBlocks(node, before, attempt.slot);
  if (!Array.isArray(blocks)) return blocks as HistoryCheck;
  const past = blocks.filter((slot: number) => slot <= attempt.slot).reverse();
  if (past.length === 0) {
    return unfit(`its history has no block in the ${SLOTS_BEFORE} slots before the signing slot ${attempt.slot}`);
  }
  const whole = await holdsWindow(node, attempt, past[0] as number);
  if (whole !== null) return whole;
  for (const slot of past.slice(0, BLOCKS_OPENED)) {
    const block = await blockAt(node, slot, 'signatures');
    if ('kind' in block) return block;
    const signature = block.signatures[0];
    if (signature !== undefined) return { kind: 'found', signature };
  }
  return await payersOwn(node, attempt, payer);
}

/** A node that was restarted from a snapshot has a hole: what landed in it would be "never seen". Null: no hole. */
async function holdsWindow(node: RpcNode, attempt: SignedAttempt, base: number): Promise<HistoryCheck | null> {
  const first = await blockAt(node, base, 'none');
  if ('kind' in first) return first;
  if (first.height === null) return unfit('it does not tell the height of its blocks');
  const end = attempt.lastValidBlockHeight + LAST_BLOCK_AFTER;
  const count = end - first.height;
  if (count <= 0) return null;
  for (let span = SLOTS_AFTER; span <= MAX_SLOTS_AFTER; span *= 4) {
    const slots = await slotsWithBlocks(node, base + 1, base + span);
    if (!Array.isArray(slots)) return slots as HistoryCheck;
    const last = slots[count - 1];
    if (last === undefined) continue;
    const found = await blockAt(node, last, 'none');
    if ('kind' in found) return found;
    if (found.height === end) return null;
    break;
  }
  return unfit(`blocks are missing from its history between slot ${base} and the end of the window`);
}

async function payersOwn(node: RpcNode, attempt: SignedAttempt, payer: string): Promise<HistoryCheck> {
  const config = { limit: SIGNATURES_OF_PAYER, commitment: 'finalized' };
  const answer = await node.ask('getSignaturesForAddress', [payer, config], readAddressSignatures);
  if (answer.kind !== 'answer') return failing(answer);
  const past = answer.value.find(({ slot }) => slot <= attempt.slot);
  if (past !== undefined) return { kind: 'found', signature: past.signature };
  return unfit(`it shows no transaction at or just before slot ${attempt.slot} by which its history could be checked`);
}

async function slotsWithBlocks(node: RpcNode, from: number, to: number): Promise<readonly number[] | HistoryCheck> {
  const answer = await node.ask('getBlocks', [from, to, { commitment: 'finalized' }], readSlots);
  return answer.kind === 'answer' ? answer.value : failing(answer);
}

async function blockAt(node: RpcNode, slot: number, transactionDetails: 'signatures' | 'none') {
  const config = { commitment: 'finalized', transactionDetails, rewards: false, maxSupportedTransactionVersion: 0 };
  const answer = await node.ask('getBlock', [slot, config], readBlock);
  return answer.kind === 'answer' ? answer.value : failing(answer);
}

/** A refusal here is about its history (off, pruned, a gap): another node is the remedy. */
const failing = (answer: NoAnswer): HistoryCheck =>
  answer.kind === 'refused' ? unfit(`its history is off or pruned (${inWords(answer)})`) : { kind: 'silent', answer };

const unfit = (why: string): HistoryCheck => ({ kind: 'unfit', reason: `${why}: ${ANOTHER_NODE}` });
