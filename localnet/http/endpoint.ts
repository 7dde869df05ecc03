import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** The same as a validator's default. */
const MAX_BODY_BYTES = 50 * 1024;
const PORT_TRIES = 50;

interface EndpointHandlers {
  readonly request: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly maxBodyBytes?: number;
}

/**
 * An HTTP server that can vanish and come back on the same port: while it is gone nothing listens, as when a process is
 * down. With `pair` it also listens on the next port, where Solana clients look for the WebSocket.
 */
export class HttpEndpoint {
  readonly #host: string;
  readonly #handlers: EndpointHandlers;
  readonly #pair: boolean;
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];
  #port = 0;
  #busy: Promise<void> = Promise.resolve();

  constructor(host: string, pair: boolean, handlers: EndpointHandlers) {
    this.#host = host;
    this.#pair = pair;
    this.#handlers = handlers;
  }

  get port(): number {
    return this.#port;
  }

  get isListening(): boolean {
    return this.#servers.length > 0;
  }

  /** @param port 0: any that is free */
  async listen(port: number): Promise<void> {
    for (let i = 1; ; i++) {
      try {
        return await this.#listenOnce(port);
      } catch (error) {
        if (port !== 0 || i >= PORT_TRIES) throw error;
      }
    }
  }

  /** Stops listening and cuts every connection; `listen` brings it back. */
  vanish(): Promise<void> {
    return this.#after(async () => {
      const servers = this.#servers.splice(0);
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)));
      for (const socket of this.#sockets) socket.destroy();
      await Promise.all(closed);
    });
  }

  comeBack(): Promise<void> {
    return this.#after(async () => {
      if (!this.isListening) await this.#listenOnce(this.#port);
    });
  }

  async #after(step: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(step, step);
    await this.#busy;
  }

  async #listenOnce(port: number): Promise<void> {
    const first = await this.#open(port);
    const opened = [first];
    try {
      const got = (first.address() as AddressInfo).port;
      if (this.#pair) opened.push(await this.#open(got + 1));
      this.#port = got;
      this.#servers = opened;
    } catch (error) {
      for (const server of opened) server.close();
      throw error;
    }
  }

  #open(port: number): Promise<Server> {
    const server = createServer((request, response) => void this.#receive(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    if (this.#handlers.upgrade !== undefined) server.on('upgrade', this.#handlers.upgrade);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.#host, () => {
        server.off('error', reject);
        resolve(server);
      });
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    let bytes = 0;
    const most = this.#handlers.maxBodyBytes ?? MAX_BODY_BYTES;
    try {
      for await (const part of request as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > most) return void response.writeHead(413, { connection: 'close' }).end();
        parts.push(part);
      }
    } catch {
      return;
    }
    this.#handlers.request(request, response, Buffer.concat(parts).toString('utf8'));
  }
}

/** A browser may ask from any page: this is a chain for trying things out. */
const HEADERS = {
  'content-type': 'application/json',
  'access-control-allow-origin': '*',
  'access-control-allow-headers': '*',
  'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
};

export function answer(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...HEADERS, 'content-length': Buffer.byteLength(body), ...headers }).end(body);
}
