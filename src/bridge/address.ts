/** Parts of a request's address: the query, and the address without the token. */

export function parametersOf(url: string): URLSearchParams {
  const question = url.indexOf('?');
  return new URLSearchParams(question === -1 ? '' : url.slice(question + 1));
}

/** For a redirect, so it names a path here and never another host, whatever slashes it begins with. */
export function withoutToken(url: string): string {
  const parameters = parametersOf(url);
  parameters.delete('token');
  const path = url.replace(/\?.*$/s, '').replace(/^[\\/]*/, '/');
  const rest = parameters.toString();
  return rest === '' ? path : `${path}?${rest}`;
}
