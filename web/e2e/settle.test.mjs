// What people settle: a conflict at a site, offline and by keys alone, and at head office;
// a right that is taken away; a sale that is held, mended where it was made.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch } from './browser.mjs'
import { choose, everywhere, langs, look, tablet, tabTo, words } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const data = { office: join(dir, 'office'), one: join(dir, 'one'), two: join(dir, 'two') }
const wait = { timeout: 60_000 }
let browser, address, office, sites, head, page, product

const started = []
const begin = (...args) => (started.push(start(...args)), started.at(-1))
const serve = () => begin('serve', '--data', data.office, '--listen', address, '--org', 'Intaj')

async function ask(at, path, body) {
  const { url, token } = JSON.parse(readFileSync(join(at, 'token')))
  const r = await fetch(url + path, { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
  if (!r.ok) throw new Error(`${path}: ${await r.text()}`)
  return r.json()
}
let ids = 0
const id = () => `${(Date.now() + ids++).toString(16).padStart(12, '0')}7000a000${ids.toString(16).padStart(8, '0')}0000`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

async function until(what, holds) {
  for (const end = Date.now() + wait.timeout; !(await holds()); ) assert.ok(Date.now() < end, `${what}: ${started.map((p) => p.said().slice(-2000)).join('\n--\n')}`)
}

async function enrol(at, site, lang) {
  const code = await rawaj('admin', 'enrol-code', '--data', data.office, '--site', site, '--kind', 'stall', '--lang', lang, '--fair', 'Spring fair')
  await rawaj('site', 'enrol', '--data', at, '--server', `http://${address}`, '--code', code, '--label', 'tablet')
}

async function open(link) {
  const context = await browser.newContext({ viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB' })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('console', (m) => m.type() === 'error' && !/ERR_(INCOMPLETE|CONNECTION|EMPTY)|401|422|503|net::/.test(m.text()) && assert.fail(`the page says: ${m.text()}`))
  page.on('pageerror', (e) => assert.fail(`the page throws: ${e}`))
  await page.goto(await link)
  return page
}

before(async () => {
  browser = await launch()
  address = `127.0.0.1:${await freePort()}`
  office = serve()
  await office.link
  await enrol(data.one, 'جناح البخور', 'ar')
  await enrol(data.two, 'غرفه عطر', 'fa')
  sites = [begin('site', 'run', '--data', data.one, '--listen', `127.0.0.1:${await freePort()}`), begin('site', 'run', '--data', data.two, '--listen', `127.0.0.1:${await freePort()}`)]
  await Promise.all(sites.map((s) => s.link))
  product = (await ask(data.one, '/api/products', { id: id(), name: 'بخور', amount_minor: 1250, currency: 'AED' })).id
  await until('the other stall hears of the product', async () => (await ask(data.two, '/api/products')).length === 1)
  head = await open(office.link)
  page = await open(sites[0].link)
  await choose(page, 'en', 'light')
})

after(async () => {
  await browser?.close()
  await Promise.all(started.map((p) => p.stop()))
  rmSync(dir, { recursive: true, force: true })
})

const price = async (at) => (await ask(at, '/api/products'))[0].price.amount_minor

// conflict lets both stalls set the price while head office is away, and gives the one that
// lost: that of the first, unless its clock was measured to be ahead by what lies between.
async function conflict(one, two) {
  const before = (await ask(data.one, '/api/conflicts')).length
  await office.stop()
  await ask(data.one, '/api/prices', { product, amount_minor: one, currency: 'AED' })
  await ask(data.two, '/api/prices', { product, amount_minor: two, currency: 'AED' })
  office = serve()
  await office.link
  head = await head.context().close().then(() => open(rawaj('admin', 'login-link', '--data', data.office)))
  await Promise.all(Object.values(data).slice(1).map((at) => ask(at, '/api/sync?patience=10s', {})))
  await ask(data.one, '/api/sync?patience=10s', {})
  await until('the stall hears of the conflict', async () => (await ask(data.one, '/api/conflicts')).length > before)
  const lost = (await ask(data.one, '/api/conflicts'))[0].loser.values.amount_minor
  assert.ok([one, two].includes(lost), `lost: ${lost}`)
  return lost
}

test('a conflict is settled at a site that is offline, by keys alone, in two', async () => {
  const lost = await conflict(1300, 1400)
  await office.stop()
  await page.waitForSelector('[data-pill] [data-decide]', wait)
  await page.reload()
  let pressed = 0
  const press = async (selector) => {
    await tabTo(page, selector)
    await page.keyboard.press('Enter')
    pressed++
  }
  await page.click('[data-pill]')
  await everywhere(page, 'site-conflict', () => page.waitForSelector('[data-take=loser]'))
  await page.goto(page.url().replace(/#.*/, '#till'))
  await page.waitForSelector('main > *')
  await press('[data-pill]')
  await page.waitForSelector('[data-take=loser]')
  await press('[data-take=loser]')
  await page.waitForSelector('[data-decided=loser]')
  assert.equal(await price(data.one), lost, 'the value that was taken stands here at once')
  assert.equal(await page.locator('[data-take=loser]').count(), 0)
  console.log(`conflict settled: ${pressed} keys of 2, offline`)
  assert.equal(pressed, 2)
  office = serve()
  await office.link
  await ask(data.one, '/api/sync?patience=10s', {}) // and not when it would have tried again by itself
  await page.waitForSelector('[data-settled=loser]', wait)
  await until('the other stall has it', async () => (await price(data.two)) === lost)
  await everywhere(page, 'site-settled', () => page.waitForSelector('[data-settled=loser]'))
})

test('head office sees it settled, and settles the next one itself', async () => {
  head = await head.context().close().then(() => open(rawaj('admin', 'login-link', '--data', data.office)))
  await choose(head, 'en', 'light')
  await head.click('nav a[href="#conflicts"]')
  await head.waitForSelector('[data-settled=loser]:has-text("جناح البخور")', wait)
  const lost = await conflict(1500, 1600)
  await choose(head, 'en', 'light')
  await head.click('nav a[href="#conflicts"]')
  await head.waitForSelector('[data-settled=""] [data-take=winner]', wait)
  await everywhere(head, 'office-conflicts', () => head.waitForSelector('[data-settled=""] [data-take=winner]', wait))
  await head.click('[data-settled=""] [data-take=loser]')
  await head.waitForFunction(() => document.querySelectorAll('[data-settled=loser]').length === 2, undefined, wait)
  for (const at of [data.one, data.two]) await until('a stall hears what head office took', async () => (await price(at)) === lost)
  await head.click('nav a[href="#overview"]')
  await head.waitForFunction(() => document.querySelector('[data-panel=needs]') && !document.querySelector('[data-need=conflicts]'), undefined, wait)
})

test('a right is taken away with a reason', async () => {
  await head.click('nav a[href="#sites"]')
  const row = '[data-site]:has-text("جناح البخور") [data-device]'
  const shown = async () => {
    await head.click(`${row} summary`)
    await head.waitForSelector(`${row} [data-right^="fair/"]`, wait)
  }
  await everywhere(head, 'rights', shown)
  await shown()
  await head.click(`${row} [data-right^="fair/"] [data-end]`)
  await head.click('[data-end-go]')
  assert.equal(await head.textContent('#right-reason-error'), words.en['held.noreason'])
  await look(head, 'right-end', 'en', 'light')
  await head.setViewportSize({ width: tablet[0], height: tablet[1] })
  await head.fill('#right-reason', 'The fair is over')
  await head.click('[data-end-go]')
  await head.waitForSelector(`${row} [data-right^="fair/"][data-ended=true]:has-text("The fair is over")`, wait)
})

test('a held sale is mended where it was made, and what it waits for is named', async () => {
  const { device } = JSON.parse(await rawaj('admin', 'device', 'ls', '--data', data.office, '--json')).find((d) => d.site_name === 'جناح البخور')
  const { id: till } = await ask(data.one, '/api/tills', { id: id(), float_minor: 10000, currency: 'AED' })
  await rawaj('admin', 'grant', 'set', '--data', data.office, '--device', device, '--scope', 'org', '--classes', 'S') // it may no longer write products
  const { id: bad } = await ask(data.one, '/api/products', { id: id(), name: 'زعفران', amount_minor: 5000, currency: 'AED' })
  await ask(data.one, '/api/sales', { id: id(), till, currency: 'AED', lines: [{ product: bad, quantity: 2, unit_price_minor: 5000 }] })
  await page.goto(page.url().replace(/#.*/, '#sync'))
  const waits = '[data-code=dependant]'
  await page.waitForSelector(`${waits} [data-mend]`, wait)
  assert.match(await page.textContent(waits), /Waits for: \S+Product: /)
  assert.equal(await page.textContent('[data-held-worth=AED]'), '100\u00a0AED')
  await head.click('nav a[href="#overview"]')
  await head.waitForSelector('[data-held-worth=AED]:has-text("100")', wait)
  await everywhere(page, 'site-held', () => page.waitForSelector(`${waits} [data-mend]`))
  for (const lang of langs) {
    await choose(page, lang, lang === 'fa' ? 'dark' : 'light')
    await page.click(`${waits} [data-mend]`)
    await page.waitForFunction(() => document.querySelectorAll('dialog option').length === 2)
    await look(page, 'mend', lang, lang === 'fa' ? 'dark' : 'light')
  }
  await page.setViewportSize({ width: tablet[0], height: tablet[1] })
  await page.selectOption('[data-line="0"]', product)
  await page.click('[data-mend-go]')
  await page.waitForSelector('[data-was=replaced]', wait)
  assert.equal(await page.locator('[data-held-worth]').count(), 0)
  const report = JSON.parse(await rawaj('report', 'sales', '--data', data.office, '--json'))
  assert.deepEqual(report.total.amount_minor, { AED: 10000 })
})

test('what is held is taken back by whoever recorded it', async () => {
  const held = '[data-code=not_granted]'
  await choose(page, 'en', 'light')
  await page.waitForSelector(`${held} [data-take-back]`, wait)
  for (const lang of langs) {
    const theme = lang === 'fa' ? 'dark' : 'light'
    await choose(page, lang, theme)
    await page.click(`${held} [data-take-back]`)
    await page.waitForSelector('[data-take-back-go]')
    await look(page, 'take-back', lang, theme)
  }
  await page.setViewportSize({ width: tablet[0], height: tablet[1] })
  await page.click('[data-take-back-go]')
  await page.waitForSelector('[data-was=withdrawn]', wait)
  assert.equal(await page.locator(held).count(), 0)
  const held_ = JSON.parse(await rawaj('admin', 'quarantine', 'ls', '--data', data.office, '--json'))
  assert.deepEqual(held_.filter((v) => v.state === 'held'), [])
})
