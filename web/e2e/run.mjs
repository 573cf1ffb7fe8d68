// npm run e2e: sees to a browser, then runs every test beside this file, or those that are
// named: npm run e2e photos slice. What measures how much of the processor a page takes runs
// alone, all else two files at a time: a file waits for the other side of a line often.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { need } from './browser.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const alone = ['slice']
const named = process.argv.slice(2)
const all = readdirSync(here).flatMap((f) => /^(.+)\.test\.mjs$/.exec(f)?.[1] ?? [])
const missing = [...alone, ...named].filter((name) => !all.includes(name))
if (missing.length) throw new Error(`no tests are named ${missing.join(', ')}`)

const env = { ...process.env, CHROMIUM: need() }
const run = (atOnce, tests) => tests.length === 0 || spawnSync(process.execPath, ['--test', `--test-concurrency=${atOnce}`, '--test-timeout=600000', ...tests.map((name) => `${here}${name}.test.mjs`)], { stdio: 'inherit', env }).status === 0
const wanted = all.filter((name) => named.length === 0 || named.includes(name))
const passed = [run(1, wanted.filter((name) => alone.includes(name))), run(2, wanted.filter((name) => !alone.includes(name)))]
process.exit(passed.every(Boolean) ? 0 : 1)
