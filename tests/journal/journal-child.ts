/** A process that writes without end and tells of each write after it is acknowledged, for a test to kill. */
import { writeSync } from 'node:fs';
import { checkpoint } from '../../src/journal/embedded-upkeep.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { insertAlert } from '../../src/journal/writes.ts';
import { alertOf, snapshotAt, T0 } from './records.ts';

const [dataDir = '', run = ''] = process.argv.slice(2);
const STDOUT = 1;

const journal = await openJournal({ databaseUrl: null, dataDir });
writeSync(STDOUT, 'open\n');
for (let index = 0; ; index += 1) {
  // Two rows in one transaction: both or none.
  await journal.db.transaction().execute(async (trx) => {
    await insertAlert(trx, alertOf({ id: `${run}-${index}-a` }));
    await insertAlert(trx, alertOf({ id: `${run}-${index}-b` }));
  });
  await journal.recordSnapshot({ engineId: 'engine', generation: Number(run), attempt: 1 }, snapshotAt(T0 + index));
  if (index % 7 === 6) await checkpoint(journal.db);
  writeSync(STDOUT, `${index}\n`);
}
