/** Which page this address is: the engine of this process, the list of engines, or another engine of the list. */
export type Route = { readonly kind: 'engine'; readonly engineId: string | null } | { readonly kind: 'engines' };

export function routeOf(path: string): Route {
  if (/^\/engines\/?$/.test(path)) return { kind: 'engines' };
  const [, id] = /^\/engines\/([^/]+)\/?$/.exec(path) ?? [];
  if (id === undefined) return { kind: 'engine', engineId: null };
  try {
    return { kind: 'engine', engineId: decodeURIComponent(id) };
  } catch {
    // A broken escape names no engine.
    return { kind: 'engines' };
  }
}

export const pathOf = (engineId: string): string => `/engines/${encodeURIComponent(engineId)}`;
