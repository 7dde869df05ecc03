import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { RESET_PAPER } from '../../src/domain/account/reset-paper.ts';
import type { CommandAnswer } from '../../src/domain/order/command.ts';
import { openWorkflowBundle, type WorkflowBundle } from '../../src/runtime/workflow-bundle.ts';
import { itLong } from '../support/long.ts';
import { feedHistory, workflowTypeOf } from './fed-history.ts';
import { historyNames, protoHistory, readHistory, releasedHistories, releasedVersions } from './history-file.ts';
import { SCENES } from './scenes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const names = historyNames();
const sceneOf = (name: string): string => name.replace(/-run-\d+$/, '');
const isEngine = (name: string): boolean => sceneOf(name).startsWith('engine');
const operations = names.filter((name) => !isEngine(name));

interface ToldGate {
  readonly code: string;
  readonly remedy?: string;
}
type Gates = { readonly details?: { readonly gates?: readonly ToldGate[] } };
const gatesOf = ({ error }: CommandAnswer): readonly ToldGate[] | undefined =>
  (error as Gates | undefined)?.details?.gates;
/**
 * A refusal lists every gate. One that is newer than the recording stands in no recorded answer, and a remedy is in the words of
 * its version.
 */
function withGatesOf(recorded: CommandAnswer, answer: CommandAnswer): CommandAnswer {
  const known = gatesOf(recorded);
  const gates = gatesOf(answer);
  if (answer.error === undefined || known === undefined || gates === undefined) return answer;
  const kept = gates.flatMap((gate) => {
    const then = known.find(({ code }) => code === gate.code);
    return then === undefined ? [] : [then.remedy === undefined ? gate : { ...gate, remedy: then.remedy }];
  });
  return { ...answer, error: { ...answer.error, details: { ...answer.error.details, gates: kept as never } } };
}

/** Before venues said what a settle moves, its answer called every quote asset USD. */
const settledAsNow = (recorded: CommandAnswer): CommandAnswer =>
  'settled_pnl' in recorded.data && recorded.data.quote_asset === undefined
    ? { ...recorded, message: recorded.message.replace(' USD of PnL', ' units of the quote asset of PnL') }
    : recorded;

/** Before a process could run several paper engines, the remedy named none. */
const REMEDY_OF_BEFORE = 'Start with a new paper account (npm start -- --reset-paper).';
const REMEDY_NOW = `Start with a new paper account: npm start -- ${RESET_PAPER}.`;

const namedAsNow = (recorded: CommandAnswer): CommandAnswer =>
  JSON.parse(JSON.stringify(settledAsNow(recorded)).replaceAll(REMEDY_OF_BEFORE, REMEDY_NOW));

let workflowBundle: WorkflowBundle;
beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const folder = join(tmpdir(), 'driftless-test-bundles');
  workflowBundle = await openWorkflowBundle({ root: ROOT, folder, say: () => {} });
});

describe('golden histories', () => {
  it('are there for every scene, and for every kind of workflow', () => {
    expect(new Set(names.map(sceneOf))).toEqual(new Set(SCENES.map(({ name }) => name)));
    const types = new Set(names.map((name) => workflowTypeOf(readHistory(name))));
    const kinds = ['deposit', 'withdraw', 'openPosition', 'closePosition', 'rebalance', 'settle', 'engine'];
    expect([...types].sort()).toEqual(kinds.sort());
  });

  it.each(names)('%s is replayed by the workflows as they are now', async (name) => {
    const history = readHistory(name);
    await Worker.runReplayHistory({ workflowBundle }, protoHistory(history), history.workflowId);
  });

  it('that a changed workflow would no longer make are refused', async () => {
    const history = readHistory('deposit');
    const changed = JSON.parse(JSON.stringify(history).replaceAll('{"name":"submit"}', '{"name":"signAndSend"}'));
    await expect(Worker.runReplayHistory({ workflowBundle }, protoHistory(changed), 'changed')).rejects.toThrow(
      /[Nn]ondeterminism/,
    );
  });

  it.each(operations)('%s, fed to the pure reducer, ends where its workflow ended', (name) => {
    const { state, steps, end } = feedHistory(readHistory(name));
    expect(steps).toBeGreaterThan(0);
    if ('carried' in end) {
      expect(JSON.parse(JSON.stringify(state))).toEqual(end.carried);
    } else {
      expect(state.course).toBe('ended');
      const recorded = namedAsNow(end.answer);
      expect(withGatesOf(recorded, JSON.parse(JSON.stringify(state.answer)))).toEqual(recorded);
    }
  });
});

/** Their operations and engines may run when the present version starts. */
describe.each(releasedVersions())('the histories of %s', (version) => {
  const simplest = ['close', 'deposit', 'engine', 'flatten', 'open', 'rebalance', 'settle', 'withdraw'];
  for (const history of releasedHistories(version)) {
    const plays = simplest.includes(history.name) ? it : itLong;
    plays(`${history.name} is replayed by the workflows as they are now`, async () => {
      await Worker.runReplayHistory({ workflowBundle }, protoHistory(history), history.workflowId);
    });
  }
});
