// A made-up site with a few goods, on a port of its own, in a browser that keeps its profile.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchKept } from './browser.mjs'
import { choose, langs, look, tablet } from './look.mjs'
import { freePort, rawaj, start } from './program.mjs'

export const wait = { timeout: 60_000 }

// until waits for an expression of a page to come true, which may be a promise.
export const until = (page, expression) =>
  page.evaluate(`(async () => {
    for (const end = Date.now() + ${wait.timeout}; Date.now() < end; await new Promise(requestAnimationFrame)) if (await (${expression})) return
    throw new Error(${JSON.stringify(`not so after ${wait.timeout} ms: ${expression}`)})
  })()`)

// keeps waits until a browser holds a snapshot s that fits, as an expression.
export const keeps = (fits, page) =>
  until(page, `(async () => {
    const db = await new Promise((done) => (indexedDB.open('rawaj').onsuccess = (e) => done(e.target.result)))
    const all = await new Promise((done) => (db.transaction('kept').objectStore('kept').getAll().onsuccess = (e) => done(e.target.result)))
    db.close()
    return all.some((s) => ${fits})
  })()`)

export class Stall {
  #dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
  #office
  wrong = [] // what pages complained of

  // open starts head office and a site, and signs a browser in.
  async open() {
    this.server = `127.0.0.1:${await freePort()}`
    this.#office = start('serve', '--data', join(this.#dir, 'office'), '--listen', this.server, '--org', 'Intaj')
    await this.#office.link
    this.port = await freePort()
    await this.enrol('site', 'مرکز رویش طرق', 'rooyesh_centre')
    await this.launch()
    await this.run('site')
    this.page = await this.tab()
    await this.page.goto(await this.program.link)
    await this.page.waitForSelector('[data-open]', wait)
    await choose(this.page, 'en', 'light')
    await this.page.click('[data-open]')
    for (const [i, name] of ['Palm basket', 'عسل سدر', 'گلیم دست‌باف'].entries()) await this.ask('/api/products', { id: id(i), name, amount_minor: 1000 * (i + 1), currency: 'AED' })
    await this.page.waitForSelector('[data-product] >> nth=2', wait)
    await this.kept('s.products.length === 3 && s.till && !s.till.closed')
  }

  async enrol(name, site, kind) {
    const code = await rawaj('admin', 'enrol-code', '--data', join(this.#dir, 'office'), '--site', site, '--kind', kind, '--lang', 'en')
    await rawaj('site', 'enrol', '--data', join(this.#dir, name), '--server', `http://${this.server}`, '--code', code)
  }

  async launch() {
    this.browser = await launchKept(join(this.#dir, 'profile'), { viewport: { width: tablet[0], height: tablet[1] }, locale: 'en-GB' })
  }

  async tab() {
    const page = await this.browser.newPage()
    page.on('console', (m) => m.type() === 'error' && !/Failed to load resource|ERR_|net::/.test(m.text()) && this.wrong.push(m.text()))
    page.on('pageerror', (e) => this.wrong.push(e.stack))
    return page
  }

  // run starts the program of a site at the address that the browser knows.
  async run(name, listen = `127.0.0.1:${this.port}`) {
    this.program = start('site', 'run', '--data', join(this.#dir, name), '--listen', listen)
    await this.program.link
  }

  // signIn opens the program's link in a tab of its own, as a person would, and waits until
  // that shows the site that answers: a tab that loads itself anew, as it does when another
  // site answers than before, is not closed by Chromium.
  async signIn() {
    const tab = await this.tab()
    await tab.goto(await this.program.link)
    const { name } = await (await this.browser.request.get(`http://127.0.0.1:${this.port}/api/me`)).json()
    await tab.waitForSelector(`.title:has-text("${name}")`, { state: 'attached', ...wait })
    await tab.close()
  }

  link = (name) => rawaj('site', 'open', '--data', join(this.#dir, name))

  async ask(path, body) {
    return this.page.evaluate(async ([path, body]) => {
      const r = await fetch(path, body && { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`)
      return r.json()
    }, [path, body])
  }

  async sell(name, page = this.page) {
    const last = await page.evaluate(() => document.querySelector('[data-sold]')?.dataset.sold)
    await page.click(`[data-product]:has-text("${name}")`)
    await page.click('[data-cash]')
    await page.waitForFunction((last) => (document.querySelector('[data-sold]')?.dataset.sold ?? last) !== last, last)
  }

  // sales are those that the program of a site has, whoever asks.
  sales = async (name = 'site') => JSON.parse(await rawaj('report', 'sales', '--data', join(this.#dir, name), '--by', 'site', '--json')).total.receipts

  // recorded waits until the program has so many sales, and finds no more.
  async recorded(n) {
    for (const end = Date.now() + wait.timeout; Date.now() < end && (await this.sales()) < n; );
    assert.equal(await this.sales(), n)
  }

  // kept waits until the browser holds a snapshot s that fits, as an expression.
  kept = (fits, page = this.page) => keeps(`s.me && ${fits}`, page)

  flushed = (page = this.page) => page.waitForSelector('[data-kept="0"]:not([data-pill=held]):not([data-pill=lost]):not([data-pill=signedout]):not([data-pill=asking])', wait)

  // everywhere shows a state in every language, and in one of them dark.
  async everywhere(name, ready) {
    for (const [lang, theme] of [...langs.map((l) => [l, 'light']), ['ar', 'dark']]) {
      await choose(this.page, lang, theme)
      await ready()
      await look(this.page, name, lang, theme)
    }
    await choose(this.page, 'en', 'light')
    await this.page.setViewportSize({ width: tablet[0], height: tablet[1] })
    await ready()
  }

  async close() {
    await this.browser?.close()
    await Promise.all([this.program?.stop(), this.#office?.stop()])
    rmSync(this.#dir, { recursive: true, force: true })
    assert.deepEqual(this.wrong, [])
  }
}

let made = 0
export function id(n = 0) {
  return `${(Date.now() + n).toString(16).padStart(12, '0')}7${(++made).toString(16).padStart(3, '0')}a00000000000${'0000'}`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
