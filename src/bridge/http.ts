/** The HTTP side: the page, health, metrics and the lists. Every error is the structured one. */
import type { RequestListener } from 'node:http';
import { sep } from 'node:path';
import express, { type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Asset } from '../domain/account/account.ts';
import { TAX_COLUMNS } from '../domain/figures/tax.ts';
import type { Journal, Page } from '../journal/journal.ts';
import type * as z from '../lib/codec.ts';
import { encode } from '../lib/codec.ts';
import { DriftlessError, type ErrorReport, ValidationError } from '../lib/errors.ts';
import type { FairPlaces } from '../lib/fair-places.ts';
import { within } from '../lib/within.ts';
import {
  type Acknowledgement,
  ANSWERS,
  BackupMade,
  type Balances,
  type Config,
  type Engines,
  type HttpError,
  listColumns,
  methodOf,
  type Readiness as ReadinessAnswer,
  type ReplacedToken,
  type Series,
  type SettingsAnswer,
} from '../protocol/api.ts';
import type { CarryAnswer } from '../protocol/carry.ts';
import type { Statistics } from '../protocol/history.ts';
import type { Steps } from '../protocol/operation.ts';
import type { State } from '../protocol/state.ts';
import { parametersOf, withoutToken } from './address.ts';
import { errorView } from './answer-views.ts';
import type { Auth } from './auth.ts';
import { compressedAssets, sendJson, sendText, streamText } from './compression.ts';
import { type CsvRow, csvHeader, csvLines } from './csv.ts';
import type { JournalLookup } from './journal-lookup.ts';
import { API_LOOKUP_MS, MAX_PREVIEW_BYTES, READINESS_MS, RETRY_AFTER_S } from './limits.ts';
import type { Links } from './links.ts';
import { type ListRequest, parseListQuery, parseSeriesQuery, parseStepsQuery } from './list-query.ts';
import { type JournalList, listsOf } from './lists.ts';
import { readPageDocument } from './page-document.ts';
import type { NewToken, Readiness, ReadinessPart, SettingInForce } from './ports.ts';
import type { Previewer } from './preview-view.ts';
import { type Nameable, parsePreview } from './protocol.ts';
import { readTurns } from './read-turns.ts';
import { transitionView } from './record-views.ts';
import { taxFile } from './tax-file.ts';
import { isoTime } from './units-view.ts';

interface HttpPorts {
  readonly engineId: string;
  readonly auth: Auth;
  readonly lookup: JournalLookup;
  readonly links: Links;
  readonly logger: Logger;
  readonly metricsRegistry: Registry;
  /** Reads the engine's figures afresh into the registry. */
  readonly readMetrics: () => Promise<void>;
  readonly pageDir: string | null;
  readonly readiness: () => Promise<Readiness>;
  readonly quoteAsset: () => Asset | null;
  /** Read afresh. */
  readonly state: () => Promise<z.input<typeof State>>;
  readonly config: () => Omit<z.input<typeof Config>, 'access' | 'page'>;
  readonly settings: readonly SettingInForce[];
  readonly nameable: Nameable;
  readonly preview: Previewer;
  /** It counts from its answer on. */
  readonly newToken: NewToken;
  /** Read afresh. */
  readonly carry: () => Promise<z.input<typeof CarryAnswer>>;
  readonly backup: () => Promise<BackupMade>;
  readonly balances: () => Promise<z.input<typeof Balances>>;
  readonly engines: (journal: Journal) => Promise<z.input<typeof Engines>>;
  readonly nowMs: () => number;
  /** Of reads, shared by all engines. */
  readonly reads: FairPlaces;
  readonly statistics: (journal: Journal) => Promise<z.input<typeof Statistics>>;
}

type SeriesJson = z.input<typeof Series>['series'];

const PREVIEW_PATH = '/api/preview';
const ACKNOWLEDGE_PATH = '/api/acknowledge';
const BACKUP_PATH = '/api/backup';
const TOKEN_PATH = '/api/token';

const PARTS: readonly ReadinessPart[] = ['temporal', 'journal', 'worker', 'feed', 'venue'];

