/** Addresses where a person sees more: the chain's explorer, Temporal's own page of a workflow. */
import { explorerOf } from '../domain/figures/explorer.ts';
import { operationWorkflowId } from '../lib/ids.ts';

export interface Links {
  /** Null where there is no explorer (paper). */
  explorer(signature: string): string | null;
  workflow(operationId: string): string | null;
  engine(engineId: string): string | null;
  /** The command that gives a verdict from a terminal, complete but for the words in capitals. */
  signal(operationId: string): string;
}

interface LinkSettings {
  readonly explorerUrl: string | null;
  readonly temporalUiUrl: string | null;
  readonly temporalNamespace: string;
  /** `host:port`; null: the CLI's own default. */
  readonly temporalAddress: string | null;
}

export const linksOf = ({ explorerUrl, temporalUiUrl, temporalNamespace, temporalAddress }: LinkSettings): Links => {
  const workflowPage = (workflowId: string): string | null =>
    temporalUiUrl === null
      ? null
      : `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return {
    explorer: explorerOf(explorerUrl),
    workflow: (operationId) => workflowPage(operationWorkflowId(operationId)),
    engine: workflowPage,
    signal: (operationId) =>
      [
        'temporal workflow signal',
        ...(temporalAddress === null ? [] : [`--address ${temporalAddress}`]),
        `--namespace ${temporalNamespace}`,
        `--workflow-id ${operationWorkflowId(operationId)}`,
        '--name resolveTransaction',
        `--input '{"verdict":"LANDED_OR_FAILED_OR_RETRY","operator":"YOUR_NAME","note":"WHAT_YOU_SAW"}'`,
      ].join(' '),
  };
};
