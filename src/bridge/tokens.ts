/** The tokens that open this process now: the full one and the read-only one. A new one takes the place of either while it runs. */
import { createHash, timingSafeEqual } from 'node:crypto';

/** `read`: may look at everything, and neither command, preview nor acknowledge. */
export type Access = 'full' | 'read';

/** Longer than a command may be on its way. */
const FORMER_MS = 10_000;

export class AccessTokens {
  #full: string;
  #digests: Readonly<Record<Access, Buffer | null>>;
  #former: { readonly token: string; readonly untilMs: number } | null = null;

  constructor(full: string, read: string | null = null) {
    this.#full = full;
    this.#digests = { full: digest(full), read: read === null ? null : digest(read) };
  }

  get full(): string {
    return this.#full;
  }

  /** Compares digests, so that the time reveals neither length nor a common beginning. */
  opens(token: string, access: Access): boolean {
    const expected = this.#digests[access];
    return expected !== null && timingSafeEqual(digest(token), expected);
  }

  /** From now on the former one of this kind opens nothing. */
  replace(access: Access, token: string): void {
    this.#digests = { ...this.#digests, [access]: digest(token) };
    if (access === 'read') return;
    this.#former = { token: this.#full, untilMs: performance.now() + FORMER_MS };
    this.#full = token;
  }

  /** What commands may be signed by: those that were on their way when the token changed count for a moment. */
  get signing(): readonly string[] {
    const former = this.#former;
    return former === null || performance.now() > former.untilMs ? [this.#full] : [this.#full, former.token];
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
