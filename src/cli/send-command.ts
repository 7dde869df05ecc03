/** A command over the socket, to its end. */

import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { readMessage } from '../protocol/messages.ts';
import type { CommandResult } from '../protocol/result.ts';
import { PROTOCOL } from '../protocol/version.ts';
import { addressAt, type ClientPlace, NotReachable, nothingAnswers, notLetIn, refuseStranger } from './client.ts';

export interface SentCommand {
  readonly action: string;
  readonly commandId: string;
  readonly data: object;
}

const CONNECT_MS = 5_000;
const AGAIN_MS = 1_000;

/**
 * Sends it, and sends it again under its id after a lost connection, until there is an end: the same id never does it
 * twice. `onPending` is called once with an answer that is not the end yet.
 * @throws NotReachable when nothing answers at all, or no end came within `withinMs`
 */
export async function sendCommand(
  place: ClientPlace,
  sent: SentCommand,
  withinMs: number,
  onPending: (first: CommandResult) => void,
): Promise<CommandResult> {
  const deadline = performance.now() + withinMs;
  let pending: CommandResult | null = null;
  let reached = false;
  for (;;) {
    const socket = await connect(place).catch((error: unknown) => {
      if (!reached || !(error instanceof NotReachable) || performance.now() > deadline) throw error;
      return null;
    });
    if (socket !== null) {
      reached = true;
      const leftMs = Math.max(1, deadline - performance.now());
      const end = await exchange(socket, sent, leftMs, (first) => {
        if (pending === null) onPending(first);
        pending = first;
      });
      if (end !== null) return end;
    }
    if (performance.now() > deadline) {
      if (pending !== null) return pending;
      throw new NotReachable(
        `No answer from ${place.url}. It may have been accepted: ask again with --command-id ${sent.commandId}.`,
      );
    }
    await pause(AGAIN_MS);
  }
}

async function connect(place: ClientPlace): Promise<WebSocket> {
  refuseStranger(place);
  const at = addressAt(place, '/ws');
  at.protocol = at.protocol === 'https:' ? 'wss:' : 'ws:';
  const headers = { authorization: `Bearer ${place.token}` };
  const socket = new WebSocket(at, { headers, handshakeTimeout: CONNECT_MS });
  return await new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, { statusCode }) => {
      const denied = statusCode === 401 || statusCode === 403;
      reject(denied ? notLetIn(place) : new NotReachable(`${place.url} answered with HTTP ${statusCode}.`));
      socket.terminate();
    });
    socket.on('error', (error) => reject(nothingAnswers(place, error)));
  });
}

/** Null: the connection was lost, or the time is over. */
function exchange(
  socket: WebSocket,
  { action, commandId, data }: SentCommand,
  withinMs: number,
  onPending: (first: CommandResult) => void,
): Promise<CommandResult | null> {
  return new Promise((resolve) => {
    const end = (result: CommandResult | null) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(result);
    };
    const timer = setTimeout(() => end(null), withinMs);
    socket.on('message', (text) => {
      const message = readMessage(text.toString());
      if (message?.type !== 'COMMAND_RESULT' || message.command_id !== commandId) return;
      if (message.data.status === 'pending' || message.data.status === 'unknown') onPending(message);
      else end(message);
    });
    socket.on('close', () => end(null));
    socket.send(JSON.stringify({ type: 'COMMAND', protocol: PROTOCOL, action, command_id: commandId, data }));
  });
}
