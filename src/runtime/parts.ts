/** Parts are ended in the opposite order of their start, each within its time, whatever the others do. */
import { within } from '../lib/within.ts';
import type { Logger } from './logger.ts';

interface StartedPart {
  readonly name: string;
  readonly withinMs: number;
  readonly stop: () => Promise<unknown>;
}

export class Parts {
  private readonly started: StartedPart[] = [];

  add(name: string, withinMs: number, stop: () => Promise<unknown>): void {
    this.started.push({ name, withinMs, stop });
  }

  async stopAll(logger: Logger): Promise<void> {
    for (let part = this.started.pop(); part !== undefined; part = this.started.pop()) {
      const { name, withinMs, stop } = part;
      const ended = await within(withinMs, stop);
      if (ended.kind === 'late') logger.warn({ stopping: name, withinMs }, 'a part did not stop in time');
      if (ended.kind === 'failed') logger.warn({ err: ended.error, stopping: name }, 'a part did not stop cleanly');
    }
  }
}
