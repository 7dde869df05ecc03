/** A refused WebSocket upgrade: answered as HTTP, with the structured error as its body. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ErrorReport } from '../lib/errors.ts';

export function refuseUpgrade(stream: Duplex, status: number, error: ErrorReport): void {
  const body = JSON.stringify({ error });
  stream.once('error', () => {});
  // Else a peer that does not close its half keeps ours open.
  stream.once('finish', () => stream.destroy());
  stream.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