export function httpApp(ports: HttpPorts): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', false);
  const page = readPageDocument(ports.pageDir);
  app.use(securityHeaders(page?.styleHashes ?? []));
  app.get('/healthz', (_request, response) => void response.json({ ok: true }));
  app.get('/readyz', (_request, response) => readyz(ports, response));
  app.use((request, response, next) => {
    const refusal = ports.auth.refusalOfOrigin(request);
    if (refusal === null) next();
    else sendError(response, refusal.status, refusal.error);
  });
  app.use((request, response, next) => {
    if (request.method === 'GET' || request.method === 'HEAD') next();
    else if (request.method === 'POST' && methodOf(request.path) === 'POST') next();
    else {
      response.set('Allow', 'GET, HEAD');
      sendError(response, 405, {
        code: 'INVALID_MESSAGE',
        message: 'Send commands over the WebSocket at /ws.',
        details: { field: 'method' },
      });
    }
  });
  app.get(PAGE_PATHS, (request, response, next) => {
    const cookie = ports.auth.cookieFor(request);
    if (cookie === null) next();
    else response.set('Cache-Control', 'no-store').set('Set-Cookie', cookie).redirect(303, withoutToken(request.url));
  });
  app.use((request, response, next) => {
    const needed = request.method === 'POST' ? 'full' : 'read';
    const refusal = ports.auth.refusalOfToken(request, needed);
    if (refusal === null) return next();
    if (refusal.status === 401 && request.path === '/' && request.accepts('json', 'html') === 'html')
      return sendDoor(response);
    sendError(response, refusal.status, refusal.error, refusal.retryAfterS);
  });
  app.use(['/api', '/metrics'], (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.use(['/api', '/metrics'], readTurns(ports.reads, ports.engineId));
  app.get('/api/state', async (_request, response) => sendJson(response, await ports.state()));
  app.get('/api/config', (request, response) => {
    const access = ports.auth.accessOf(request) ?? 'read';
    return sendJson(response, { ...ports.config(), access, page: page?.script ?? null });
  });
  app.get('/api/carry', async (_request, response) => sendJson(response, await ports.carry()));
  for (const [name, list] of Object.entries(listsOf(ports.links, ports.quoteAsset))) {
    app.get(`/api/${name}`, (request, response) => sendList(ports, name, list, request, response));
  }
  app.get('/api/balances', (request, response) => sendWhole(ports, 'balances', request, response));
  app.get('/api/engines', (request, response) => sendWhole(ports, 'engines', request, response));
  app.get('/api/statistics', (request, response) => sendStatistics(ports, request, response));
  app.get('/api/settings', (_request, response) => {
    const answer: z.input<typeof SettingsAnswer> = { items: ports.settings };
    return sendJson(response, answer);
  });
  app.get('/api/tax', (request, response) => sendTaxFile(ports, request, response));
  app.get('/api/steps', (request, response) => sendSteps(ports, request, response));
  app.get('/api/series', (request, response) => sendSeries(ports, request, response));
  const body = express.text({ type: () => true, limit: MAX_PREVIEW_BYTES });
  app.post(PREVIEW_PATH, body, (request, response) => sendPreview(ports, request, response));
  app.post(ACKNOWLEDGE_PATH, (request, response) => sendAcknowledgement(ports, request, response));
  app.post(BACKUP_PATH, (_request, response) => sendBackup(ports, response));
  app.post(TOKEN_PATH, (request, response) => sendNewToken(ports, request, response));
  app.get('/metrics', async (_request, response) => {
    await ports.readMetrics();
    const text = await ports.metricsRegistry.metrics();
    await sendText(response, ports.metricsRegistry.contentType, text);
  });
  if (page !== null) {
    app.get(PAGE_PATHS, async (_request, response) => {
      response.set('Cache-Control', 'no-cache');
      await sendText(response, 'text/html; charset=utf-8', page.html);
    });
  }
  if (ports.pageDir !== null) {
    app.use(compressedAssets(ports.pageDir, cacheHeaders));
    app.use(express.static(ports.pageDir, { setHeaders: cacheHeaders, dotfiles: 'ignore' }));
  }
  app.use((_request: Request, response: Response) => {
    sendError(response, 404, { code: 'NOT_FOUND', message: 'Not found.' });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    const status = statusOf(error);
    if (status >= 500) ports.logger.error({ err: error }, 'A request failed in the bridge');
    if (response.headersSent) response.destroy();
    else if (status >= 500)
      sendError(response, 500, {
        code: 'UNAVAILABLE',
        message: 'Internal error. See the log for the reason.',
        details: { part: 'bridge' },
      });
    else sendError(response, status, { code: 'INVALID_MESSAGE', message: 'The request is malformed.' });
  });
  return app;
}

/** The engine's page, the list of engines, and each of them. */
const PAGE_PATHS = ['/', '/engines', '/engines/:engineId'];

/** The socket may be reached under the very name that the page was opened with, and nothing else is. */
const securityHeaders =
  (styleHashes: readonly string[]) => (request: Request, response: Response, next: NextFunction) => {
    const host = /^[\w.[\]:-]{1,255}$/.test(request.headers.host ?? '') ? request.headers.host : undefined;
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'"],
          styleSrc: ["'self'", ...styleHashes],
          imgSrc: ["'self'", 'data:'],
          fontSrc: ["'self'"],
          connectSrc: ["'self'", ...(host === undefined ? [] : [`ws://${host}`, `wss://${host}`])],
          manifestSrc: ["'self'"],
          baseUri: ["'none'"],
          formAction: ["'none'"],
          frameAncestors: ["'none'"],
        },
      },
      // We speak plain HTTP on loopback; a proxy in front that speaks TLS sets its own.
      strictTransportSecurity: false,
    })(request, response, next);
  };

