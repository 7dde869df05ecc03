/**
 * All engines of the journal with their last figures. Of a thousand engines that is a thousand snapshots: they are read a
 * turn of the event loop each, once for all who ask meanwhile, and who asks during a long read gets the list of before.
 */
import { setImmediate } from 'node:timers/promises';
import { decodePolicy, type Policy, type PolicyJson } from '../domain/hedge/policy.ts';
import type { Journal } from '../journal/journal.ts';
import type * as z from '../lib/codec.ts';
import { TransientError } from '../lib/errors.ts';
import { within } from '../lib/within.ts';
import type { Engines } from '../protocol/api.ts';
import type { EngineInfo } from '../protocol/history.ts';
import { engineInfo, readable, totalsOf } from './account-answers.ts';
import { ENGINE_LIST_WAIT_MS, LOOKUP_LOST_MS } from './limits.ts';
import type { ServedEngine } from './ports.ts';

type ListedEngine = Omit<z.input<typeof EngineInfo>, 'current'>;

export class EngineList {
  readonly #served: ReadonlyMap<string, ServedEngine>;
  readonly #fallback: Policy;
  #reading: Promise<readonly ListedEngine[]> | null = null;
  #last: readonly ListedEngine[] | null = null;

  /** @param policy for a record of a version that did not name its settings */
  constructor(served: readonly ServedEngine[], policy: PolicyJson) {
    this.#served = new Map(served.map((one) => [one.engineId, one]));
    this.#fallback = decodePolicy(policy);
  }

  /** @param engineId whose page or API asks */
  async read(journal: Journal, engineId: string): Promise<z.input<typeof Engines>> {
    const rows = await this.#rows(journal);
    const items = rows.map((row) => ({ ...row, current: row.engine_id === engineId }));
    return { items, totals: totalsOf(items), next_cursor: null };
  }

  async #rows(journal: Journal): Promise<readonly ListedEngine[]> {
    this.#reading ??= this.#inTime(journal).finally(() => {
      this.#reading = null;
    });
    const reading = this.#reading;
    if (this.#last === null) return await reading;
    const waited = await within(ENGINE_LIST_WAIT_MS, () => reading);
    if (waited.kind === 'failed') throw waited.error;
    return waited.kind === 'value' ? waited.value : this.#last;
  }

  /** A journal that hangs does not keep later reads from beginning. */
  async #inTime(journal: Journal): Promise<readonly ListedEngine[]> {
    const waited = await within(LOOKUP_LOST_MS, () => this.#readAll(journal));
    if (waited.kind === 'value') return waited.value;
    throw waited.kind === 'failed' ? waited.error : new TransientError('UNAVAILABLE', 'The journal does not answer.');
  }

  async #readAll(journal: Journal): Promise<readonly ListedEngine[]> {
    const rows: ListedEngine[] = [];
    for (const record of await journal.engines()) {
      const last = await journal.latestSnapshot(record.engineId);
      const served = this.#served.get(record.engineId) ?? null;
      rows.push(engineInfo(record, readable(last?.snapshot ?? null), { served, fallback: this.#fallback }));
      // An embedded database answers within the microtasks of its caller.
      await setImmediate();
    }
    this.#last = rows;
    return rows;
  }
}
