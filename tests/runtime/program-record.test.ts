import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Journal } from '../../src/journal/journal.ts';
import { fromBase58 } from '../../src/lib/base58.ts';
import { recordProgram } from '../../src/runtime/program-record.ts';
import { journalAlerts } from '../support/alerts.ts';
import { openTestJournal } from '../support/journal.ts';
import { result, type ScriptedRpc, scriptedRpc } from '../support/scripted-rpc.ts';

const PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const CODE_AT = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const ENGINE = 'engine:drift:program-record:0';

let journal: Journal;
let node: ScriptedRpc;
let code = 'first code';
beforeAll(async () => {
  journal = await openTestJournal();
  const account = (data: Buffer) =>
    result({ context: { slot: 1 }, value: { data: [data.toString('base64'), 'base64'] } });
  node = await scriptedRpc({
    getAccountInfo: ([address]) =>
      address === PROGRAM
        ? account(Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.from(fromBase58(CODE_AT) ?? [])]))
        : account(Buffer.concat([Buffer.alloc(45), Buffer.from(code), Buffer.alloc(20)])),
  });
});
afterAll(async () => {
  await node.close();
  await journal.close();
});

it('is recorded with the engine, and a change is told once', async () => {
  const clock = { nowMs: () => 1_000 };
  const settings = { engineId: ENGINE, live: { rpcUrls: [node.url], programId: PROGRAM } };
  const start = () => recordProgram({ journal, alerts: journalAlerts(journal), clock, settings });
  const told = async () => (await journal.alerts({ engineId: ENGINE, limit: 10 })).items;
  await start();
  await start();
  expect(await told()).toEqual([]);
  const before = createHash('sha256').update('first code').digest('hex');
  code = 'second code';
  await start();
  await start();
  expect(await told()).toMatchObject([{ code: 'PROGRAM_CHANGED', details: { program_id: PROGRAM, before } }]);
});
