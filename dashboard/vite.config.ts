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

export default defineConfig({
  plugins: [withoutDescriptions],
  root: fileURLToPath(new URL('.', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // The page runs under a strict CSP: nothing inlined, one style sheet, no preload shim.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': ENGINE, '/ws': { target: ENGINE, ws: true } } },
});
