/** What was started is ended in the opposite order, each within its time, whatever the others do. */
import type { Logger } from './logger.ts';

interface Part {
  readonly name: string;
  readonly withinMs: number;
  readonly stop: () => Promise<unknown>;
}

export class Parts {
  private readonly started: Part[] = [];

  add(name: string, withinMs: number, stop: () => Promise<unknown>): void {
    this.started.push({ name, withinMs, stop });
  }

  async stopAll(logger: Logger): Promise<void> {
    for (let part = this.started.pop(); part !== undefined; part = this.started.pop()) {
      const { name, withinMs, stop } = part;
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<'too long'>((resolve) => {
        timer = setTimeout(() => resolve('too long'), withinMs);
      });
      try {
        const ended = await Promise.race([stop(), tooLong]);
        if (ended === 'too long') logger.warn({ stopping: name, withinMs }, 'a part did not stop in time');
      } catch (error) {
        logger.warn({ err: error, stopping: name }, 'a part did not stop cleanly');
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
