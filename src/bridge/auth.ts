/** Who may speak to the bridge: the bearer of a token, from our own page or from a program. */
import type { IncomingMessage } from 'node:http';
import type { ErrorReport } from '../lib/errors.ts';
import { parametersOf } from './address.ts';
import type { Access, AccessTokens } from './tokens.ts';
import type { WrongTokens } from './wrong-tokens.ts';

interface AuthSettings {
  readonly host: string;
  /** Known once the server listens; the cookie is named for it, since cookies do not tell ports apart. */
  readonly port: () => number;
  readonly tokens: AccessTokens;
  readonly wrongTokens: WrongTokens;
}

interface Refusal {
  readonly status: 401 | 403 | 429;
  readonly error: ErrorReport;
  /** Of 429. */
  readonly retryAfterS?: number;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const COOKIE_DAYS = 30;

export class Auth {
  readonly #settings: AuthSettings;

  constructor(settings: AuthSettings) {
    this.#settings = settings;
  }

  /** Null: the origin is allowed. A page of another site is refused, whatever token it has. */
  refusalOfOrigin(request: IncomingMessage): Refusal | null {
    const { host, origin } = request.headers;
    if (LOOPBACK_HOSTS.has(this.#settings.host) && !isLoopbackName(host)) {
      return forbidden('The Host header does not name this machine.', 'host');
    }
    if (origin === undefined) return null;
    return host !== undefined && hostOf(origin) === host.toLowerCase()
      ? null
      : forbidden('Requests from other sites are not allowed.', 'origin');
  }

  /** The most that its tokens open; null: none of them is right, or it has none. */
  accessOf(request: IncomingMessage): Access | null {
    const given = this.#tokensIn(request);
    if (given.some((token) => this.#matches(token, 'full'))) return 'full';
    return given.some((token) => this.#matches(token, 'read')) ? 'read' : null;
  }

  /** Null: its token opens what it asks for. */
  refusalOfToken(request: IncomingMessage, needed: Access): Refusal | null {
    const access = this.accessOf(request);
    if (access === 'full' || access === needed) return null;
    if (access === 'read') return { status: 403, error: readOnlyToken() };
    const address = request.socket.remoteAddress ?? 'an unknown address';
    const retryAfterS = this.#tokensIn(request).length === 0 ? null : this.#settings.wrongTokens.add(address);
    return retryAfterS === null ? UNAUTHORIZED : tooManyWrong(retryAfterS);
  }

  refusalOf(request: IncomingMessage, needed: Access): Refusal | null {
    return this.refusalOfOrigin(request) ?? this.refusalOfToken(request, needed);
  }

  /** The Set-Cookie value when the address carries a right token, else null. */
  cookieFor(request: IncomingMessage): string | null {
    const token = queryToken(request);
    if (token === null || !(this.#matches(token, 'full') || this.#matches(token, 'read'))) return null;
    const value = encodeURIComponent(token);
    return `${this.#cookieName()}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${COOKIE_DAYS * 86_400}`;
  }

  #cookieName(): string {
    return `driftless_${this.#settings.port()}`;
  }

  #cookie(request: IncomingMessage): string | null {
    const prefix = `${this.#cookieName()}=`;
    const parts = (request.headers.cookie ?? '').split(';').map((part) => part.trim());
    const found = parts.find((part) => part.startsWith(prefix));
    return found === undefined ? null : decoded(found.slice(prefix.length));
  }

  #tokensIn(request: IncomingMessage): readonly string[] {
    return [bearer(request), queryToken(request), this.#cookie(request)].filter((token) => token !== null);
  }

  #matches(token: string, access: Access): boolean {
    return this.#settings.tokens.opens(token, access);
  }
}

const UNAUTHORIZED: Refusal = {
  status: 401,
  error: {
    code: 'UNAUTHORIZED',
    message:
      'The token is missing or wrong. Open the address that `npm start` printed, or send Authorization: Bearer <token>.',
    details: { part: 'token' },
  },
};

const tooManyWrong = (retryAfterS: number): Refusal => ({
  status: 429,
  retryAfterS,
  error: {
    code: 'RATE_LIMITED',
    message: `Too many wrong tokens came from this address. The right token is accepted at any time.`,
    details: { part: 'token', retry_after_s: retryAfterS },
  },
});

/** What only the full token opens. */
export const readOnlyToken = (): ErrorReport => ({
  code: 'PERMISSION_DENIED',
  message: 'This is the read-only token: it shows everything and changes nothing. Use the full token.',
  details: { part: 'token' },
});

const forbidden = (message: string, part: string): Refusal => ({
  status: 403,
  error: { code: 'UNAUTHORIZED', message, details: { part } },
});

function bearer(request: IncomingMessage): string | null {
  const match = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}

const queryToken = (request: IncomingMessage): string | null => parametersOf(request.url ?? '/').get('token');

function decoded(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

function isLoopbackName(host: string | undefined): boolean {
  const name = (host ?? '').toLowerCase().replace(/:\d+$/, '');
  return LOOPBACK_NAMES.has(name);
}

/** `host[:port]` of an origin, null when it has none (`null`, a file, an extension without one). */
function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host.toLowerCase() || null;
  } catch {
    return null;
  }
}
