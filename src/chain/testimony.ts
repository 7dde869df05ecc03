/** What one node can say of one signature, and whether that is evidence: docs/architecture/chain.md. */
import type { NodeTestimony, SignedAttempt } from '../domain/transaction/attempt.ts';
import { findControl, type HistoryCheck } from './history-control.ts';
import { inWords, type NoAnswer } from './rpc-answer.ts';
import { readCount, readStatuses, readText, type SignatureStatus } from './rpc-methods.ts';
import type { RpcNode } from './rpc-node.ts';
import { askWindow, LEVEL_SLOTS, type WindowView } from './window.ts';

export interface NodeView {
  readonly testimony: NodeTestimony;
  /** The signature's status, if the node knows it. */
  readonly status: SignatureStatus | null;
  /** It can testify, and never saw it. */
  readonly provesAbsence: boolean;
  /** Why the node may still report more; null: its answer is complete. */
  readonly owes: Owes | null;
  /** The node's view of the window in which the attempt may land; null: none. */
  readonly window: WindowView | null;
}

type Owes = 'silent' | 'not_asked' | 'behind';

/** Blocks beyond the window until nothing in it can be undone or replaced. */
export const FINALITY_MARGIN_BLOCKS = 32;
/**
 * Every node's status cache, without any history, knows this many slots; and a window of 150 blocks cannot have ended
 * in fewer slots, so that nothing more need be asked.
 */
const RECENT_SLOTS = 150;
const WAIT_OR_ADD = 'wait for it, or add another endpoint to RPC_URL';

/** One node's status of one signature, history included. */
export const askStatus = (node: RpcNode, signature: string) =>
  node.ask('getSignatureStatuses', [[signature], { searchTransactionHistory: true }], readStatuses(1));

export const silent = (node: RpcNode, answer: NoAnswer): NodeView =>
  view(node, 'no_answer', {
    reason: `${inWords(answer)}; ${WAIT_OR_ADD}`,
    owes: answer.kind === 'none' && answer.why === 'resting' ? 'not_asked' : 'silent',
  });

export const sawIt = (node: RpcNode, status: SignatureStatus): NodeView => view(node, 'landed', { status });

/** Its word counts for nothing. */
export const outsider = (node: RpcNode, foreign: Foreign): NodeView => view(node, 'cannot_testify', foreign);

/** It was asked for the window alone. */
export const sawWindow = (node: RpcNode, window: WindowView): NodeView =>
  view(node, 'cannot_testify', { window, owes: window.isOver && window.timeMs !== null ? null : 'behind' });

/**
 * What a denial soon after signing says: not seen so far, which is evidence of a drop and never of absence.
 * @param slot at which it answered that it does not know the signature
 * @param newest the highest slot that any node answered from
 * @returns null when it is old enough to ask further
 */
export function recently(node: RpcNode, attempt: SignedAttempt, slot: number, newest: number): NodeView | null {
  if (slot - attempt.slot >= RECENT_SLOTS) return null;
  const othersMayProve = newest - attempt.slot >= RECENT_SLOTS + FINALITY_MARGIN_BLOCKS;
  if (slot < attempt.slot || newest - slot > LEVEL_SLOTS || othersMayProve) {
    const behind = slot < attempt.slot ? `this was signed at ${attempt.slot}` : `another node is at ${newest}`;
    const reason = `it lags: it is at slot ${slot}, and ${behind}; ${WAIT_OR_ADD}`;
    return view(node, 'cannot_testify', { reason, owes: 'behind' });
  }
  // A node alone that stands still cannot be told from a young attempt but by a person who sees the slot stay.
  const until = `it may land until about slot ${attempt.slot + RECENT_SLOTS}`;
  const reason = `not seen by slot ${slot}; ${until}; if that slot stays, the node is stuck: add another to RPC_URL`;
  return view(node, 'never_seen', { reason, window: { slot, isOver: false, timeMs: null } });
}

