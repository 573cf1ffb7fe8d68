// The demo as a visitor has it: cables pulled by the switch of its index, sales,
// attendance and referrals behind them, and what head office and the other side see
// afterwards. Staff rest, so that sums are exact. Everything in it is made up.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { launch } from './browser.mjs'
import { choose, langs, look, themes, words } from './look.mjs'
import { start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const tablet = { width: 800, height: 1100 }
const widths = [[360, 740], [800, 1100], [1280, 800]]
const wait = { timeout: 20_000 }
const pages = {}
let browser, context, demo, index, base

before(async () => {
  browser = await launch()
  demo = start('demo', '--data', dir, '--listen', '127.0.0.1:0', '--no-browser', '--calm')
  context = await browser.newContext({ viewport: tablet, locale: 'en-GB', timezoneId: 'Asia/Dubai' })
  index = await context.newPage()
  await index.goto(await demo.link)
  base = new URL(index.url()).origin
})

after(async () => {
  await browser?.close()
  const code = await demo?.stop()
  rmSync(dir, { recursive: true, force: true })
  assert.equal(code, 0, 'nothing that a visitor did ends the demo otherwise')
})

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
const pull = (place) => cable(place, 'pull')
const plug = (place) => cable(place, 'plug')
const arrived = (page) => page.waitForSelector('[data-pill=arrived]', wait)
const saved = (page) => page.waitForSelector('[data-pill=saved]', wait)

// minor reads an amount as a page shows it, in any digits.
const minor = (shown) => {
  const ascii = shown.replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (d) => String(d.codePointAt(0) & 0xf)).replace(/\u066b/g, '.')
  return Math.round(Number(ascii.replace(/[^0-9.]/g, '')) * 100)
}
const tile = '[data-tile=sales-AED] bdi'

for (const lang of langs) {
  test(`in ${lang}, a sale behind a pulled cable is exact at head office within 2 s of contact`, async () => {
    await index.goto(`${base}/?lang=${lang}`)
    const stall = await at('stall-1', lang)
    const office = await at('server', lang)
    await arrived(stall)
    const had = minor(await office.textContent(tile))
    await pull('stall-1')
    let taps = 0
    const tap = (selector) => (taps++, stall.click(selector))
    const answered = stall.waitForResponse((r) => r.url().endsWith('/api/sales') && r.request().method() === 'POST')
    await tap('[data-product]:has(.price:text-matches("AED|درهم|د\\\\.إ"))')
    await tap('[data-cash]')
    await stall.waitForSelector(`[data-sold]:has-text("${words[lang]['sold.saved']}")`, wait)
    await saved(stall)
    assert.equal(taps, 2)
    const { amount_minor } = await (await answered).json()
    assert.ok(amount_minor > 0)
    assert.equal(minor(await office.textContent(tile)), had, 'head office cannot know yet')
    // Contact is when the stall's own status says so: it has heard head office again.
    const contact = stall.evaluate(
      () =>
        new Promise((heard) => {
          const events = new EventSource('/api/events')
          let first
          events.addEventListener('status', (e) => {
            const s = JSON.parse(e.data)
            first ??= s
            if (s.last_contact === first.last_contact && s.pending >= first.pending) return
            events.close()
            heard(Date.now())
          })
        }),
    )
    const shown = office.evaluate(
      ([tile, had]) =>
        new Promise((changed) => {
          const old = document.querySelector(tile).textContent
          const look = () => (document.querySelector(tile).textContent !== old ? changed({ at: Date.now(), text: document.querySelector(tile).textContent }) : requestAnimationFrame(look))
          look()
        }),
      [tile, had],
    )
    const switched = Date.now()
    await plug('stall-1')
    const { at: seen, text } = await shown
    const late = seen - (await contact)
    console.log(`${lang}: the dashboard has the sum ${late} ms after contact, ${seen - switched} ms after the switch; ${taps} taps`)
    assert.equal(minor(text), had + amount_minor, 'the first sum that is shown is the exact one')
    assert.ok(late < 2000)
    await arrived(stall)
  })
}

