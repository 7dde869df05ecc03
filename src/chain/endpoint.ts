/** A node's address, and the name that may be shown: a provider's key is in the path or the query of its URL. */

export interface NodeEndpoint {
  /** Secret: may hold a provider's key. */
  readonly url: string;
  /** Secret likewise. */
  readonly webSocketUrl: string;
  /** For people, logs and the journal: host and port, with `#2` and so on where several share them. */
  readonly name: string;
}

/** @param webSocketUrl of the first node; the others' are derived */
export function endpointsOf(urls: readonly string[], webSocketUrl: string | null = null): readonly NodeEndpoint[] {
  const seen = new Map<string, number>();
  return urls.map((url, index) => {
    const { host } = new URL(url);
    const count = (seen.get(host) ?? 0) + 1;
    seen.set(host, count);
    return {
      url,
      webSocketUrl: index === 0 && webSocketUrl !== null ? webSocketUrl : webSocketUrlOf(url),
      name: count === 1 ? host : `${host}#${count}`,
    };
  });
}

/** The convention of validators and of web3.js: same place, and where a port is named, the next one. */
function webSocketUrlOf(url: string): string {
  const parsed = new URL(url);
  parsed.protocol = parsed.protocol === 'https:' ? 'wss:' : 'ws:';
  if (parsed.port !== '') parsed.port = String(Number(parsed.port) + 1);
  return parsed.href;
}
