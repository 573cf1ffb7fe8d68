// npm run e2e: sees to a browser, then runs every test beside this file, or those that are
// named: npm run e2e photos slice. What measures how much of the processor a page takes runs
// alone, all else some files at a time, the longest first: a file waits for the other side of
// a line often.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { need } from './browser.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const alone = ['slice']
const longest = ['offline', 'people', 'demo', 'settle', 'dashboard', 'kept'] // in this order, before all others
const atOnce = 3
const named = process.argv.slice(2)
const all = readdirSync(here).flatMap((f) => /^(.+)\.test\.mjs$/.exec(f)?.[1] ?? [])
const missing = [...alone, ...longest, ...named].filter((name) => !all.includes(name))
if (missing.length) throw new Error(`no tests are named ${missing.join(', ')}`)

const env = { ...process.env, CHROMIUM: need() }
const run = (files, tests) => tests.length === 0 || spawnSync(process.execPath, ['--test', `--test-concurrency=${files}`, '--test-timeout=600000', ...tests.map((name) => `${here}${name}.test.mjs`)], { stdio: 'inherit', env }).status === 0
const wanted = [...longest, ...all.filter((name) => !longest.includes(name))].filter((name) => named.length === 0 || named.includes(name))
const passed = [run(1, wanted.filter((name) => alone.includes(name))), run(atOnce, wanted.filter((name) => !alone.includes(name)))]
process.exit(passed.every(Boolean) ? 0 : 1)