async function readyz({ readiness }: HttpPorts, response: Response): Promise<void> {
  const waited = await within(READINESS_MS, readiness);
  const answered = waited.kind === 'value' ? waited.value : null;
  const found = PARTS.map((part) => [part, answered?.[part] ?? { ok: false, detail: 'no answer' }] as const);
  const ready = found.every(([, { ok }]) => ok);
  const answer: z.input<typeof ReadinessAnswer> = { ready, parts: Object.fromEntries(found) as unknown as Readiness };
  response
    .status(ready ? 200 : 503)
    .set('Cache-Control', 'no-store')
    .json(answer);
}

/** What the journal answers to a question in an address; null: the answer is sent already, a refusal. */
async function asked<Question, Answer>(
  { engineId, lookup, logger }: HttpPorts,
  request: Request,
  response: Response,
  {
    parse,
    read,
  }: {
    readonly parse: (parameters: URLSearchParams, engineId: string) => Question;
    readonly read: (journal: Journal, question: Question) => Promise<Answer>;
  },
): Promise<{ readonly question: Question; readonly answer: Answer } | null> {
  let question: Question;
  try {
    question = parse(parametersOf(request.url), engineId);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    sendError(response, 400, error.report());
    return null;
  }
  const found = await lookup(API_LOOKUP_MS, (journal) => read(journal, question));
  if (found.known) return { question, answer: found.value };
  if (found.error instanceof ValidationError) {
    sendError(response, 400, found.error.report());
    return null;
  }
  if (!(found.error instanceof DriftlessError))
    logger.warn({ err: found.error, url: request.path }, 'A list could not be read');
  sendError(response, 503, {
    code: 'UNAVAILABLE',
    message: 'The journal does not answer. Try again.',
    details: { part: 'journal', retry_after_s: RETRY_AFTER_S },
  });
  return null;
}

async function sendPreview({ nameable, preview }: HttpPorts, request: Request, response: Response): Promise<void> {
  const text: unknown = request.body;
  const incoming = parsePreview(typeof text === 'string' ? text : '', nameable);
  if (incoming.kind === 'not_understood') return sendError(response, 400, incoming.error);
  if (incoming.kind === 'command') return sendJson(response, await preview(incoming));
  const { error } = incoming.answer;
  sendError(response, 400, error ?? { code: 'INVALID_MESSAGE', message: incoming.answer.message });
}

