/** The signer's socket: one request a connection, a line of JSON each way. */
import { chmodSync, chownSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { MAX_REQUEST_BYTES, SIGNER_REPLY, SIGNER_REQUEST, type SignerReply } from '../chain/signer-protocol.ts';
import * as z from '../lib/codec.ts';
import { CriticalError } from '../lib/errors.ts';
import type { SignerService } from './signer-service.ts';

/** Its owner and its group may connect. */
const SOCKET_MODE = 0o660;
const IDLE_MS = 5_000;
const MAX_CONNECTIONS = 64;
const NEWLINE = 0x0a;

export interface SignerServer {
  readonly close: () => Promise<void>;
}

/** @throws CriticalError SIGNER_SOCKET */
export async function serveSigner(path: string, service: Pick<SignerService, 'answer'>): Promise<SignerServer> {
  if (await somebodyAnswers(path)) {
    throw new CriticalError('SIGNER_SOCKET', `Another signer listens at ${path} already. Stop it first.`);
  }
  rmSync(path, { force: true });
  const server = createServer((socket) => receive(socket, service));
  server.maxConnections = MAX_CONNECTIONS;
  await listening(server, path);
  // Connecting needs write permission; the folder decides who comes this far.
  chownSync(path, -1, statSync(dirname(path)).gid);
  chmodSync(path, SOCKET_MODE);
  return {
    close: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listening(server: Server, path: string): Promise<void> {
  // Nobody but us may connect before the mode is set.
  const before = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CriticalError('SIGNER_SOCKET', `The socket ${path} cannot be opened: ${why}.`);
  } finally {
    process.umask(before);
  }
}

const somebodyAnswers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

function receive(socket: Socket, service: Pick<SignerService, 'answer'>): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let answered = false;
  const reply = (answer: SignerReply): void => void socket.end(`${JSON.stringify(z.encode(SIGNER_REPLY, answer))}\n`);
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    if (answered) return;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes <= MAX_REQUEST_BYTES && !chunk.includes(NEWLINE)) return;
    answered = true;
    answerTo(Buffer.concat(chunks), service).then(reply, () => socket.destroy());
  });
}

async function answerTo(bytes: Buffer, service: Pick<SignerService, 'answer'>): Promise<SignerReply> {
  const end = bytes.indexOf(NEWLINE);
  const request = end < 0 || end > MAX_REQUEST_BYTES ? null : requestIn(bytes.subarray(0, end).toString('utf8'));
  if (request !== null) return await service.answer(request);
  const message =
    'The request is no line of JSON that this signer reads. Use the same version of Driftless on both sides.';
  return { type: 'refused', code: 'REQUEST_MALFORMED', message, passing: false };
}

function requestIn(text: string) {
  try {
    return z.decodeExactly(SIGNER_REQUEST, JSON.parse(text));
  } catch {
    return null;
  }
}
