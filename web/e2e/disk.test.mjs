// A disk is filled below the real programs, and pages say so until there is room. It takes
// root to mount a disk that is small enough.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launchKept } from './browser.mjs'
import { everywhere, tablet } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const disk = mkdtempSync(join(tmpdir(), 'rawaj-e2e-disk-'))
const data = { office: join(disk, 'office'), site: join(disk, 'site') }
const ballast = join(disk, 'ballast')
const wait = { timeout: 60_000 }
const started = []
let browser, office, site, page, missing

async function ask(of, path, body) {
  const { url, token } = JSON.parse(readFileSync(join(of, 'token')))
  const r = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  return { status: r.status, body: await r.json() }
}
let ids = 0
const id = () => `${(Date.now() + ids++).toString(16).padStart(12, '0')}7000a000${ids.toString(16).padStart(8, '0')}0000`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const person = () => ask(data.site, '/api/persons', { id: id(), name: 'A made-up name' })

// fill writes until nothing more fits.
function fill() {
  for (let size = 1 << 20; size >= 512; size /= 2) {
    try {
      for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' })
    } catch (e) {
      if (e.code !== 'ENOSPC') throw e
    }
  }
}

before(async () => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', disk], { stdio: 'pipe' })
  } catch (e) {
    missing = `a small disk is missing: ${e.stderr ?? e}`
    return
  }
  const [address, at] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  started.push((office = start('serve', '--data', data.office, '--listen', address, '--org', 'Intaj')))
  await office.link
  const code = await rawaj('admin', 'enrol-code', '--data', data.office, '--site', 'مرکز رویش طرق', '--kind', 'rooyesh_centre', '--lang', 'en')
  await rawaj('site', 'enrol', '--data', data.site, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
  started.push((site = start('site', 'run', '--data', data.site, '--listen', at)))
  browser = await launchKept(join(dir, 'profile'), { viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB' })
  page = await browser.newPage()
  await page.goto(await site.link)
  await page.waitForSelector('[data-open]', wait)
})

after(async () => {
  await browser?.close()
  await Promise.all(started.map((p) => p.stop()))
  if (!missing) execFileSync('umount', ['-l', disk])
  for (const d of [dir, disk]) rmSync(d, { recursive: true, force: true })
})

test('a full disk is told to staff and to head office, and what to do, until there is room', async (t) => {
  if (missing) return t.skip(missing)
  fill()
  for (let full = 0; full < 2; ) full = (await person()).body.code === 'no_room' ? full + 1 : 0
  await everywhere(page, 'site-disk-full', () => page.waitForSelector('[data-notice=diskfull]', wait))
  const head = await browser.newPage()
  await head.goto(await office.link)
  await ask(data.office, '/api/enrol-codes', { site: 'A made-up stall', kind: 'stall' }) // its log meets the full disk too
  await everywhere(head, 'office-disk-full', () => head.waitForSelector('[data-need=disk]', wait))
  rmSync(ballast)
  await page.waitForSelector('[data-notice=diskfull]', { ...wait, state: 'detached' })
  await head.waitForSelector('[data-need=disk]', { ...wait, state: 'detached' })
})
