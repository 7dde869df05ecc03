/** A client on the product's socket that waits for the end of each command. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Result {
  readonly type: string;
  readonly command_id?: string;
  readonly success?: boolean;
  readonly data?: { readonly status?: string };
}

const PATIENCE_MS = 60_000;
/** After these answers the end follows under the same id. */
const FOLLOWED: ReadonlySet<string | undefined> = new Set(['pending', 'unknown']);

export class CommandSocket {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, (result: Result) => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (raw) => {
      const message = JSON.parse(String(raw)) as Result;
      if (message.type !== 'COMMAND_RESULT' || FOLLOWED.has(message.data?.status)) return;
      const id = message.command_id ?? '';
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    });
  }

  /** @param url of the page: of one engine of several, with its path */
  static async open(url: string, token: string): Promise<CommandSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws?token=${token}`, { perMessageDeflate: false });
    await once(socket, 'open');
    return new CommandSocket(socket);
  }

  /** Resolves when the command is done. @throws Error when it ends otherwise */
  async command(action: string, data: object): Promise<void> {
    const commandId = randomUUID();
    const result = await new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no end of ${action}`)), PATIENCE_MS);
      this.#waiting.set(commandId, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
      this.#socket.send(JSON.stringify({ type: 'COMMAND', action, command_id: commandId, data }));
    });
    if (result.data?.status !== 'done') throw new Error(`${action} ended as ${JSON.stringify(result)}`);
  }

  close(): void {
    this.#socket.terminate();
  }
}
