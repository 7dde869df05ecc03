/**
 * The page's document, read once. Its styles stand in it, so that it is drawn after one answer; the security policy
 * allows them by their hashes, and no other style in any document.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PageDocument {
  readonly html: string;
  /** Its path, named by its content; null: the document names none. */
  readonly script: string | null;
  /** As the policy has them: `'sha256-…'`. */
  readonly styleHashes: readonly string[];
}

const hashOf = (style: string): string => `'sha256-${createHash('sha256').update(style).digest('base64')}'`;

/** @param pageDir the built page; null, or without a document: there is no page */
export function readPageDocument(pageDir: string | null): PageDocument | null {
  const path = pageDir === null ? null : join(pageDir, 'index.html');
  if (path === null || !existsSync(path)) return null;
  const html = readFileSync(path, 'utf8');
  const styles = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = '']) => hashOf(style));
  const script = /<script type="module"[^>]* src="([^"]+)"/.exec(html)?.[1] ?? null;
  return { html, script, styleHashes: styles };
}
