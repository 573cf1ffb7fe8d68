// Leaves out of an entry's build the messages of the other one: a phone that sells need
// not fetch the words of head office. Messages go by the first part of their key, so that
// one whose key is put together is kept with its kin.
import { readdirSync, readFileSync } from 'node:fs'
import type { Plugin } from 'vite'

const other: Record<string, string> = { site: 'dashboard/', dashboard: 'site/' }

export function words(entry: string): Plugin | undefined {
  const theirs = other[entry]
  if (!theirs) return undefined // a test has all of them
  const sources = (readdirSync('src', { recursive: true }) as string[])
    .filter((f) => /\.(ts|svelte)$/.test(f) && !/\.test\.ts$/.test(f) && !f.startsWith(theirs))
    .map((f) => readFileSync(`src/${f}`, 'utf8'))
  const used = new Set(sources.flatMap((s) => [...s.matchAll(/['"`]([a-z]+)\./g)].map((m) => m[1])))
  return {
    name: 'words',
    enforce: 'pre',
    load(id: string) {
      if (!/\/src\/i18n\/[a-z]+\.json$/.test(id)) return undefined
      const all = JSON.parse(readFileSync(id, 'utf8')) as Record<string, string>
      return JSON.stringify(Object.fromEntries(Object.entries(all).filter(([key]) => used.has(key.split('.')[0]!))))
    },
  }
}
