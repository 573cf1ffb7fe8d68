// A visitor of a demo whose staff rest: the index, the places opened from it, and the
// switches of their cables.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launch } from './browser.mjs'
import { choose } from './look.mjs'
import { start } from './program.mjs'

export const tablet = { width: 800, height: 1100 }
export const wait = { timeout: 60_000 }

export async function visit() {
  const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
  const browser = await launch()
  const demo = start('demo', '--data', dir, '--listen', '127.0.0.1:0', '--no-browser', '--calm')
  const context = await browser.newContext({ viewport: tablet, locale: 'en-GB', timezoneId: 'Asia/Dubai' })
  const index = await context.newPage()
  await index.goto(await demo.link)
  const base = new URL(index.url()).origin
  const pages = {}

  // at is the page of a place, opened from the index as a visitor does.
  async function at(place, lang = 'en') {
    if (!pages[place]) {
      const opened = context.waitForEvent('page')
      await index.click(`[data-place=${place}] a`)
      const page = await opened
      page.on('console', (m) => m.type() === 'error' && !/ERR_(INCOMPLETE|CONNECTION|EMPTY)|503|net::/.test(m.text()) && assert.fail(`${place} says: ${m.text()}`))
      page.on('pageerror', (e) => assert.fail(`${place} throws: ${e}`))
      await page.waitForSelector('main > *', wait)
      pages[place] = page
    }
    const page = pages[place]
    if ((await page.getAttribute('html', 'lang')) !== lang || (await page.getAttribute('html', 'data-theme')) !== 'light') await choose(page, lang, 'light')
    return page
  }

  async function cable(place, how) {
    await index.click(`[data-place=${place}] [data-switch=${how}]`)
    await index.waitForSelector(`[data-place=${place}] [data-cable=${how === 'pull' ? 'pulled' : 'in'}]`)
  }

  async function leave() {
    await browser.close()
    const code = await demo.stop()
    rmSync(dir, { recursive: true, force: true })
    assert.equal(code, 0, 'nothing that a visitor did ends the demo otherwise')
  }
  return { browser, context, index, base, at, pull: (place) => cable(place, 'pull'), plug: (place) => cable(place, 'plug'), leave }
}
