/** Operations that are not over: of an unknown outcome, or left in the middle by a product that is down. */
import { ANSWERS } from '../../protocol/api.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured } from '../subject.ts';

export interface OpenOperation {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
  /** As `--engine` takes it; null: the process's own. */
  readonly engine: string | null;
}

const RECENT = 200;
const MOST_SAID = 10;

export function judgeOperations(open: readonly OpenOperation[], runs: boolean): readonly Judgement[] {
  const unknown = open.filter(({ status }) => status === 'unresolved');
  const others = open.filter(({ status }) => status !== 'unresolved');
  const said = unknown
    .slice(0, MOST_SAID)
    .map(({ id, kind, engine }) =>
      fail(
        `The outcome of ${kind} ${id} is unknown${engine === null ? '' : ` (${engine})`}.`,
        `Look its transaction up, then run driftless resolve ${id} --verdict landed or failed${engine === null ? '' : ` --engine ${engine}`}.`,
      ),
    );
  const rest = unknown.length - said.length;
  if (rest > 0) said.push(fail(`And ${rest} more of an unknown outcome.`, 'driftless engines shows whose they are.'));
  if (others.length === 0) return said.length > 0 ? said : [pass('No operation is open.')];
  const more = others.length - MOST_SAID;
  const shown = others.slice(0, MOST_SAID).map(({ kind, id }) => `${kind} ${id}`);
  const named = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return runs
    ? [...said, pass(`${named}: it runs.`)]
    : [...said, warn(`${named}: begun and not over.`, 'Start Driftless: it goes on where it stopped.')];
}

async function openOperations({ settings, product, journal }: Configured): Promise<readonly OpenOperation[] | null> {
  const client = await product();
  if (client !== null) {
    const { value } = await client.get(`/api/operations?limit=${RECENT}`, ANSWERS['/api/operations']);
    const open = value.items.filter(({ ended_at: endedAt }) => endedAt === null);
    const own = open.map(({ operation_id: id, kind, status }) => ({ id, kind, status, engine: null }));
    const { value: list } = await client.get('/api/engines', ANSWERS['/api/engines']);
    const others = list.items.filter(({ current, served }) => served && !current);
    const unresolved = others.flatMap(({ unresolved: ids, engine_id: engineId, name }) =>
      ids.map((id) => ({ id, kind: 'operation', status: 'unresolved', engine: name ?? engineId })),
    );
    return [...own, ...unresolved];
  }
  const sight = await journal();
  if (sight.kind === 'none' || (sight.kind === 'open' && sight.schema === null)) return [];
  if (sight.kind !== 'open' || sight.journal === null) return null;
  const open: OpenOperation[] = [];
  const names = new Map(settings.engines.map(({ engineId, name }) => [engineId, name]));
  for (const { engineId } of await sight.journal.engines()) {
    for (const { operationId: id, kind, status } of await sight.journal.unfinishedOperations(engineId))
      open.push({
        id,
        kind,
        status,
        engine: engineId === settings.engineId ? null : (names.get(engineId) ?? engineId),
      });
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
