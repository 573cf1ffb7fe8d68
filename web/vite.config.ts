import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { words } from './scripts/words'

// One entry a mode: vite build --mode site, vite build --mode dashboard. RAWAJ is the
// running program that `vite --mode site` sends calls to.
export default defineConfig(({ mode }) => ({
  plugins: [svelte(), words(mode)],
  build: {
    outDir: `dist/${mode}`,
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content policy lets no data: font in
    target: 'es2022',
    rolldownOptions: {
      input: mode === 'site' ? ['site.html', 'src/offline/sw.ts'] : `${mode}.html`,
      // A worker keeps its name: browsers know it by that.
      output: {
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
        // What comes first comes as one: it packs better than in pieces. An entry, which waits
        // for words before it is done, is none of it; and the worker stands alone.
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'], test: /^(?!.*(main\.ts|\.html|\/offline\/(sw|shell)\.ts)$)/ }] },
      },
    },
  },
  server: { proxy: { '/api': process.env.RAWAJ ?? 'http://127.0.0.1:8421', '/login': process.env.RAWAJ ?? 'http://127.0.0.1:8421' } },
  test: { include: ['src/**/*.test.ts'] },
}))
