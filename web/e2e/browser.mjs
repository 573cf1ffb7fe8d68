// The system's Chromium: tests never fetch a browser of their own.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge']

export function find() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of names) {
      try {
        accessSync(join(dir, name), constants.X_OK)
        return join(dir, name)
      } catch {
        // not here
      }
    }
  }
  return undefined
}

// need finds a browser, or has Debian's installed where we may.
export function need() {
  const found = find()
  if (found) return found
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    console.error('rawaj: installing chromium and fonts with apt-get')
    const run = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0
    if (run('update', '-qq') && run('install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-noto-core') && find()) return find()
  }
  console.error('rawaj: no Chromium: install it (Debian: apt-get install chromium fonts-noto-core), or name one: CHROMIUM=/path/to/chrome')
  process.exit(1)
}

const how = () => ({
  executablePath: need(),
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
})

export const launch = () => chromium.launch(how())

// launchKept starts a browser whose profile stays in a directory, as a tablet's does.
export const launchKept = (profile, options) => chromium.launchPersistentContext(profile, { ...how(), ...options })