/** Facts about an attempt that a node is asked for only once. */
interface Remembered {
  readonly control: Extract<HistoryCheck, { kind: 'found' }> | null;
  readonly remember: (control: Extract<HistoryCheck, { kind: 'found' }>) => void;
  /** Who paid, base58: read from the bytes. */
  readonly payer: string;
  /** Why this node's word does not count at all; null: it does. */
  readonly foreign: Foreign | null;
  /** Why a slot that it names cannot be; null: it can. */
  readonly doubt: (slot: number) => Promise<string | null>;
}

export interface Foreign {
  readonly reason: string;
  readonly owes: Owes | null;
}

/**
 * Asked of a node that does not know a signature of some age. The order matters: its height first, then the status, so
 * that nothing can land between; and the status in one request with the control's, so that one and the same store, at
 * a slot past that height, answers both (behind one URL there may be many nodes).
 */
export async function testify(node: RpcNode, attempt: SignedAttempt, known: Remembered): Promise<NodeView> {
  if (known.foreign !== null) return outsider(node, known.foreign);
  const asked = await askWindow(node, attempt, known.doubt);
  if (asked.kind !== 'answer') return silent(node, asked);
  const { height, ...window } = asked.value;
  const { slot } = window;
  const because = (reason: string, owes: Owes | null = null): NodeView =>
    view(node, 'cannot_testify', { reason, owes, window });

  const past = attempt.lastValidBlockHeight + FINALITY_MARGIN_BLOCKS;
  if (height <= past) {
    return because(`its finalized block height is ${height} and must pass ${past}; ${WAIT_OR_ADD}`, 'behind');
  }

  const first = await node.ask('getFirstAvailableBlock', [], readCount);
  if (first.kind !== 'answer') return muted(node, first, window);
  if (first.value > attempt.slot) {
    const reason = `it is pruned: its history begins at slot ${first.value}, after the signing slot ${attempt.slot}`;
    return because(`${reason}: add a node with full history to RPC_URL`);
  }

  const control = known.control ?? (await findControl(node, attempt, known.payer));
  if (control.kind === 'silent') return muted(node, control.answer, window);
  if (control.kind === 'unfit') return because(control.reason);
  known.remember(control);

  const both = [[attempt.signature, control.signature], { searchTransactionHistory: true }];
  const answer = await node.ask('getSignatureStatuses', both, readStatuses(2));
  if (answer.kind !== 'answer') return muted(node, answer, window);
  const [status, controlStatus] = answer.value.value;
  if (status) return sawIt(node, status);
  if (controlStatus?.commitment !== 'finalized') {
    return because('it does not know a finalized signature of that time, so its status query searches no history');
  }
  if (answer.value.slot < slot) {
    const at = `it answered from slot ${answer.value.slot}`;
    return because(`it lags: ${at}, behind its own finalized slot ${slot}`, 'behind');
  }
  return view(node, 'never_seen', { provesAbsence: true, window });
}

/** Null: it cannot be asked, or does not say. */
export async function genesisOf(node: RpcNode): Promise<string | null> {
  const answer = await node.ask('getGenesisHash', [], readText);
  return answer.kind === 'answer' ? answer.value : null;
}

const muted = (node: RpcNode, answer: NoAnswer, window: WindowView): NodeView => ({ ...silent(node, answer), window });

interface Rest {
  readonly reason?: string;
  readonly status?: SignatureStatus | null;
  readonly provesAbsence?: boolean;
  readonly owes?: Owes | null;
  readonly window?: WindowView | null;
}

const view = (node: RpcNode, says: NodeTestimony['says'], rest: Rest): NodeView => ({
  testimony: { node: node.name, says, ...(rest.reason === undefined ? {} : { reason: rest.reason }) },
  status: rest.status ?? null,
  provesAbsence: rest.provesAbsence ?? false,
  owes: rest.owes ?? null,
  window: rest.window ?? null,
});
