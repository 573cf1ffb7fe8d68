// Lays a gzip twin beside each text file of a build: browsers do not ask for brotli on
// plain http, and fonts are packed already.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

for (const entry of ['dist/site', 'dist/dashboard']) {
  for (const file of readdirSync(entry, { recursive: true })) {
    if (/\.(js|css|html|svg|json)$/.test(file)) {
      const path = join(entry, file)
      writeFileSync(path + '.gz', gzipSync(readFileSync(path), { level: 9 }))
    }
  }
}
