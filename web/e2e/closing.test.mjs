// A till is closed in the browser with head office away: it says so, and says when head
// office has confirmed; head office shows it among its sites.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch } from './browser.mjs'
import { choose, everywhere, tablet } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const data = { office: join(dir, 'office'), site: join(dir, 'site') }
const wait = { timeout: 60_000 }
let browser, address, office, page

const started = []
const begin = (...args) => (started.push(start(...args)), started.at(-1))
const serve = () => begin('serve', '--data', data.office, '--listen', address, '--org', 'Intaj')
let ids = 0
const id = () => `${(Date.now() + ids++).toString(16).padStart(12, '0')}7000a000${ids.toString(16).padStart(8, '0')}0000`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

async function ask(path, body) {
  const { url, token } = JSON.parse(readFileSync(join(data.site, 'token')))
  const r = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  if (!r.ok) throw new Error(`${path}: ${await r.text()}`)
  return r.json()
}

async function open(link) {
  const context = await browser.newContext({ viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (e) => assert.fail(`the page throws: ${e}`))
  await page.goto(await link)
  return page
}

before(async () => {
  browser = await launch()
  address = `127.0.0.1:${await freePort()}`
  office = serve()
  await office.link
  const code = await rawaj('admin', 'enrol-code', '--data', data.office, '--site', 'جناح البخور', '--kind', 'stall', '--lang', 'en')
  await rawaj('site', 'enrol', '--data', data.site, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
  await office.stop()
  const site = begin('site', 'run', '--data', data.site, '--listen', `127.0.0.1:${await freePort()}`)
  page = await open(site.link)
  await choose(page, 'en', 'light')
  await page.click('[data-open]', wait)
  await ask('/api/products', { id: id(), name: 'بخور', amount_minor: 1250, currency: 'AED' })
})

after(async () => {
  await browser?.close()
  await Promise.all(started.map((p) => p.stop()))
  rmSync(dir, { recursive: true, force: true })
})

const text = (selector) => page.textContent(selector)

test('a till that is closed says that head office has not confirmed, and then that it has', async () => {
  for (const pay of ['[data-cash]', '[data-card]']) {
    const last = await page.evaluate(() => document.querySelector('[data-sold]')?.dataset.sold)
    await page.click('[data-product]', wait)
    await page.click(pay)
    await page.waitForFunction((last) => (document.querySelector('[data-sold]')?.dataset.sold ?? last) !== last, last, wait)
  }
  await page.click('[data-close]')
  await page.fill('dialog input', '12.50')
  await page.click('dialog .pay')
  await page.waitForSelector('[data-closing=waiting]', wait)
  assert.match(await text('[data-closing]'), /closed.*not confirmed.*2 sales.*25.AED/is)
  await everywhere(page, 'closing-waiting', () => page.waitForSelector('[data-closing=waiting]', wait))
  office = serve()
  await office.link
  await page.waitForSelector('[data-closing=equal]', { timeout: 90_000 }) // the site comes back by itself
  assert.match(await text('[data-closing]'), /confirmed: .*2 sales.*25.AED/is)
  await everywhere(page, 'closing-equal', () => page.waitForSelector('[data-closing=equal]', wait))
})

test('a sale that comes late is stated beside it, and head office shows the latest', async () => {
  const { id: till, currency } = await ask('/api/till')
  const [product] = await ask('/api/products')
  await ask('/api/sales', { id: id(), till, currency, waited_ms: 600_000, lines: [{ product: product.id, quantity: 1, unit_price_minor: 1000, discount_minor: 0, unpriced: false }] })
  await page.waitForFunction(() => /3 sales/.test(document.querySelector('[data-closing=equal]')?.textContent ?? ''), undefined, wait)
  assert.match(await text('[data-closing]'), /Statement .*2/is)
  const head = await open(rawaj('admin', 'login-link', '--data', data.office))
  await choose(head, 'en', 'light')
  await head.click('nav a[href="#sites"]')
  await head.waitForSelector('[data-panel=closings] [data-closing=equal]', wait)
  assert.equal(await head.locator('[data-panel=closings] [data-closing]').count(), 1)
  assert.match(await head.textContent('[data-panel=closings] [data-closing]'), /جناح البخور.*35.AED.*Confirmed/is)
  await everywhere(head, 'sites-closings', () => head.waitForSelector('[data-panel=closings] [data-closing=equal]', wait))
})
