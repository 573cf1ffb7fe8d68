// Writes into the site's worker what it keeps: every file of the build, and a name for the
// build that is the hash of their names and of the page. Assets are named by content.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const dist = 'dist/site'
const assets = readdirSync(`${dist}/assets`)
  .filter((f) => !f.endsWith('.gz'))
  .sort()
  .map((f) => `/assets/${f}`)
const page = readFileSync(`${dist}/site.html`)
const worker = readFileSync(`${dist}/sw.js`, 'utf8')
const build = createHash('sha256').update(assets.join('\n')).update(page).update(worker).digest('hex').slice(0, 16)
const filled = worker.replace('__BUILD__', `rawaj-${build}`).replace('__ASSETS__', assets.join(' '))
if (filled === worker || /__[A-Z]+__/.test(filled)) throw new Error('sw.js has no place for the list')
if (/\b(import|export)\b[^.]*from\s*["']/.test(filled)) throw new Error('sw.js must stand alone')
writeFileSync(`${dist}/sw.js`, filled)
