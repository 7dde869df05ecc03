/** Commands as the engine receives them, and its answers. */
import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { AskedOperation } from './operation-request.ts';
import { OPERATIONS } from './operations.ts';

export const ACTIONS = [
  'START_ENGINE',
  'STOP_ENGINE',
  'GET_STATE',
  'REBALANCE',
  'FLATTEN',
  'RESUME',
  'DRIFT_DEPOSIT',
  'DRIFT_WITHDRAW',
  'DRIFT_OPEN_POSITION',
  'DRIFT_CLOSE_POSITION',
  'SETTLE_PNL',
  'ADOPT_POSITION',
  'ENABLE_AUTO_CARRY',
  'RESOLVE_TRANSACTION',
] as const;
export type Action = (typeof ACTIONS)[number];

/** A command after parsing at the edge: a request for an operation, or a control command. */
export type CommandRequest = AskedOperation | ControlRequest;

export type ControlRequest =
  | { readonly action: 'START_ENGINE'; readonly mode: Mode }
  | { readonly action: 'STOP_ENGINE' | 'GET_STATE' | 'RESUME' }
  | { readonly action: 'ADOPT_POSITION'; readonly market: string }
  | { readonly action: 'ENABLE_AUTO_CARRY'; readonly market: string; readonly policyHash: string }
  | {
      readonly action: 'RESOLVE_TRANSACTION';
      readonly operationId: string;
      readonly verdict: Verdict;
      readonly note: string;
    };

export type Mode = 'paper' | 'live';
export type Verdict = 'landed' | 'failed' | 'retry';

export const isOperation = (request: CommandRequest): request is AskedOperation => 'kind' in request;

/** Its name in the protocol. */
export const actionOf = (request: CommandRequest): Action =>
  isOperation(request) ? OPERATIONS[request.kind].action : request.action;

export interface CommandEnvelope {
  readonly commandId: string;
  readonly request: CommandRequest;
  /** Hash of action and data without the confirmation token; the same id with another hash is COMMAND_ID_CONFLICT. */
  readonly requestHash: string;
  readonly confirmationToken?: string;
  readonly operator: string;
  /** Wall clock. After this time the handler refuses with COMMAND_EXPIRED, so nothing trades late. */
  readonly receivedAtMs: number;
  readonly notAfterMs: number;
  /** The bridge's signature, hexadecimal: `signed-command.ts`. Absent: whoever sent it reached Temporal without a bridge. */
  readonly mac?: string;
}

export type CommandStatus = 'done' | 'pending' | 'confirmation_required' | 'rejected' | 'failed' | 'unknown';

/** COMMAND_RESULT without its type, action and command_id. `success` is true only for done and pending. */
export interface CommandAnswer {
  readonly success: boolean;
  readonly message: string;
  readonly data: { readonly status: CommandStatus; readonly [field: string]: Json | undefined };
  readonly error?: ErrorReport;
}

/** A final answer is recorded and never changes; any other may be followed by another. */
export const isFinal = (answer: CommandAnswer): boolean =>
  answer.data.status !== 'pending' && answer.data.status !== 'confirmation_required';

export const done = (message: string, data: Readonly<Record<string, Json | undefined>> = {}): CommandAnswer => ({
  success: true,
  message,
  data: { ...data, status: 'done' },
});

export const refused = (
  error: ErrorReport,
  status: Exclude<CommandStatus, 'done' | 'pending'> = 'rejected',
  data: Readonly<Record<string, Json | undefined>> = {},
): CommandAnswer => ({ success: false, message: error.message, data: { ...data, status }, error });
