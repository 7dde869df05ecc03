/** Who may speak to the bridge: the bearer of the token, from our own page or from a program. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ErrorReport } from '../lib/errors.ts';
import { parametersOf } from './address.ts';

interface AuthSettings {
  readonly host: string;
  /** Known once the server listens; the cookie is named for it, since cookies do not tell ports apart. */
  readonly port: () => number;
  readonly token: string;
}

interface Refusal {
  readonly status: 401 | 403;
  readonly error: ErrorReport;
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);
const COOKIE_DAYS = 30;

export class Auth {
  readonly #settings: AuthSettings;
  readonly #tokenDigest: Buffer;

  constructor(settings: AuthSettings) {
    this.#settings = settings;
    this.#tokenDigest = digest(settings.token);
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

  /** Null: it carries the token. */
  refusalOfToken(request: IncomingMessage): Refusal | null {
    const given = [bearer(request), queryToken(request), this.#cookie(request)];
    if (given.some((token) => token !== null && this.#matches(token))) return null;
    return {
      status: 401,
      error: {
        code: 'UNAUTHORIZED',
        message:
          'The token is missing or wrong. Open the address that `npm start` printed, or send Authorization: Bearer <token>.',
        details: { part: 'token' },
      },
    };
  }

  refusalOf(request: IncomingMessage): Refusal | null {
    return this.refusalOfOrigin(request) ?? this.refusalOfToken(request);
  }

  /** The Set-Cookie value when the address carries the right token, else null. */
  cookieFor(request: IncomingMessage): string | null {
    const token = queryToken(request);
    if (token === null || !this.#matches(token)) return null;
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

  /** Compares digests, so that the time reveals neither length nor a common beginning. */
  #matches(token: string): boolean {
    return timingSafeEqual(digest(token), this.#tokenDigest);
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

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
