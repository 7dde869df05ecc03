/** The journal's database: whether it answers, and whether it is of this program's schema. */
import type { Check } from '../check.ts';
import { fail, type Judgement, pass } from '../finding.ts';
import type { JournalSight } from '../subject.ts';

export function judgeJournal(sight: JournalSight): Judgement {
  switch (sight.kind) {
    case 'none':
      return pass('There is none yet: the first start makes it.');
    case 'held':
      return pass('The running product has it.');
    case 'failed':
      return fail(sight.why, sight.remedy);
    case 'open':
      return judgeSchema(sight);
  }
}

function judgeSchema({ where, schema }: Extract<JournalSight, { readonly kind: 'open' }>): Judgement {
  if (schema === null) return pass(`${where} answers and is empty: the first start migrates it.`);
  if (schema.newer.length > 0) {
    return fail(
      `${where} is of a newer Driftless: this one does not know ${schema.newer.join(', ')}.`,
      'Use the version of Driftless that last wrote it, or a newer one.',
    );
  }
  if (schema.pending.length > 0) {
    return pass(`${where} answers; the next start migrates it (${schema.pending.join(', ')}).`);
  }
  return pass(`${where} answers; its schema is this program’s.`);
}

export const journal: Check = {
  name: 'journal',
  needsSettings: true,
  run: async (subject) => [judgeJournal(await subject.journal())],
};
