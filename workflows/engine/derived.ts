/**
 * A value that is worked out anew only when what it follows from has changed: conditions ask for it at every step of
 * every workflow task.
 */
export function derived<T>(sources: () => readonly unknown[], compute: () => T): () => T {
  let known: { readonly from: readonly unknown[]; readonly value: T } | null = null;
  return () => {
    const from = sources();
    if (known === null || from.some((source, index) => source !== known?.from[index])) {
      known = { from, value: compute() };
    }
    return known.value;
  };
}
