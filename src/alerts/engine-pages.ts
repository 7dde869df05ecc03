/** How a message names the engine that it is about, and where it leads: to the page of that engine. */
import type { Alert } from '../domain/alerts/alert.ts';
import { isOfProcess } from '../domain/alerts/alert.ts';
import type { EngineNames } from '../domain/engine/engine-names.ts';

type OfEngine = Pick<Alert, 'engineId' | 'code'>;

/** A longer address of a page (an id holds the path of a price file) would take the room of the message. */
const MOST_ID_CHARS = 200;

/** What concerns every engine of the process. */
const ALL_ENGINES = 'all engines';

export class EnginePages {
  readonly #names: () => EngineNames;
  /** The page of the process's own engine, without a token. */
  readonly #root: string;

  /** @param names as they are now: an engine of an earlier version goes on under another id */
  constructor(root: string, names: () => EngineNames) {
    this.#root = root;
    this.#names = names;
  }

  /** Null: there is only one engine, so nothing has to be told apart. */
  nameOf(alert: OfEngine): string | null {
    const names = this.#names();
    if (alert.engineId === null || isOfProcess(alert)) return names.areSeveral ? ALL_ENGINES : null;
    return names.nameOf(alert.engineId);
  }

  /** One page for one engine, the list of engines for several. */
  linkTo(alerts: readonly OfEngine[]): string {
    const pages = new Set(alerts.map((alert) => this.#pageOf(alert)));
    const [page = this.#root] = pages;
    return pages.size > 1 ? `${this.#root}engines` : page;
  }

  #pageOf(alert: OfEngine): string {
    const { engineId } = alert;
    const isOwn = engineId === null || engineId === this.#names().own.engineId || isOfProcess(alert);
    if (isOwn) return this.#root;
    const written = encodeURIComponent(engineId);
    return `${this.#root}engines${written.length > MOST_ID_CHARS ? '' : `/${written}`}`;
  }
}
