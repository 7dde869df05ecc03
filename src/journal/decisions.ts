/** Writes of the engine's own decisions: a watch that has just started does not know which the last one was. */
import { isNewDecision } from './decision-change.ts';
import { jsonText } from './json-text.ts';
import type { DecisionRecord } from './records.ts';
import { decisionOf } from './rows.ts';
import type { Tx } from './writes.ts';

export async function insertDecision(trx: Tx, record: DecisionRecord): Promise<void> {
  const last = await trx
    .selectFrom('decisions')
    .selectAll()
    .where('engine_id', '=', record.engineId)
    .orderBy('ts_ms', 'desc')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (last !== undefined && !isNewDecision(decisionOf(last), record)) return;
  await trx
    .insertInto('decisions')
    .values({
      engine_id: record.engineId,
      ts_ms: record.tsMs,
      market_time_ms: record.marketTimeMs,
      action: record.action,
      size: record.size,
      reasons: jsonText(record.reasons as never),
      gates: jsonText(record.gates as never),
    })
    .onConflict((oc) => oc.columns(['engine_id', 'ts_ms', 'market_time_ms']).doNothing())
    .execute();
}
