import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

/** The engine that `npx vite dashboard` (development only) talks to. */
const ENGINE = process.env.DRIFTLESS_URL ?? 'http://127.0.0.1:8765';

/** Removes the descriptions of the protocol's fields: they are for its reference, and the page does not use them. */
const withoutDescriptions: Plugin = {
  name: 'without-descriptions',
  enforce: 'pre',
  transform: (code, id) =>
    /\/src\/protocol\/[\w-]+\.ts$/.test(id)
      ? code.replaceAll(/\.(?:about|unit)\(\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*\)/g, '')
      : null,
};

/** Puts the styles into the document: the first paint then waits for one answer, not for two in turn. */
const stylesInDocument: Plugin = {
  name: 'styles-in-document',
  enforce: 'post',
  generateBundle(_, bundle) {
    const page = bundle['index.html'];
    if (page?.type !== 'asset') throw new Error('the build has no index.html');
    let html = String(page.source);
    for (const [name, file] of Object.entries(bundle)) {
      if (file.type !== 'asset' || !name.endsWith('.css')) continue;
      const link = new RegExp(`<link rel="stylesheet"[^>]*href="/${name}">`);
      if (!link.test(html)) throw new Error(`index.html has no link to ${name}`);
      html = html.replace(link, () => `<style>${String(file.source).trim()}</style>`);
      delete bundle[name];
    }
    page.source = html;
  },
};

export default defineConfig({
  plugins: [withoutDescriptions, stylesInDocument],
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The page runs under a strict CSP: no inline script, one style sheet that the policy knows by its hash, no preload shim.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': ENGINE, '/ws': { target: ENGINE, ws: true } } },
});
