/**
 * What a worker makes of a Temporal payload without our signature: its value, wrapped, so that no code takes it for one of
 * ours by accident. The interceptors of workflows and activities unwrap it or refuse it.
 */

export interface UnsignedPayload {
  readonly $unsigned: {
    readonly value: unknown;
    /** Of its bytes: the same payload has the same one in every replay. */
    readonly digest: string;
  };
}

export const unsignedPayload = (value: unknown, digest: string): UnsignedPayload => ({ $unsigned: { value, digest } });

export const isUnsigned = (value: unknown): value is UnsignedPayload =>
  typeof value === 'object' && value !== null && '$unsigned' in value;

/** The value, whoever sent it. */
export const unwrapped = (value: unknown): unknown => (isUnsigned(value) ? value.$unsigned.value : value);
