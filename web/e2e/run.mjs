// npm run e2e: sees to a browser, then runs every test beside this file, or those that are
// named: npm run e2e photos slice. What measures how much of the processor a page takes runs
// alone, all else some files at a time, the longest first: a file waits for the other side of
// a line often.
import { readdirSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'
import { need } from './browser.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const alone = ['slice']
const longest = ['offline', 'people', 'settle', 'dashboard', 'kept', 'demo'] // in this order, before all others
const atOnce = 3
const named = process.argv.slice(2)
const all = readdirSync(here).flatMap((f) => /^(.+)\.test\.mjs$/.exec(f)?.[1] ?? [])
const missing = [...alone, ...longest, ...named].filter((name) => !all.includes(name))
if (missing.length) throw new Error(`no tests are named ${missing.join(', ')}`)

process.env.CHROMIUM = need()
process.exitCode = 1 // until all have run, and passed

// passes says whether all of some files ran, and every test of theirs passed. Node's own
// command would run them in the order of their names.
async function passes(names, concurrency) {
  const left = new Set(names.map((name) => `${here}${name}.test.mjs`))
  if (left.size === 0) return true
  let failed = false
  const tests = run({ files: [...left], concurrency, timeout: 600_000 })
  tests.on('test:fail', () => (failed = true))
  tests.on('test:pass', ({ file }) => left.delete(file))
  for await (const line of tests.compose(new spec())) process.stdout.write(line)
  for (const file of left) console.error(`nothing of ${file} has passed`)
  return !failed && left.size === 0
}

const wanted = [...longest, ...all.filter((name) => !longest.includes(name))].filter((name) => named.length === 0 || named.includes(name))
const first = await passes(wanted.filter((name) => alone.includes(name)), 1)
const rest = await passes(wanted.filter((name) => !alone.includes(name)), atOnce)
if (first && rest) process.exitCode = 0
