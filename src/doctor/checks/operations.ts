/** Operations that are not over: of an unknown outcome, or left in the middle by a product that is down. */
import { ANSWERS } from '../../protocol/api.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured } from '../subject.ts';

export interface OpenOperation {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
}

const RECENT = 200;

export function judgeOperations(open: readonly OpenOperation[], runs: boolean): readonly Judgement[] {
  const unknown = open.filter(({ status }) => status === 'unresolved');
  const others = open.filter(({ status }) => status !== 'unresolved');
  const said = unknown.map(({ id, kind }) =>
    fail(
      `The outcome of ${kind} ${id} is unknown.`,
      `Look its transaction up, then run driftless resolve ${id} --verdict landed or failed.`,
    ),
  );
  if (others.length === 0) return said.length > 0 ? said : [pass('No operation is open.')];
  const named = others.map(({ kind, id }) => `${kind} ${id}`).join(', ');
  return runs
    ? [...said, pass(`${named}: it runs.`)]
    : [...said, warn(`${named}: begun and not over.`, 'Start Driftless: it goes on where it stopped.')];
}

async function openOperations({ product, journal }: Configured): Promise<readonly OpenOperation[] | null> {
  const client = await product();
  if (client !== null) {
    const { value } = await client.get(`/api/operations?limit=${RECENT}`, ANSWERS['/api/operations']);
    const open = value.items.filter(({ ended_at: endedAt }) => endedAt === null);
    return open.map(({ operation_id: id, kind, status }) => ({ id, kind, status }));
  }
  const sight = await journal();
  if (sight.kind === 'none' || (sight.kind === 'open' && sight.schema === null)) return [];
  if (sight.kind !== 'open' || sight.journal === null) return null;
  const open: OpenOperation[] = [];
  for (const { engineId } of await sight.journal.engines()) {
    for (const { operationId: id, kind, status } of await sight.journal.unfinishedOperations(engineId))
      open.push({ id, kind, status });
  }
  return open;
}

export const operations: Check = {
  name: 'operations',
  needsSettings: true,
  async run(subject) {
    const open = await openOperations(subject);
    if (open === null) return [warn('Not known: the journal cannot be read.', 'See the line about the journal.')];
    return judgeOperations(open, (await subject.product()) !== null);
  },
};
