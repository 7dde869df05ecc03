/** To what a log line belongs, whoever writes it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { logIdsHere, logIdsIn, withEveryId, withLogIds, withoutLogIds } from '../../src/runtime/log-ids.ts';
import { type OpenLogger, openLogger } from '../../src/runtime/logger.ts';
import { createRedactor } from '../../src/runtime/redaction.ts';
import { inItsName } from '../../src/runtime/worker.ts';

const ENGINE = 'engine:paper:synthetic:1:0';

describe('the ids of a line', () => {
  let folder: string;
  let log: OpenLogger;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'driftless-ids-'));
    log = await openLogger({
      ...{ folder, environment: 'test', level: null, redactor: createRedactor(), terminal: () => {} },
    });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const lines = async () => {
    await log.close();
    const [name = ''] = readdirSync(folder).filter((one) => one.endsWith('.log'));
    const text = readFileSync(join(folder, name), 'utf8').trim();
    return text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  };

  it('are those of the activity around it, across waits and through loggers that know nothing of it', async () => {
    const ofChain = log.logger.child({ part: 'chain' });
    const activity = (operationId: string) =>
      withLogIds({ operationId, engineId: ENGINE, workflowId: `operation:${operationId}` }, async () => {
        await new Promise((resolve) => setImmediate(resolve));
        ofChain.warn({ try: 2 }, 'a send failed');
      });
    await Promise.all([activity('o-1'), activity('o-2')]);
    ofChain.info('of nobody');
    const [first, second, third] = await lines();
    expect(first).toMatchObject({ part: 'chain', operationId: 'o-1', engineId: ENGINE, workflowId: 'operation:o-1' });
    expect(second).toMatchObject({ try: 2, operationId: 'o-2', workflowId: 'operation:o-2' });
    expect(Object.keys(third ?? {}).some((name) => name.endsWith('Id'))).toBe(false);
  });

  it('follow from each other: the workflow from the operation and back, the command from an earlier line', async () => {
    log.logger.info({ operationId: 'o-3', commandId: 'my-3', engineId: ENGINE }, 'accepted');
    log.logger.info({ workflowId: 'operation:o-3' }, 'a line of the SDK');
    log.logger.info({ workflowId: ENGINE }, 'another');
    log.logger.info({ engineId: ENGINE }, 'of the engine alone');
    const every = { operationId: 'o-3', commandId: 'my-3', engineId: ENGINE, workflowId: 'operation:o-3' };
    const [accepted, ofSdk, ofEngine, alone] = await lines();
    expect(accepted).toMatchObject(every);
    expect(ofSdk).toMatchObject(every);
    for (const line of [ofEngine, alone]) expect(line).toMatchObject({ engineId: ENGINE, workflowId: ENGINE });
  });

  it('of a line win over those around it', async () => {
    withLogIds({ engineId: 'engine:other' }, () => log.logger.info({ engineId: ENGINE }, 'mine'));
    expect((await lines())[0]).toMatchObject({ engineId: ENGINE });
  });
});

it('what goes on for everybody after an activity belongs to none', async () => {
  const later = await withLogIds({ operationId: 'o-1' }, () =>
    withoutLogIds(() => new Promise((resolve) => setImmediate(() => resolve(logIdsHere())))),
  );
  expect(later).toEqual({});
});

it('an activity of the worker runs within its ids', async () => {
  const workflowExecution = { workflowId: 'operation:o-9', runId: 'r-1' };
  const here = await new MockActivityEnvironment({ workflowExecution }).run(async () => {
    const { inbound } = inItsName(Context.current());
    const input = { args: [{ engineId: ENGINE }], headers: {} };
    return await inbound?.execute?.(input, async () => logIdsHere());
  });
  expect(here).toEqual({ engineId: ENGINE, workflowId: 'operation:o-9' });
});

describe('the ids of an input', () => {
  it('are found at its top and within what it writes, the nearest first', () => {
    const input = [
      { engineId: ENGINE, writes: [{ operation: { operationId: 'o-1', commandId: 'c-1', engineId: 'other' } }] },
    ];
    expect(logIdsIn(input)).toEqual({ engineId: ENGINE, operationId: 'o-1', commandId: 'c-1' });
    expect(logIdsIn([null, 1, 'x', { operationId: 5 }])).toEqual({});
  });

  it('are not looked for beyond a depth', () => {
    expect(logIdsIn([{ a: { b: { c: { d: { engineId: ENGINE } } } } }])).toEqual({});
    expect(withEveryId({ signature: 'x' })).toEqual({ signature: 'x' });
  });
});
