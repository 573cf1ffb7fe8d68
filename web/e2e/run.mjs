// npm run e2e: sees to a browser, then runs every test beside this file.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { need } from './browser.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const tests = readdirSync(here).filter((f) => f.endsWith('.test.mjs'))
const r = spawnSync(process.execPath, ['--test', '--test-concurrency=1', '--test-timeout=300000', ...tests.map((f) => here + f)], { stdio: 'inherit', env: { ...process.env, CHROMIUM: need() } })
process.exit(r.status ?? 1)
