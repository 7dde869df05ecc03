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
