/** Many sockets in a separate process, which reports when the last of them has the expected message. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export type CrowdRequest =
  | { readonly kind: 'connect'; readonly url: string; readonly token: string; readonly count: number }
  | { readonly kind: 'expect'; readonly text: string };

/** `at`: milliseconds since the epoch, of a clock that all processes of the machine share. */
export interface CrowdReport {
  readonly at: number;
}

const AT_ONCE = 50;

let expected: Buffer | null = null;
let left = 0;
let count = 0;

const report = () => process.send?.({ at: performance.timeOrigin + performance.now() } satisfies CrowdReport);

function onMessage(data: Buffer): void {
  if (expected === null || !data.includes(expected)) return;
  left -= 1;
  if (left > 0) return;
  expected = null;
  report();
}

async function connect(url: string, token: string): Promise<void> {
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    const sockets = Array.from({ length: Math.min(AT_ONCE, count - opened) }, () => {
      const headers = { Authorization: `Bearer ${token}` };
      const socket = new WebSocket(url, { headers, perMessageDeflate: false });
      socket.on('message', (data) => onMessage(data as Buffer));
      return once(socket, 'open');
    });
    await Promise.all(sockets);
  }
}

process.on('message', (request: CrowdRequest) => {
  if (request.kind === 'connect') {
    count = request.count;
    void connect(request.url, request.token).then(report);
    return;
  }
  expected = Buffer.from(request.text);
  left = count;
  report();
});
process.on('disconnect', () => process.exit(0));
