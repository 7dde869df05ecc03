/**
 * Room for connections that have shown no right token yet. Anybody who reaches the port can open as many as they like and
 * say nothing; when there are too many, the oldest of them ends. So a flood of them keeps nobody out who has a token: the
 * newest connection always has time for its request, and one that has shown a token is never ended here.
 */
import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';

export class Strangers {
  /** In the order in which they came. */
  readonly #strangers = new Set<Duplex>();

  constructor(server: Server, room: number) {
    server.on('connection', (connection) => {
      this.#strangers.add(connection);
      connection.once('close', () => this.#strangers.delete(connection));
      if (this.#strangers.size <= room) return;
      const [oldest] = this.#strangers;
      oldest?.destroy();
    });
  }

  /** A right token came over it. */
  admit(connection: Duplex): void {
    this.#strangers.delete(connection);
  }
}