async function sendBackup({ backup, logger }: HttpPorts, response: Response): Promise<void> {
  try {
    const made: z.input<typeof BackupMade> = encode(BackupMade, await backup());
    sendJson(response, made);
  } catch (error) {
    if (!(error instanceof DriftlessError)) throw error;
    logger.warn({ err: error }, 'No backup was made');
    sendError(response, error instanceof ValidationError ? 400 : 503, error.report());
  }
}

/** To programs alone: a page has no need of it, and a script that got into ours must not learn a token. */
async function sendNewToken({ newToken }: HttpPorts, request: Request, response: Response): Promise<void> {
  const access = parametersOf(request.url).get('access');
  if (request.headers.origin !== undefined)
    return sendError(response, 403, {
      code: 'PERMISSION_DENIED',
      message: 'A page cannot replace the token. Use driftless token rotate.',
    });
  if (access !== 'full' && access !== 'read')
    return sendError(response, 400, {
      code: 'INVALID_FIELD',
      message: 'The address does not say which token to replace.',
      details: { field: 'access', got: access ?? '', expected: 'full or read' },
    });
  try {
    const answer: z.input<typeof ReplacedToken> = { access, token: await newToken(access) };
    sendJson(response, answer);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    sendError(response, 403, error.report());
  }
}

async function sendTaxFile(ports: HttpPorts, request: Request, response: Response): Promise<void> {
  const found = await asked(ports, request, response, {
    parse: parseListQuery,
    read: (journal, { query }) => taxFile(journal, query, ports.quoteAsset()),
  });
  if (found === null) return;
  asFile(response, 'tax');
  return sendText(response, CSV, csvHeader(TAX_COLUMNS) + csvLines(found.answer, TAX_COLUMNS));
}

async function sendSteps(ports: HttpPorts, request: Request, response: Response): Promise<void> {
  const found = await asked(ports, request, response, {
    parse: parseStepsQuery,
    read: async (journal, id) => ({ steps: await journal.transitions(id), operation: await journal.operation(id) }),
  });
  if (found === null) return;
  const { steps, operation } = found.answer;
  const answer: z.input<typeof Steps> = { items: steps.map((step) => transitionView(step, operation, ports.links)) };
  sendJson(response, answer);
}

async function sendSeries(ports: HttpPorts, request: Request, response: Response): Promise<void> {
  const found = await asked(ports, request, response, {
    parse: parseSeriesQuery,
    read: (journal, query) => journal.series(query),
  });
  if (found === null) return;
  const { fromMs, toMs, series } = found.answer;
  const answer: z.input<typeof Series> = { from: isoTime(fromMs), to: isoTime(toMs), series: series as SeriesJson };
  sendJson(response, answer);
}

async function sendStatistics(ports: HttpPorts, request: Request, response: Response): Promise<void> {
  const found = await asked(ports, request, response, { parse: () => null, read: ports.statistics });
  if (found !== null) sendJson(response, found.answer);
}

async function sendAcknowledgement(ports: HttpPorts, request: Request, response: Response): Promise<void> {
  const found = await asked(ports, request, response, {
    parse: alertIdIn,
    read: (journal, id) => journal.acknowledgeAlert(id, ports.nowMs()),
  });
  if (found === null) return;
  if (found.answer) {
    const answer: z.input<typeof Acknowledgement> = { alert_id: found.question, acknowledged: true };
    return sendJson(response, answer);
  }
  sendError(response, 404, {
    code: 'NOT_FOUND',
    message: 'There is no alert with this id.',
    details: { field: 'alert_id', got: found.question, expected: 'the id of an alert of /api/alerts' },
  });
}

function alertIdIn(parameters: URLSearchParams): string {
  const id = parameters.get('alert_id');
  if (id !== null && id !== '') return id;
  throw new ValidationError('INVALID_FIELD', 'The address names no alert.', {
    field: 'alert_id',
    got: id ?? '',
    expected: '?alert_id= and the id of an alert of /api/alerts',
  });
}