// send sends a case code to the desk through the centre's page, and gives its id.
async function send(centre) {
  await centre.click('[data-refer]')
  await centre.waitForFunction(() => document.querySelector('#refer-to').options.length > 1, undefined, wait)
  const to = await centre.locator('#refer-to option').filter({ hasText: 'میز وام نمونه' }).getAttribute('value')
  await centre.selectOption('#refer-to', to)
  await centre.click('[data-purpose=exam]')
  const answered = centre.waitForResponse((r) => r.url().endsWith('/api/referrals') && r.request().method() === 'POST')
  await centre.click('[data-refer-go]')
  return (await (await answered).json()).id
}
const card = (id, state) => `[data-referral="${id}"][data-state=${state}]`

async function sides() {
  const centre = await at('centre')
  const desk = await at('desk')
  for (const page of [centre, desk]) await page.click('nav a[href="#referrals"]')
  await Promise.all([arrived(centre), arrived(desk)])
  return { centre, desk }
}

test('a referral sent offline is answered offline, and both see it after contact', async () => {
  await index.goto(`${base}/?lang=en`)
  const { centre, desk } = await sides()
  await pull('centre')
  await pull('desk')
  const id = await send(centre)
  await centre.waitForSelector(card(id, 'sent'), wait)
  await saved(centre)
  await plug('centre')
  await arrived(centre)
  assert.equal(await desk.locator(`[data-referral="${id}"]`).count(), 0, 'the desk has heard nothing')
  await plug('desk')
  await desk.waitForSelector(`[data-referral="${id}"] [data-step=accepted]`, wait)
  await pull('desk')
  await desk.click(`[data-referral="${id}"] [data-step=accepted]`)
  await desk.waitForSelector(card(id, 'accepted'), wait)
  await saved(desk)
  assert.equal(await centre.locator(card(id, 'accepted')).count(), 0, 'the centre has heard nothing')
  await plug('desk')
  await arrived(desk)
  await centre.waitForSelector(card(id, 'accepted'), wait)
  await desk.waitForSelector(card(id, 'accepted'), wait)
})

for (const first of ['desk', 'centre']) {
  test(`accepted against withdrawn ends accepted, where the ${first} has contact first`, async () => {
    const both = await sides()
    const { centre, desk } = both
    const id = await send(centre)
    await desk.waitForSelector(`[data-referral="${id}"] [data-step=accepted]`, wait)
    await pull('centre')
    await pull('desk')
    await desk.click(`[data-referral="${id}"] [data-step=accepted]`)
    await centre.click(`[data-referral="${id}"] [data-step=withdrawn]`)
    await desk.waitForSelector(card(id, 'accepted'), wait)
    await centre.waitForSelector(card(id, 'withdrawn'), wait)
    const second = first === 'desk' ? 'centre' : 'desk'
    for (const place of [first, second]) {
      await plug(place)
      await arrived(both[place])
    }
    for (const page of [centre, desk]) await page.waitForSelector(card(id, 'accepted'), wait)
    const held = await Promise.all([centre, desk].map((p) => p.evaluate(async () => (await (await fetch('/api/status')).json()).quarantined)))
    assert.deepEqual(held, [0, 0], 'nobody is told that something was refused')
  })
}

// mark taps a line until it stands as it should: a tap within a second of another is none.
async function mark(page, person, want) {
  const line = page.locator(`[data-person="${person}"]`)
  const deadline = Date.now() + wait.timeout
  while ((await line.getAttribute('data-standing')) !== want && Date.now() < deadline) {
    await line.click()
    await page.waitForSelector(`[data-person="${person}"][data-standing=${want}]`, { timeout: 500 }).catch(() => undefined)
  }
  assert.equal(await line.getAttribute('data-standing'), want)
}

