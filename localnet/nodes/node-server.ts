import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { HttpEndpoint } from '../http/endpoint.ts';
import { JsonRpc } from '../http/json-rpc.ts';
import { toJson } from '../json.ts';
import { PubSub } from '../pubsub/pub-sub.ts';
import { dispatch, METHODS } from '../rpc/dispatch.ts';
import type { Network } from '../rpc/methods.ts';
import type { Node } from './node.ts';

const MAX_SOCKET_MESSAGE_BYTES = 64 * 1024;

/** A node on the network: JSON-RPC on one port, its WebSocket on the next (and on the same one). */
export class NodeServer {
  readonly node: Node;
  readonly endpoint: HttpEndpoint;
  readonly pubSub: PubSub;
  readonly #host: string;
  readonly #network: Network;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_SOCKET_MESSAGE_BYTES });

  constructor(node: Node, network: Network, host: string) {
    this.node = node;
    this.#host = host;
    this.#network = network;
    this.pubSub = new PubSub(node);
    const rpc = new JsonRpc(node.name, node.faults, (method, params) => dispatch(node, network, method, params));
    this.endpoint = new HttpEndpoint(host, true, {
      request: (request, response, body) => rpc.handle(request, response, body),
      upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
    });
  }

  get rpcUrl(): string {
    return `http://${this.#host}:${this.endpoint.port}`;
  }

  get wsUrl(): string {
    return `ws://${this.#host}:${this.endpoint.port + 1}`;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.pubSub.add(webSocket);
      // A cut connection is no news here: its subscriptions go with it.
      webSocket.on('error', () => {});
      const calls = new JsonRpc(this.node.name, this.node.faults, (method, params) =>
        Object.hasOwn(METHODS, method)
          ? dispatch(this.node, this.#network, method, params)
          : this.pubSub.perform(webSocket, method, Array.isArray(params) ? params : []),
      );
      webSocket.on('message', (data) => this.#message(webSocket, calls, request, String(data)));
    });
  }

  #message(socket: WebSocket, calls: JsonRpc, request: IncomingMessage, text: string): void {
    let call: { id?: unknown; method?: unknown; params?: unknown };
    try {
      call = JSON.parse(text);
    } catch {
      return void socket.send(toJson({ jsonrpc: '2.0', error: { code: -32700, message: 'Parse error' }, id: null }));
    }
    // A notification (web3.js sends "ping" as one) has no answer.
    if (call.id === undefined) return;
    socket.send(toJson(calls.call({ id: call.id, method: String(call.method), params: call.params }, request)));
  }
}
