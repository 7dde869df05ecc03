/** A wait that ends: whoever waits for another part says for how long. */

export type Waited<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'late' };

/** Never rejects. The work goes on when it is late; its result is dropped. */
export function within<T>(ms: number, work: () => Promise<T>): Promise<Waited<T>> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'late' }), Math.max(0, ms));
    const end = (waited: Waited<T>) => {
      clearTimeout(timer);
      resolve(waited);
    };
    const started = (async () => work())();
    started.then(
      (value) => end({ kind: 'value', value }),
      (error: unknown) => end({ kind: 'failed', error }),
    );
  });
}
