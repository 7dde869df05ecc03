/** Sees to it that our engine runs in Temporal with this process's policy, over an account that exists. */
import { randomUUID } from 'node:crypto';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { WorkflowLookup } from '../../activities/engine.ts';
import type { engine as engineWorkflow } from '../../workflows/engine/engine.ts';
import { configureSignal, type EngineConfiguration, type EngineTuning } from '../../workflows/messages.ts';
import { WORKFLOW_TASK_TIMEOUT } from '../../workflows/retry-policies.ts';
import type { PolicyJson } from '../domain/hedge/policy.ts';
import { formatAmount } from '../domain/money/amounts.ts';
import type { Journal } from '../journal/journal.ts';
import { PaperVenue } from '../venues/paper/paper-venue.ts';
import type { PaperSettings } from './config.ts';
import { keptHistories } from './kept-histories.ts';
import type { VenueRegistry } from './venues.ts';
import { TASK_QUEUE } from './worker.ts';

const CALL_MS = 10_000;

export interface EngineStart {
  readonly client: Client;
  readonly journal: Journal;
  readonly venues: VenueRegistry;
  readonly engineId: string;
  /** In ENGINES_FILE; absent: the process's own. */
  readonly name?: string;
  readonly policy: PolicyJson;
  readonly tuning: EngineTuning;
  readonly paper: PaperSettings;
  readonly say: (line: string) => void;
  /** By default the product's. */
  readonly taskQueue?: string;
}

export const workflowLookup = (client: Client): WorkflowLookup => ({
  ...keptHistories(client),
  async state(workflowId) {
    try {
      const { status } = await client.connection.withDeadline(Date.now() + CALL_MS, () =>
        client.workflow.getHandle(workflowId).describe(),
      );
      return status.name === 'RUNNING' ? 'running' : 'closed';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'not_found';
      throw error;
    }
  },
});

/** Of the newest run under this id; null: Temporal knows none. */
export async function lastRunId(client: Client, workflowId: string): Promise<string | null> {
  try {
    const { runId } = await client.connection.withDeadline(Date.now() + CALL_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    );
    return runId;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

const described = ({ sol, usdc, walletSol, fundingPeriodMs }: PaperSettings): string =>
  `${formatAmount(sol, 9)} SOL, ${formatAmount(usdc, 6)} USDC, ${formatAmount(walletSol, 9)} SOL in the wallet, ` +
  `funding every ${fundingPeriodMs / 1_000} s`;

/** PAPER_* and FUNDING_PERIOD_SECONDS apply to a new account only: a difference is shown. */
async function tellDifference({ journal, engineId, name, paper, say }: EngineStart): Promise<void> {
  const terms = await PaperVenue.accountTerms(journal, engineId);
  if (terms === null) return;
  const began = described({ ...terms, fundingPeriodMs: terms.periodMs ?? paper.fundingPeriodMs });
  if (began === described(paper)) return;
  say(
    `Note: this paper account started with ${began}. The settings (${described(paper)}) apply to\n` +
      `      new accounts only. To start one: npm start -- --reset-paper${name === undefined ? '' : `=${name}`}`,
  );
}

/**
 * Starts the engine, or gives the one that runs this process's settings, upon which it compares its stores too. Call it
 * before the worker polls: Temporal hands the settings to the current run, whichever number that has, ahead of all else,
 * so this process's worker never acts on other settings. Without Temporal it throws, and the start ends.
 */
export async function startEngine(start: EngineStart): Promise<void> {
  const { client, venues, engineId, policy, tuning } = start;
  const running = (await workflowLookup(client).state(engineId)) === 'running';
  // If a running engine remembers an account that the journal lacks, no new one is made: the engine sets a restriction.
  if (!running || (await venues.accountExists(engineId))) await venues.seed(engineId);
  if (policy.mode === 'paper') await tellDifference(start);
  await client.connection.withDeadline(Date.now() + CALL_MS, () =>
    client.workflow.signalWithStart<typeof engineWorkflow, [EngineConfiguration]>('engine', {
      workflowId: engineId,
      taskQueue: start.taskQueue ?? TASK_QUEUE,
      workflowTaskTimeout: WORKFLOW_TASK_TIMEOUT,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      args: [{ engineId, policy, tuning, carried: null }],
      signal: configureSignal,
      signalArgs: [{ id: randomUUID(), policy, tuning }],
      staticSummary: `Engine of ${engineId}`,
    }),
  );
}