test('two tablets mark one person offline: one attendance, both marks to be seen, minutes once', async () => {
  const tablets = [await at('centre'), await at('centre-2')]
  const ask = (page, path) => page.evaluate(async (path) => (await fetch(path)).json(), path)
  const sessions = (await ask(tablets[0], '/api/sessions')).toSorted((a, b) => a.starts_at - b.starts_at)
  const [morning, now] = [sessions[0], sessions.at(-1)]
  for (const page of tablets) {
    await arrived(page)
    await page.click('nav a[href="#attendance"]')
    await page.click(`[data-session="${now.id}"]`)
    await page.waitForSelector('[data-person]', wait)
  }
  await pull('centre')
  await pull('centre-2')
  const { person } = (await ask(tablets[0], `/api/sessions/${now.id}/roster`)).find((l) => l.in_at === 0)
  for (const page of tablets) await mark(page, person, 'in')
  for (const page of tablets) await mark(page, person, 'out')
  for (const page of tablets) assert.equal((await ask(page, `/api/sessions/${now.id}/roster`)).find((l) => l.person === person).scans, 2, 'each knows of its own marks')
  await plug('centre')
  await plug('centre-2')
  const four = words.en['attend.marks'].replace(/.*other \{(.*)\}\}/, '$1').replace('#', '4')
  const lines = []
  for (const page of tablets) {
    await page.waitForSelector(`[data-person="${person}"]:has-text("${four}")`, wait)
    assert.equal(await page.locator(`[data-person="${person}"]`).count(), 1)
    lines.push((await ask(page, `/api/sessions/${now.id}/roster`)).find((l) => l.person === person))
  }
  assert.deepEqual(lines[0], lines[1], 'both derive the same')
  // In the morning of the demo both tablets saw some women come and go: hours, not seconds.
  for (const page of tablets) {
    await page.click(`button[aria-label="${words.en['attend.back']}"]`)
    await page.click(`[data-session="${morning.id}"]`)
    await page.waitForSelector('[data-standing=out]', wait)
    const twice = (await ask(page, `/api/sessions/${morning.id}/roster`)).filter((l) => l.scans === 4)
    assert.ok(twice.length > 0)
    for (const l of twice) {
      assert.ok(l.credited_minutes > 60 && l.credited_minutes <= 120, `${l.credited_minutes} minutes`)
      const shown = await page.textContent(`[data-person="${l.person}"]`)
      assert.match(shown, new RegExp(four))
      assert.match(shown, new RegExp(`${Math.floor(l.credited_minutes / 60)}:${String(l.credited_minutes % 60).padStart(2, '0')}`))
    }
  }
})

test('a visitor who closes a till and pulls every cable ends nothing', async () => {
  const branch = await at('branch')
  for (const place of ['branch', 'stall-2']) await pull(place)
  await branch.click('[data-close]')
  await branch.click('.keys button:text-is("9")')
  await branch.click('dialog .pay')
  await branch.waitForSelector('[data-open]', wait)
  for (const place of ['branch', 'stall-2']) await plug(place)
  await arrived(branch)
  await branch.fill('#float', '100')
  await branch.click('[data-open]')
  await branch.waitForSelector('[data-cash]', wait)
})

test('the index works without script', async () => {
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: tablet })
  await plain.addCookies((await context.cookies(base)).map(({ name, value }) => ({ name, value, url: base })))
  const page = await plain.newPage()
  await page.goto(`${base}/?lang=fa`)
  await page.click('[data-place=stall-2] [data-switch=pull]')
  await page.waitForSelector('[data-place=stall-2] [data-cable=pulled]')
  await page.click('[data-place=stall-2] [data-switch=plug]')
  await page.waitForSelector('[data-place=stall-2] [data-cable=in]')
  await plain.close()
})

test('the index, in every look', async () => {
  for (const lang of langs) {
    for (const colorScheme of themes) {
      await index.emulateMedia({ colorScheme })
      await index.goto(`${base}/?lang=${lang}`)
      await look(index, 'demo-index', lang, colorScheme, [[320, 640], ...widths])
    }
  }
})

// What each of these screens shows first, of a place where a day has been played.
const screens = [
  ['till', 'stall-1', '#till', '[data-product]'],
  ['attendance', 'centre', '#attendance', '[data-session]'],
  ['referrals', 'desk', '#referrals', '[data-referral]'],
  ['overview', 'server', '#overview', tile],
  ['sites', 'server', '#sites', '[data-health]'],
]
for (const [name, place, hash, ready] of screens) {
  test(`${name} after a day, in every look`, async () => {
    const page = await at(place)
    await page.click(`nav a[href="${hash}"]`)
    for (const lang of langs) {
      for (const theme of themes) {
        await choose(page, lang, theme)
        await page.waitForSelector(ready, wait)
        await look(page, `demo-${name}`, lang, theme, widths, () => false)
      }
    }
    await page.setViewportSize(tablet)
  })
}
