// Head office is put back to an earlier state, and somebody vouches for who takes part; a
// device is revoked, and a browser of it is emptied, open or not. All programs are real.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launchKept } from './browser.mjs'
import { choose, everywhere, langs, look, tablet } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'
import { keeps, until, wait } from './stall.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const data = { office: join(dir, 'office'), site: join(dir, 'site'), kept: join(dir, 'kept') }
const started = []
const begin = (...args) => (started.push(start(...args)), started.at(-1))
let browser, address, at, office, site, page, head

async function ask(of, path, body) {
  const { url, token } = JSON.parse(readFileSync(join(of, 'token')))
  const r = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  return { status: r.status, body: await r.json() }
}
let ids = 0
const id = () => `${(Date.now() + ids++).toString(16).padStart(12, '0')}7000a000${ids.toString(16).padStart(8, '0')}0000`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const sync = () => ask(data.site, '/api/sync?patience=5s', {})

const serve = async () => {
  office = begin('serve', '--data', data.office, '--listen', address, '--org', 'Intaj')
  await office.link
}
const run = async () => {
  site = begin('site', 'run', '--data', data.site, '--listen', at)
  await site.link
}
async function tab(link) {
  const page = await browser.newPage()
  page.on('pageerror', (e) => assert.fail(`the page throws: ${e}`))
  await page.goto(link)
  return page
}

// stored is what this browser keeps of the site.
const stored = (page) =>
  page.evaluate(async () => {
    const names = (await indexedDB.databases()).map((d) => d.name)
    let n = 0
    if (names.includes('rawaj')) {
      const db = await new Promise((done) => (indexedDB.open('rawaj').onsuccess = (e) => done(e.target.result)))
      for (const store of db.objectStoreNames) n += await new Promise((done) => (db.transaction(store).objectStore(store).count().onsuccess = (e) => done(e.target.result)))
      db.close()
    }
    return { records: n, workers: (await navigator.serviceWorker.getRegistrations()).length, caches: (await caches.keys()).length }
  })
const empty = { records: 0, workers: 0, caches: 0 }

before(async () => {
  address = `127.0.0.1:${await freePort()}`
  at = `127.0.0.1:${await freePort()}`
  await serve()
  const code = await rawaj('admin', 'enrol-code', '--data', data.office, '--site', 'مرکز رویش طرق', '--kind', 'rooyesh_centre', '--lang', 'en')
  await rawaj('site', 'enrol', '--data', data.site, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
  browser = await launchKept(join(dir, 'profile'), { viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB' })
  await run()
  page = await tab(await site.link)
  await page.waitForSelector('[data-open]', wait)
})

after(async () => {
  await browser?.close()
  await Promise.all(started.map((p) => p.stop()))
  rmSync(dir, { recursive: true, force: true })
})

test('after head office was put back somebody vouches, and then it tells again', async () => {
  await sync()
  await office.stop()
  cpSync(data.office, data.kept, { recursive: true })
  await serve()
  await ask(data.site, '/api/persons', { id: id(), name: 'A made-up name' })
  await sync()
  await office.stop()
  rmSync(data.office, { recursive: true })
  cpSync(data.kept, data.office, { recursive: true })
  await serve()
  await sync()
  const { body: status } = await ask(data.site, '/api/status')
  assert.equal(status.withheld, true)
  assert.equal(status.pending, 0)
  await page.goto(page.url().replace(/#.*/, '') + '#sync')
  await everywhere(page, 'site-withheld', () => page.waitForSelector('[data-withheld]', wait))
  head = await tab(await office.link)
  await everywhere(head, 'office-doubt', () => head.waitForSelector('[data-need=doubt]', wait))
  for (const lang of langs) {
    await choose(head, lang, 'light')
    await head.click('[data-vouch]')
    await head.waitForSelector('[data-vouch-go]')
    await look(head, 'vouch', lang, 'light')
  }
  await head.setViewportSize({ width: tablet[0], height: tablet[1] })
  await head.click('[data-vouch-go]')
  await head.waitForFunction(() => document.querySelector('[data-panel=needs]') && !document.querySelector('[data-need=doubt]'), undefined, wait)
  await sync()
  await page.waitForFunction(() => document.querySelector('[data-fact=here]') && !document.querySelector('[data-withheld]'), undefined, wait)
})

const emptied = async (page) => {
  await page.waitForSelector('[data-notice=wiped]', wait).catch(async (e) => {
    throw new Error(`${e.message}\n${page.url()}\n${await page.evaluate(() => document.body.innerText + ' ' + document.querySelector('[data-notice]')?.dataset.notice)}`)
  })
  assert.ok(!(await page.textContent('body')).includes('A made-up name'))
  assert.deepEqual(await stored(page), empty)
}

test('a browser of a device that was wiped is emptied, whether its page is open or not', async () => {
  await ask(data.site, '/api/persons', { id: id(), name: 'A made-up name' })
  await choose(page, 'en', 'light')
  await page.goto(page.url().replace(/#.*/, '') + '#attendance')
  await keeps('s.persons?.length > 0', page)
  await until(page, 'navigator.serviceWorker.getRegistrations().then((all) => all.some((r) => r.active))')
  await page.goto('about:blank') // nobody looks
  const { body: devices } = await ask(data.office, '/api/devices')
  const { device } = devices.find((d) => d.kind === 'rooyesh_centre')
  await ask(data.office, `/api/devices/${device}/revoke`, { reason: 'The tablet was lost' })
  await sync()
  for (const end = Date.now() + wait.timeout; ; ) {
    const { body } = await ask(data.site, '/api/status')
    if (body.wiped) break
    assert.ok(Date.now() < end, `not wiped: ${JSON.stringify(body)}`)
  }
  const me = await ask(data.site, '/api/me')
  assert.equal(me.body.code, 'device_refused')
  await page.goto(`http://${at}/`)
  await emptied(page)
  await look(page, 'wiped', 'en', 'light')
  await site.stop() // and it stays empty after a restart
  await run()
  page = await tab(await site.link)
  await emptied(page)
})

test('a page that is open hears that its device was wiped', async () => {
  const other = join(dir, 'other')
  const code = await rawaj('admin', 'enrol-code', '--data', data.office, '--site', 'مرکز رویش دیگر', '--kind', 'rooyesh_centre', '--lang', 'en')
  await rawaj('site', 'enrol', '--data', other, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
  await site.stop()
  data.site = other
  at = `127.0.0.1:${await freePort()}`
  await run()
  await ask(data.site, '/api/persons', { id: id(), name: 'A made-up name' })
  page = await tab(await site.link)
  await page.waitForSelector('[data-open]', wait)
  await choose(page, 'en', 'light')
  await page.goto(page.url().replace(/#.*/, '') + '#attendance')
  await keeps('s.persons?.length > 0', page)
  await until(page, 'navigator.serviceWorker.getRegistrations().then((all) => all.some((r) => r.active))')
  const { body: devices } = await ask(data.office, '/api/devices')
  const { device } = devices.find((d) => d.site_name === 'مرکز رویش دیگر')
  await ask(data.office, `/api/devices/${device}/revoke`, { reason: 'The tablet was lost' })
  await emptied(page)
})
