/**
 * Builds a worker process as plain JavaScript: `node build-worker.mjs <root> <entry> <folder> <name>`. It runs in a
 * process of its own, because the bundler's native code does not know the built-in classes of Jest's realm.
 */
import { build } from 'vite';

const [root, entry, folder, name] = process.argv.slice(2);

await build({
  root,
  configFile: false,
  logLevel: 'error',
  build: {
    ssr: entry,
    outDir: folder,
    emptyOutDir: false,
    minify: false,
    rolldownOptions: { output: { format: 'es', entryFileNames: name } },
  },
});
