/** The messages that the engine sends over the socket, each under its type. */
import * as z from '../lib/codec.ts';
import { AlertInfo } from './alert.ts';
import { EngineStatus } from './engine.ts';
import { ErrorInfo } from './error.ts';
import { FundingUpdate } from './market.ts';
import { TransactionUpdate } from './operation.ts';
import { CommandResult, StateResult } from './result.ts';
import { State } from './state.ts';

const broadcast = <Type extends string, Data extends z.Codec<unknown, unknown>>(type: Type, data: Data) =>
  z.object({ type: z.literal(type), data });

/** What every socket gets, asked or not. */
export const BROADCASTS = {
  SYSTEM_STATS: broadcast('SYSTEM_STATS', State),
  ENGINE_STATUS: broadcast('ENGINE_STATUS', EngineStatus),
  FUNDING_UPDATE: broadcast('FUNDING_UPDATE', FundingUpdate),
  TRANSACTION_UPDATE: broadcast('TRANSACTION_UPDATE', TransactionUpdate),
  ALERT: broadcast('ALERT', AlertInfo),
} as const;
export type BroadcastType = keyof typeof BROADCASTS;
export type BroadcastData<Type extends BroadcastType> = z.input<(typeof BROADCASTS)[Type]>['data'];

export const NotUnderstood = z.object({
  type: z.literal('ERROR'),
  level: z.literal('warning'),
  error: ErrorInfo,
});

export const MESSAGES = {
  COMMAND_RESULT: z.union([CommandResult, StateResult]),
  ERROR: NotUnderstood,
  ...BROADCASTS,
} as const;
export type MessageType = keyof typeof MESSAGES;

/** As the page takes them: of a state that was asked for, what every result has. */
const READERS = { ...MESSAGES, COMMAND_RESULT: CommandResult } as const;
export type ServerMessage = z.output<(typeof READERS)[MessageType]>;

/** Null: not JSON, of an unknown type, or without a field that it cannot be understood without. */
export function readMessage(text: string): ServerMessage | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const type = typeof json === 'object' && json !== null && 'type' in json ? json.type : null;
  if (typeof type !== 'string' || !Object.hasOwn(READERS, type)) return null;
  return z.read<ServerMessage>(
    READERS[type as MessageType] as z.Codec<unknown, unknown> as z.Codec<ServerMessage, unknown>,
    json,
  );
}

/** @throws CriticalError DATA_INVALID unless it is exactly one of our messages */
export function checkMessage(json: unknown): void {
  const type = typeof json === 'object' && json !== null && 'type' in json ? String(json.type) : '';
  z.decodeExactly<unknown>(MESSAGES[type as MessageType] ?? NotUnderstood, json);
}
