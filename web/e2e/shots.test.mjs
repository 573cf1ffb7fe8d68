// What a visitor finds after a day, in every look: pictures for people to look at, in
// web/shots. What each screen must hold is tested elsewhere; the index is looked at here.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { choose, langs, look, pictures, themes } from './look.mjs'
import { visit, wait } from './visitor.mjs'

const widths = [[360, 740], [800, 1100], [1280, 800]]
let visitor

before(async () => (visitor = await visit()))
after(() => visitor?.leave())

test('the index, in every look', async () => {
  const { index, base } = visitor
  for (const lang of langs) {
    for (const colorScheme of themes) {
      await index.emulateMedia({ colorScheme })
      await index.goto(`${base}/?lang=${lang}`)
      await look(index, 'demo-index', lang, colorScheme)
    }
  }
})

async function picture(page, name, lang, theme) {
  await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme)
  await page.evaluate(() => document.fonts.ready)
  for (const [width, height] of widths) {
    await page.setViewportSize({ width, height })
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} ${lang} ${theme} ${width} goes sideways`)
    if (pictures) await page.screenshot({ path: fileURLToPath(new URL(`../shots/demo-${name}-${lang}-${theme}-${width}.png`, import.meta.url)) })
  }
}

// Screens, where they are, and what brings them up.
const screens = [
  ['till', 'stall-1', '#till', (page) => page.waitForSelector('[data-product]', wait)],
  ['attendance', 'centre', '#attendance', (page) => page.waitForSelector('[data-session]', wait)],
  ['roster', 'centre', '#attendance', async (page) => {
    await page.waitForSelector('[data-session], [data-person]', wait) // a page comes back to the roster that it was at
    if (!(await page.$('[data-person]'))) await page.click('[data-session] >> nth=0', wait)
    await page.waitForSelector('[data-person]', wait)
  }],
  ['referrals', 'desk', '#referrals', (page) => page.waitForSelector('[data-referral]', wait)],
  ['overview', 'server', '#overview', (page) => page.waitForSelector('[data-tile=sales-AED]', wait)],
  ['sites', 'server', '#sites', (page) => page.waitForSelector('[data-health]', wait)],
]
for (const [name, place, hash, ready] of screens) {
  test(`${name} after a day, in every look`, async () => {
    const page = await visitor.at(place)
    await page.click(`nav a[href="${hash}"]`)
    for (const lang of langs) {
      await choose(page, lang, 'light')
      await ready(page)
      for (const theme of pictures ? themes : themes.slice(0, 1)) await picture(page, name, lang, theme)
    }
  })
}
