/** A client of the protocol over HTTP: the state, the lists and the files. Commands go over the socket: `send-command.ts`. */
import type * as z from '../lib/codec.ts';
import { read } from '../lib/codec.ts';
import { HttpError } from '../protocol/api.ts';
import type { ErrorInfo } from '../protocol/error.ts';

/** Nothing answers there, or it does not let us in. */
export class NotReachable extends Error {
  /** Nothing listens: the product may be down, and what it left can be read. */
  readonly silent: boolean;

  constructor(message: string, { silent = false }: { readonly silent?: boolean } = {}) {
    super(message);
    this.silent = silent;
  }
}

/** The product answered with an error. */
export class AnsweredWithError extends Error {
  readonly error: ErrorInfo;

  constructor(error: ErrorInfo) {
    super(error.message);
    this.error = error;
  }
}

export interface ClientPlace {
  /** `http://127.0.0.1:8765` */
  readonly url: string;
  readonly token: string;
  /** Of several in one process: its name or id. Absent: the process's own. */
  readonly engine?: string | undefined;
  /** It is the read-only token: no full one is given here. */
  readonly readOnly?: boolean;
  /** The id of another user, who listens there: so it is not our product, and is given no token. */
  readonly heldBy?: number;
}

/** Where the engine of the place has this path. */
export const addressAt = ({ url, engine }: ClientPlace, path: string): URL =>
  new URL(engine === undefined ? path : `/engines/${encodeURIComponent(engine)}${path}`, url);

/** The bridge answers within 5 s. */
const ANSWER_MS = 10_000;

export class Client {
  readonly #place: ClientPlace;

  constructor(place: ClientPlace) {
    this.#place = place;
  }

  /**
   * @param also a status that is an answer too
   * @throws NotReachable, AnsweredWithError
   */
  async get<Value>(
    path: string,
    schema: z.Codec<Value, unknown>,
    { also }: { readonly also?: number } = {},
  ): Promise<{ readonly json: unknown; readonly value: Value }> {
    const response = await this.#ask(path, { signal: AbortSignal.timeout(ANSWER_MS), also });
    const json: unknown = await response.json().catch(() => null);
    const value = read(schema, json);
    if (value === null)
      throw new NotReachable(`What answers at ${this.#place.url} is not Driftless, or another version.`);
    return { json, value };
  }

  /** Something is done there, and this is how it went. @throws NotReachable, AnsweredWithError, also when the token opens less */
  async post<Value>(path: string, schema: z.Codec<Value, unknown>, withinMs = ANSWER_MS): Promise<Value> {
    const response = await this.#ask(path, { method: 'POST', signal: AbortSignal.timeout(withinMs) });
    const value = read(schema, await response.json().catch(() => null));
    if (value === null) throw new NotReachable(`What answers at ${this.#place.url} is another version of Driftless.`);
    return value;
  }

  /** A file, as long as it takes. @throws NotReachable, AnsweredWithError; NotReachable too when it ends early */
  async *file(path: string): AsyncGenerator<string> {
    const response = await this.#ask(path, {});
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) yield decoder.decode(chunk as Uint8Array, { stream: true });
    } catch (error) {
      throw new NotReachable(`${this.#place.url} ended in the middle of the answer: ${reasonOf(error)}.`);
    }
  }

  async #ask(
    path: string,
    {
      method = 'GET',
      signal,
      also,
    }: { readonly method?: 'GET' | 'POST'; readonly signal?: AbortSignal; readonly also?: number | undefined },
  ): Promise<Response> {
    const { url, token, engine } = this.#place;
    refuseStranger(this.#place);
    const headers = { authorization: `Bearer ${token}` };
    const asked = { method, headers, ...(signal === undefined ? {} : { signal }) };
    const response = await fetch(addressAt(this.#place, path), asked).catch((error: unknown) => {
      throw nothingAnswers(this.#place, error);
    });
    if (response.ok || response.status === also) return response;
    if (response.status === 401 || (response.status === 403 && method !== 'POST')) throw notLetIn(this.#place);
    const failed = read(HttpError, await response.json().catch(() => null));
    if (engine !== undefined && failed?.error.code === 'NOT_FOUND') throw notServed(engine);
    if (failed === null) throw new NotReachable(`${url} answered with HTTP ${response.status}.`);
    throw new AnsweredWithError(failed.error);
  }
}

/** @throws NotReachable before anything is sent */
export function refuseStranger({ url, heldBy }: ClientPlace): void {
  if (heldBy === undefined) return;
  const message = `A program of another user (id ${heldBy}) listens at ${url}, so nothing was sent there, and no token.
Remedy: if Driftless runs under that user, say so with --url ${url}. If not, that user waits for your token: a page of yours that is still open may have sent it. Start Driftless on another PORT, then driftless token rotate.`;
  throw new NotReachable(message, { silent: true });
}

const notServed = (engine: string): AnsweredWithError =>
  new AnsweredWithError({
    code: 'INVALID_FIELD',
    message: `This process runs no engine ${engine}. \`driftless engines\` names those that it runs.`,
    details: { field: 'engine', got: engine },
  });

const NOTHING_THERE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH']);

export function nothingAnswers({ url }: ClientPlace, error: unknown): NotReachable {
  const cause = causeOf(error);
  const code = cause !== null && 'code' in cause ? String(cause.code) : '';
  const why = code === 'ECONNREFUSED' ? 'nothing listens there' : reasonOf(error);
  return new NotReachable(
    `Driftless is not reachable at ${url}: ${why}.\nRemedy: start it (npm start), or set HOST and PORT, or --url, to where it runs.`,
    { silent: NOTHING_THERE.has(code) },
  );
}

export const notLetIn = ({ url }: ClientPlace): NotReachable =>
  new NotReachable(
    `${url} refuses the token.\nRemedy: set DRIFTLESS_TOKEN, or DRIFTLESS_HOME to the data folder of the product that runs there; or PORT or --url if yours is elsewhere.`,
  );

/** Before anything is sent. */
export const needsFullToken = ({ url }: ClientPlace): AnsweredWithError =>
  new AnsweredWithError({
    code: 'PERMISSION_DENIED',
    message: `This needs the full token, and only the read token is given. Nothing was sent.\nRemedy: set DRIFTLESS_TOKEN, or DRIFTLESS_HOME to the data folder of the product that runs at ${url}.`,
  });

/** `fetch` hides the reason, and where several addresses were tried, all of them. */
function causeOf(error: unknown): Error | null {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  if (!(error instanceof Error)) return null;
  return error.cause === undefined ? error : (causeOf(error.cause) ?? error);
}

const reasonOf = (error: unknown): string => causeOf(error)?.message || String(error);
