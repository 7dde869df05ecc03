/** A product in a folder of its own: started with a shared build, killed, started again on the same folder, cleaned up. */
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../../src/runtime/processes.ts';
import { makeTestDataFolder } from './pglite-image.ts';
import { type Message, Product, productEnv, START, until } from './product.ts';
import { Caller } from './product-caller.ts';
import { receivedResponse } from './received.ts';
import { SHARED_CACHE } from './shared-builds.ts';

const SHARED_KEPT = 8;
const TOKEN = 'token-of-the-product-tests-51c2';

export interface StateView {
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever came over the wire
  readonly [field: string]: any;
}

/** Gives a data folder what an earlier product of the tests has built, and an empty database, before the first start. */
export async function shareBuild(home: string, { journal = true } = {}): Promise<void> {
  if (existsSync(SHARED_CACHE)) await cp(SHARED_CACHE, join(home, 'cache'), { recursive: true });
  if (journal) await makeTestDataFolder(join(home, 'journal'), { withSchema: true });
}

export class ProductRun {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #callers: Caller[] = [];
  readonly #products: Product[] = [];

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.env = env;
  }

  /**
   * A folder of its own, nothing started.
   * @param journal whether an empty database is there already: to make it takes seconds of a first start
   */
  static async open(settings: NodeJS.ProcessEnv = {}, { journal = true } = {}): Promise<ProductRun> {
    const folder = await mkdtemp(join(tmpdir(), 'driftless-product-'));
    const env = await productEnv({ DRIFTLESS_TOKEN: TOKEN, POLL_INTERVAL_SECONDS: '1', ...settings });
    await shareBuild(join(folder, '.driftless'), { journal });
    return new ProductRun(folder, env);
  }

  /** Starts it, and waits until /readyz says that every part is there. */
  async start(args: readonly string[] = [], script = START): Promise<this> {
    await this.launch(args, script).ready();
    await until(`every part to be ready; it said:\n${this.product.output}`, () => this.isReady());
    await this.#share();
    return this;
  }

  /** Starts it and waits for nothing. */
  launch(args: readonly string[] = [], script = START): Product {
    const product = new Product(this.folder, this.env, args, script);
    this.#products.push(product);
    return product;
  }

  async #share(): Promise<void> {
    const cache = join(this.folder, '.driftless', 'cache');
    await mkdir(SHARED_CACHE, { recursive: true });
    const shared = await readdir(SHARED_CACHE);
    for (const name of await readdir(cache)) {
      if (shared.includes(name)) continue;
      const unfinished = join(SHARED_CACHE, `unfinished.${process.pid}.${name}`);
      await cp(join(cache, name), unfinished, { recursive: true });
      await rename(unfinished, join(SHARED_CACHE, name)).catch(() => rm(unfinished, { recursive: true, force: true }));
    }
    // What other versions of the sources left.
    const ages = await Promise.all(
      shared.map(async (name) => {
        // Another run may clean up at the same time.
        const found = await stat(join(SHARED_CACHE, name)).catch(() => null);
        return { name, at: found?.mtimeMs ?? 0 };
      }),
    );
    for (const { name } of ages.sort((a, b) => b.at - a.at).slice(SHARED_KEPT)) {
      await rm(join(SHARED_CACHE, name), { recursive: true, force: true });
    }
  }

  /** The process that was started last. */
  get product(): Product {
    const product = this.#products.at(-1);
    if (product === undefined) throw new Error('nothing was started yet');
    return product;
  }

  get url(): string {
    return `http://127.0.0.1:${this.env.PORT}`;
  }

  async isReady(): Promise<boolean> {
    return await this.get('/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  async get(path: string): Promise<Response> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${TOKEN}` } });
    return receivedResponse(path, response);
  }

  async state(): Promise<StateView> {
    return (await (await this.get('/api/state')).json()) as StateView;
  }

  /** All rows of a list, page by page, newest first as it comes. */
  async list(name: 'operations' | 'trades' | 'funding' | 'equity' | 'alerts'): Promise<readonly StateView[]> {
    const rows: StateView[] = [];
    let cursor: string | null = null;
    do {
      const at: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const response = await this.get(`/api/${name}?limit=1000${at}`);
      if (response.status !== 200)
        throw new Error(`/api/${name} answered ${response.status}: ${await response.text()}`);
      const page = (await response.json()) as { items: StateView[]; next_cursor: string | null };
      rows.push(...page.items);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return rows;
  }

  /** A client that reconnects, and sends again what has no end yet. */
  async caller(): Promise<Caller> {
    const caller = new Caller(`${this.url.replace('http', 'ws')}/ws`, TOKEN);
    this.#callers.push(caller);
    await caller.connected();
    return caller;
  }

  killNode(): Promise<void> {
    return this.product.crash();
  }

  /** SIGKILL of the Temporal server that serves now. */
  killTemporal(): number | null {
    const pid = this.product.temporalPid();
    if (pid !== null && isAlive(pid)) process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Ends everything and removes the folder, however the test went. @throws what a caller found against the protocol */
  async end(): Promise<void> {
    const faults: unknown[] = [];
    for (const caller of this.#callers) {
      try {
        caller.close();
      } catch (error) {
        faults.push(error);
      }
    }
    // A product that is left running keeps Jest from ending.
    for (const product of this.#products) await product.end();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    if (faults.length > 0) throw faults[0];
  }
}

export type { Message };
