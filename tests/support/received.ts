/** Whatever a test receives from a bridge is held against the protocol: a field more, less or of another type fails it. */
import * as z from '../../src/lib/codec.ts';
import { ANSWERS, HttpError } from '../../src/protocol/api.ts';
import { checkMessage } from '../../src/protocol/messages.ts';

export interface Message {
  readonly type: string;
  readonly action?: string | null;
  readonly command_id?: string | null;
  readonly success?: boolean;
  readonly message?: string;
  readonly level?: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
  readonly data?: any;
  readonly error?: { readonly code: string; readonly message: string; readonly details?: Record<string, unknown> };
}

/** Throws when `text` is none of our messages, or not exactly. */
export function receivedMessage(text: string): Message {
  const message = JSON.parse(text) as Message;
  try {
    checkMessage(message);
  } catch (error) {
    throw new Error(`a message against the protocol: ${(error as Error).message}; it was ${text}`);
  }
  return message;
}

/** The same response, checked where it is JSON. */
export async function receivedResponse(path: string, response: Response): Promise<Response> {
  if (response.headers.get('content-type')?.includes('json') !== true || response.status === 204) return response;
  const text = await response.clone().text();
  if (text === '') return response;
  const answers: Readonly<Record<string, z.Codec<unknown, unknown>>> = ANSWERS;
  const address = path.split('?', 1)[0] ?? '';
  const isError = response.status >= 400 && address !== '/readyz';
  try {
    z.decodeExactly<unknown>(isError ? HttpError : (answers[address] ?? HttpError), JSON.parse(text));
  } catch (error) {
    throw new Error(`${path} answers against the protocol: ${(error as Error).message}; it was ${text}`);
  }
  return response;
}