const CSV = 'text/csv; charset=utf-8; header=present';

function asFile(response: Response, name: string): void {
  response.set('Content-Disposition', `attachment; filename="driftless-${name}.csv"`);
}

async function sendList(
  ports: HttpPorts,
  name: string,
  list: JournalList<CsvRow>,
  request: Request,
  response: Response,
): Promise<void> {
  const found = await asked(ports, request, response, { parse: parseListQuery, read: list.page });
  if (found === null) return;
  const { question, answer } = found;
  const { items, nextCursor } = answer;
  if (question.format === 'json') return sendJson(response, { items, next_cursor: nextCursor });
  asFile(response, name);
  if (question.isWhole) return await sendEveryPage(ports, list, found, response);
  if (nextCursor !== null) response.set('X-Next-Cursor', nextCursor);
  return sendText(response, CSV, csvHeader(list.columns) + csvLines(items, list.columns));
}

/** All pages from the first on, each read when the client has taken the one before. */
async function sendEveryPage(
  { lookup, logger }: HttpPorts,
  { page, columns }: JournalList<CsvRow>,
  { question, answer: first }: { readonly question: ListRequest; readonly answer: Page<CsvRow> },
  response: Response,
): Promise<void> {
  const lines = async function* (): AsyncGenerator<string> {
    yield csvHeader(columns) + csvLines(first.items, columns);
    for (let cursor = first.nextCursor; cursor !== null; ) {
      const query = { ...question.query, cursor };
      const next = await lookup(API_LOOKUP_MS, (journal) => page(journal, { ...question, query }));
      if (!next.known) throw next.error;
      yield csvLines(next.value.items, columns);
      cursor = next.value.nextCursor;
    }
  };
  try {
    await streamText(response, CSV, lines());
  } catch (error) {
    logger.debug({ err: error }, 'A CSV was cut: the journal stopped answering, or the client went away');
  }
}

/** A list that has one page. */
async function sendWhole(
  ports: HttpPorts,
  name: 'balances' | 'engines',
  request: Request,
  response: Response,
): Promise<void> {
  const found = await asked<ListRequest, z.input<typeof Balances> | z.input<typeof Engines>>(ports, request, response, {
    parse: parseListQuery,
    read: (journal) => (name === 'balances' ? ports.balances() : ports.engines(journal)),
  });
  if (found === null) return;
  if (found.question.format === 'json') return sendJson(response, found.answer);
  asFile(response, name);
  const columns = listColumns(ANSWERS[`/api/${name}`]);
  return sendText(response, CSV, csvHeader(columns) + csvLines(found.answer.items as readonly CsvRow[], columns));
}

/** For a person who opened the page without its token: what to do, in words. */
function sendDoor(response: Response): void {
  response.status(401).set('Cache-Control', 'no-store').type('html').send(DOOR_PAGE);
}

const DOOR_PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Driftless: token needed</title>
<main>
<h1>Driftless needs its token</h1>
<p>Open the address that <code>npm start</code> printed when it started. It ends in <code>?token=…</code> and signs this browser in.</p>
<p>If the terminal is gone, the token is in the file <code>token</code> of the data folder (<code>.driftless</code> by default): open this
address with <code>?token=</code> and that token behind it.</p>
</main>
</html>
`;

/** @param retryAfterS of a status that says when to try again */
function sendError(response: Response, status: number, error: ErrorReport, retryAfterS = RETRY_AFTER_S): void {
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="driftless"');
  if (status === 503 || status === 429) response.set('Retry-After', String(retryAfterS));
  const answer: z.input<typeof HttpError> = { error: errorView(error) };
  response.status(status).set('Cache-Control', 'no-store').json(answer);
}

/** Vite names its assets by their content; the page itself is always asked for. */
function cacheHeaders(response: Response, path: string): void {
  const lasting = path.includes(`${sep}assets${sep}`);
  response.set('Cache-Control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache');
}

/** express gives a client's mistake (a bad escape in the path) its own status. */
function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : null;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
