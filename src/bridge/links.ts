/** Addresses where a person sees more: the chain's explorer, Temporal's own page of a workflow. */
import { explorerOf } from '../domain/explorer.ts';
import { operationWorkflowId } from '../domain/ids.ts';

export interface Links {
  /** Null where there is no explorer (paper). */
  explorer(signature: string): string | null;
  workflow(operationId: string): string | null;
  engine(engineId: string): string | null;
}

export interface LinkSettings {
  readonly explorerUrl: string | null;
  readonly temporalUiUrl: string | null;
  readonly temporalNamespace: string;
}

export const linksOf = ({ explorerUrl, temporalUiUrl, temporalNamespace }: LinkSettings): Links => {
  const workflowPage = (workflowId: string): string | null =>
    temporalUiUrl === null
      ? null
      : `${temporalUiUrl.replace(/\/$/, '')}/namespaces/${encodeURIComponent(temporalNamespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return {
    explorer: explorerOf(explorerUrl),
    workflow: (operationId) => workflowPage(operationWorkflowId(operationId)),
    engine: workflowPage,
  };
};
