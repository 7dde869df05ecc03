/**
 * Counts wrong tokens per address. Whoever sends many is answered 429 and named in the log. The right token is let in
 * from the same address all the same: on one machine an attacker and the owner share an address, and nobody may lock the
 * owner out of an exit. What protects the token from guessing is its length.
 */
import type { Logger } from 'pino';
import { BoundedMap } from '../lib/bounded.ts';
import {
  MAX_WRONG_TOKEN_ADDRESSES,
  WRONG_TOKEN_NOTICE_MS,
  WRONG_TOKENS_AT_ONCE,
  WRONG_TOKENS_PER_MINUTE,
} from './limits.ts';

const MS_PER_MINUTE = 60_000;

interface WrongTokenAddress {
  /** Wrong tokens that it may still send; grows with time. */
  left: number;
  atMs: number;
  /** Refused since the last line in the log. */
  unlogged: number;
  loggedAtMs: number;
}

interface WrongTokenPorts {
  readonly nowMs: () => number;
  readonly logger: Logger;
  readonly count: () => void;
}

export class WrongTokens {
  readonly #ports: WrongTokenPorts;
  readonly #senders = new BoundedMap<string, WrongTokenAddress>(MAX_WRONG_TOKEN_ADDRESSES);

  constructor(ports: WrongTokenPorts) {
    this.#ports = ports;
  }

  /**
   * A wrong token came from this address.
   * @returns seconds to wait, when it has sent too many; else null
   */
  add(address: string): number | null {
    this.#ports.count();
    const sender = this.#senderAt(address);
    if (sender.left >= 1) {
      sender.left -= 1;
      return null;
    }
    this.#log(address, sender);
    return Math.ceil(((1 - sender.left) * MS_PER_MINUTE) / WRONG_TOKENS_PER_MINUTE / 1_000);
  }

  #senderAt(address: string): WrongTokenAddress {
    const nowMs = this.#ports.nowMs();
    const known = this.#senders.get(address);
    if (known === undefined) {
      const sender = { left: WRONG_TOKENS_AT_ONCE, atMs: nowMs, unlogged: 0, loggedAtMs: Number.NEGATIVE_INFINITY };
      this.#senders.set(address, sender);
      return sender;
    }
    // A clock that is set back gives nothing, rather than taking some.
    const elapsedMs = Math.max(0, nowMs - known.atMs);
    known.left = Math.min(WRONG_TOKENS_AT_ONCE, known.left + (elapsedMs * WRONG_TOKENS_PER_MINUTE) / MS_PER_MINUTE);
    known.atMs = nowMs;
    return known;
  }

  #log(address: string, sender: WrongTokenAddress): void {
    const { nowMs, logger } = this.#ports;
    sender.unlogged += 1;
    if (Math.abs(nowMs() - sender.loggedAtMs) < WRONG_TOKEN_NOTICE_MS) return;
    logger.warn(
      { address, wrong_tokens: sender.unlogged },
      'Somebody sends wrong tokens. If it is not an old page or script of yours, look at what runs at this address',
    );
    sender.unlogged = 0;
    sender.loggedAtMs = nowMs();
  }
}
