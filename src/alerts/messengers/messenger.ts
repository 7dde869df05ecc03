/** A way to reach a person outside the product. Each has its own file; it sends one message and says what became of it. */
import type { Message } from './message.ts';

export type Sent =
  | { readonly kind: 'sent' }
  /** It may work later. `afterMs`: the endpoint said when; null: it did not. */
  | { readonly kind: 'later'; readonly afterMs: number | null; readonly why: string }
  /** It will not work until a person changes something. */
  | { readonly kind: 'refused'; readonly why: string };

export interface Messenger {
  /** As a person calls it: `Telegram`. */
  readonly name: string;
  /** Never rejects. Ends within `SEND_MS`. `why` holds no secret. */
  send(message: Message): Promise<Sent>;
}

/** The longest that one message may take. */
export const SEND_MS = 10_000;
