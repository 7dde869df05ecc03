/** An alert, from where it is raised to where a person reads it. */
import type { ErrorDetails, Json } from '../../lib/errors.ts';
import { hashJson } from '../../lib/ids.ts';
import type { AlertSeverity } from './alert-row.ts';
import {
  type AlertCode,
  type AlertDetails,
  alertRow,
  type OverDetails,
  type PlainCode,
  type StandingCode,
} from './alert-table.ts';

export interface Alert {
  /** Derived from what caused it: the same cause gives the same id, so that a repeated write adds nothing. */
  readonly id: string;
  /** Null: of the process itself, whichever engine one looks at. */
  readonly engineId: string | null;
  /** `recovered`: what the code told of is over. */
  readonly kind: 'alert' | 'recovered';
  readonly severity: AlertSeverity;
  /** An `AlertCode`; a journal of another version may hold others. */
  readonly code: string;
  readonly message: string;
  /** What to do; empty with `recovered`. */
  readonly action: string;
  readonly operationId: string | null;
  readonly details: Json;
  readonly tsMs: number;
}

/** What there is to tell, before it has an id and a time. */
export type AlertDraft =
  | {
      [Code in AlertCode]: { readonly kind: 'alert'; readonly code: Code; readonly details: AlertDetails<Code> };
    }[AlertCode]
  | {
      [Code in StandingCode]: { readonly kind: 'recovered'; readonly code: Code; readonly details: OverDetails<Code> };
    }[StandingCode];

export const raised = <Code extends AlertCode>(code: Code, details: AlertDetails<Code>): AlertDraft =>
  ({ kind: 'alert', code, details }) as AlertDraft;

export function recovered(code: PlainCode): AlertDraft;
export function recovered<Code extends StandingCode>(code: Code, details: OverDetails<Code>): AlertDraft;
export function recovered(code: StandingCode, details: unknown = {}): AlertDraft {
  return { kind: 'recovered', code, details } as AlertDraft;
}

/** The words of a draft, from the table. */
export function alertText(draft: AlertDraft): Pick<Alert, 'severity' | 'message' | 'action'> {
  const row = alertRow(draft.code);
  const details = draft.details as never;
  if (draft.kind === 'recovered') return { severity: 'info', message: row.over?.(details) ?? '', action: '' };
  return {
    severity: typeof row.severity === 'function' ? row.severity(details) : row.severity,
    message: row.happened(details),
    action: typeof row.action === 'function' ? row.action(details) : row.action,
  };
}

/** Both in one: for what stands beside an alert and says the same, such as a restriction of trading. */
export function alertReason(draft: AlertDraft): string {
  const { message, action } = alertText(draft);
  return `${message} ${action}`;
}

interface NewAlert {
  readonly id: string;
  readonly engineId: string | null;
  readonly tsMs: number;
  readonly draft: AlertDraft;
  readonly operationId?: string;
  /** What the details hold beyond those of the draft. */
  readonly context?: ErrorDetails;
  /** Sentences that end the action: where to look. */
  readonly whereToLook?: readonly string[];
}

/** The one way to make an alert. */
export function newAlert({ id, engineId, tsMs, draft, operationId, context, whereToLook = [] }: NewAlert): Alert {
  const { severity, message, action } = alertText(draft);
  return {
    id,
    engineId,
    kind: draft.kind,
    severity,
    code: draft.code,
    message,
    action: [action, ...whereToLook].filter((text) => text !== '').join(' '),
    operationId: operationId ?? null,
    details: { ...(draft.details as ErrorDetails), ...context },
    tsMs,
  };
}

/** Raised in the name of the process's own engine; every engine of the process is without the part. */
const CODES_OF_PROCESS: ReadonlySet<string> = new Set<AlertCode>([
  ...(['TEMPORAL_UNAVAILABLE', 'JOURNAL_UNAVAILABLE', 'WORKER_UNAVAILABLE'] as const),
]);

export const isOfProcess = ({ code }: Pick<Alert, 'code'>): boolean => CODES_OF_PROCESS.has(code);

/** The id of what an engine tells: `cause` is what must differ before the same code is told again. */
export const alertId = (
  engineId: string,
  { kind, code }: Pick<AlertDraft, 'kind' | 'code'>,
  cause: string | null,
): string => hashJson([engineId, kind, code, cause]).slice(0, 32);
