/** @param template with `{signature}` where the signature goes, or a prefix; null: there is no explorer */
export const explorerOf =
  (template: string | null) =>
  (signature: string): string | null => {
    if (template === null) return null;
    const shown = encodeURIComponent(signature);
    return template.includes('{signature}')
      ? template.replace('{signature}', shown)
      : `${template.replace(/\/$/, '')}/${shown}`;
  };

/**
 * The explorer's page of an account, from its address of transactions: explorers show one at `/tx/`, the other at
 * `/address/`, and Solscan at `/account/`. Null: the address has no `/tx/`, so where accounts are is unknown.
 */
export function accountPageOf(template: string | null, address: string): string | null {
  const parts =
    template === null ? null : /^(https?:\/\/[^/]+)(.*)\/tx(?:\/(?:\{signature\})?)?(\?.*)?$/.exec(template);
  if (parts === null) return null;
  const [, origin = '', path = '', query = ''] = parts;
  const accounts = /(^|\.)solscan\.io$/.test(new URL(origin).hostname) ? 'account' : 'address';
  return `${origin}${path}/${accounts}/${encodeURIComponent(address)}${query}`;
}
