/** A local endpoint that answers as a messenger's does, by a script; it keeps what it was sent. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `hang`: no answer; `drop`: the connection is closed. */
export type Scripted = Answer | 'hang' | 'drop';

export class MessengerEndpoint {
  readonly received: Received[] = [];
  /** Taken one by one; after the last one everything is accepted. */
  script: Scripted[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<MessengerEndpoint> {
    const server = createServer();
    const endpoint = new MessengerEndpoint(server);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        endpoint.received.push({ path: request.url ?? '', headers: request.headers, text });
        const answer = endpoint.script.shift() ?? { status: 200, body: '{"ok":true}' };
        if (answer === 'drop') request.socket.destroy();
        else if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return endpoint;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
