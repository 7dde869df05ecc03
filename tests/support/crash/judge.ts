/** Compares the chain's own record with the journal and the answer. */

import type { Localnet } from '../../../localnet/index.ts';
import type { CommandAnswer } from '../../../src/domain/order/command.ts';
import type { Journal } from '../../../src/journal/journal.ts';
import type { AttemptRecord, OperationRecord } from '../../../src/journal/records.ts';
import type { WorkerLine } from './mortal-worker.ts';

/** Of a blockhash, in blocks. */
const LIFE = 150;
/** Transactions that landed without the intended effect. */
const NOT_BY_FAILURE = new Set(['ORDER_NOT_FILLED', 'CLOSE_INCOMPLETE']);

export interface Evidence {
  readonly net: Localnet;
  readonly journal: Journal;
  readonly operationId: string;
  readonly engineId: string;
  readonly lines: readonly WorkerLine[];
  readonly answer: CommandAnswer;
}

/** What the receiver holds more than before, of what was asked for. */
export interface Moved {
  readonly received: bigint;
  readonly amount: bigint;
}

/** The problems of one transfer, in words; empty if everything agrees. */
export async function judgeTransfer(evidence: Evidence, moved: Moved): Promise<readonly string[]> {
  return await judge(evidence, (record) => oneEffect(evidence, record, moved));
}

/** What holds of every operation, and what its effects were. */
export async function judge(
  evidence: Evidence,
  effects: (record: OperationRecord) => readonly string[],
): Promise<readonly string[]> {
  const { journal, operationId, net } = evidence;
  const record = await journal.operation(operationId);
  if (record === null) return [`the journal knows no operation ${operationId}`];
  return [
    ...effects(record),
    ...journalOf(evidence, record),
    ...record.attempts.flatMap((attempt) => outcomeOf(net, attempt)),
    ...neverTwoAlive(net, record.attempts, sentSignatures(evidence.lines)),
    ...(await alerts(evidence)),
  ];
}

export const sentSignatures = (lines: readonly WorkerLine[]): ReadonlySet<string> =>
  new Set(lines.flatMap((line) => (line.kind === 'sent' ? [line.signature] : [])));

const counting = (net: Localnet, signature: string) => net.record(signature).filter(({ counts }) => counts);

/** Signatures of everything that was signed and counts on the chain as a success. */
export const landedSignatures = ({ net, lines }: Pick<Evidence, 'net' | 'lines'>): readonly string[] =>
  lines.flatMap((line) => {
    if (line.kind !== 'signed') return [];
    return counting(net, line.signature).flatMap(({ error }) => (error === null ? [line.signature] : []));
  });

/** Collects what does not hold. */
export function claims(): { readonly wrong: string[]; says(holds: boolean, text: string): void } {
  const wrong: string[] = [];
  return {
    wrong,
    says(holds, text) {
      if (!holds) wrong.push(text);
    },
  };
}

/** Once or provably never, and the journal and the answer say which. */
function oneEffect(evidence: Evidence, record: OperationRecord, { received, amount }: Moved): readonly string[] {
  const { wrong, says } = claims();
  const { length } = landedSignatures(evidence);
  says(length <= 1, `${length} effects of one intent`);
  says(received === amount * BigInt(length), `${received} were received, the chain has ${length}`);
  says((record.status === 'done') === (length === 1), `the journal says ${record.status}, the chain ${length} effects`);
  return wrong;
}

/** It has ended, and all that was sent and can still matter stands in it. */
function journalOf({ net, lines, answer }: Evidence, record: OperationRecord): readonly string[] {
  const { wrong, says } = claims();
  const sent = sentSignatures(lines);
  const signed = lines.flatMap((line) => (line.kind === 'signed' ? [line.signature] : []));
  says(record.endedAtMs !== null, `the journal does not say that it has ended: ${record.status}`);
  says(
    answer.success === (record.status === 'done'),
    `the answer says ${answer.success}, the journal ${record.status}`,
  );
  const known = new Set(record.attempts.map(({ signature }) => signature));
  for (const signature of sent) says(known.has(signature), `${signature} was sent, and the journal does not know it`);
  // Signed in a workflow task that was lost, and never sent: no block may know it.
  for (const signature of signed.filter((one) => !sent.has(one))) {
    says(net.record(signature).length === 0, `${signature} was signed and not sent, and the chain has it`);
  }
  if (record.status === 'rejected') says(sent.size === 0, 'rejected, though something was sent');
  if (record.status === 'failed' && !NOT_BY_FAILURE.has(record.error?.code ?? '')) {
    const failed = signed.flatMap((signature) => counting(net, signature)).filter(({ error }) => error !== null);
    says(failed.length > 0, 'the journal says failed, and no block holds a failure');
  }
  // Provably never: what was sent and has not landed cannot any more, on the finalized chain itself.
  const { height } = net.chain.heads().finalized;
  for (const { signature, lastValidBlockHeight } of record.attempts) {
    if (!sent.has(signature) || counting(net, signature).length > 0) continue;
    says(height > lastValidBlockHeight, `${signature} could still land (${height} of ${lastValidBlockHeight})`);
  }
  return wrong;
}

function outcomeOf(net: Localnet, { signature, outcome, number }: AttemptRecord): readonly string[] {
  const landed = counting(net, signature);
  const truth = landed.length === 0 ? 'expired' : landed.some(({ error }) => error === null) ? 'confirmed' : 'failed';
  return outcome === truth ? [] : [`attempt ${number} is ${outcome} in the journal and ${truth} on the chain`];
}

/** A next one was signed only after the last block that could hold the one before, or after that one had landed. */
function neverTwoAlive(
  net: Localnet,
  attempts: readonly AttemptRecord[],
  sent: ReadonlySet<string>,
): readonly string[] {
  const out = attempts.filter(({ signature }) => sent.has(signature)).sort((a, b) => a.number - b.number);
  return out.flatMap((attempt, index) => {
    const before = out[index - 1];
    if (before === undefined || attempt.lastValidBlockHeight - LIFE > before.lastValidBlockHeight) return [];
    // The next of another step: an order's cancel, a close's second placement.
    if (counting(net, before.signature).length > 0) return [];
    return [`attempts ${before.number} and ${attempt.number} were alive at the same time`];
  });
}

/** Every alert about an unknown outcome must be resolved. */
async function alerts({ journal, engineId }: Evidence): Promise<readonly string[]> {
  const { items } = await journal.alerts({ engineId, limit: 500 });
  const count = (kind: string) => items.filter((one) => one.code === 'TRANSACTION_UNKNOWN' && one.kind === kind).length;
  return count('alert') === count('recovered')
    ? []
    : [`${count('alert')} alerts of an unknown outcome, ${count('recovered')} of its end`];
}
