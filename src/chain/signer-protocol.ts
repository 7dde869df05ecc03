/** What an engine and a signer in another process say to each other: one line of JSON each way, then the connection ends. */
import * as z from '../lib/codec.ts';

/** More is no transaction: a packet has 1,232 bytes. */
export const MAX_REQUEST_BYTES = 8_192;

export const SIGNER_REQUEST = z.union([
  z.object({ type: z.literal('hello') }),
  z.object({
    type: z.literal('sign'),
    /** Names the attempt: for each, one transaction is signed and no other. */
    attempt: z.string(),
    /** Base64. */
    message: z.string(),
  }),
]);
export type SignerRequest = z.output<typeof SIGNER_REQUEST>;

export const SIGNER_REPLY = z.union([
  z.object({ type: z.literal('hello'), address: z.string() }),
  z.object({ type: z.literal('signed'), /** Base64. */ signature: z.string() }),
  z.object({
    type: z.literal('refused'),
    code: z.string(),
    message: z.string(),
    /** It may be otherwise in a moment, without a change of the policy. */
    passing: z.boolean(),
  }),
]);
export type SignerReply = z.output<typeof SIGNER_REPLY>;
