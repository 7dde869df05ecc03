/** What the signer says instead of a signature: a code for programs, and a sentence that says what would be right. */

/** Table: docs/architecture/signer.md (a test holds the two equal). */
export const SIGNER_REFUSALS = [
  'REQUEST_MALFORMED',
  'MESSAGE_UNREADABLE',
  'WALLET',
  'LOOKUP_TABLE',
  'PROGRAM',
  'INSTRUCTION',
  'ACCOUNT',
  'DESTINATION',
  'ARGUMENT',
  'SHAPE',
  'FEE',
  'TIP',
  'AMOUNT',
  'DAILY_AMOUNT',
  'DAILY_FEES',
  'ATTEMPT_TAKEN',
  'STATE_UNWRITABLE',
] as const;
export type SignerRefusalCode = (typeof SIGNER_REFUSALS)[number];

/** Thrown while a transaction is judged; the service makes it an answer. */
export class SignerRefusal extends Error {
  readonly code: SignerRefusalCode;

  constructor(code: SignerRefusalCode, sentence: string) {
    super(sentence);
    this.name = 'SignerRefusal';
    this.code = code;
  }
}
