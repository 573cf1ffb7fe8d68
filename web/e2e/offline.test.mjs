// The program of a site stands still, dies and comes back, while somebody sells and marks
// a roster: nothing is lost and nothing counts twice. Program and browser are real.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { id, Stall, wait } from './stall.mjs'

const s = new Stall()
let sold = 0

before(() => s.open())
after(() => s.close())

const sell = async (name, page) => {
  await s.sell(name, page)
  sold++
}
const stage = (want, page = s.page) => page.waitForSelector(want.map((w) => `[data-stage=${w}]`).join(), wait)

test('a program that stands still delays no sale, and records each once', async () => {
  s.program.freeze()
  const began = performance.now()
  await sell('Palm basket')
  console.log(`a sale while the program stands still: ${Math.round(performance.now() - began)} ms`)
  await stage(['kept'])
  await s.page.waitForSelector('[data-pill=lost][data-kept="1"]', wait)
  await sell('عسل سدر')
  s.program.thaw()
  await stage(['saved', 'centre'])
  await s.flushed()
  assert.equal(await s.sales(), sold)
})

test('a program killed at any moment of a sale has recorded it once', async () => {
  const moments = {
    'before it is asked': async () => {
      await s.program.kill()
      await sell('Palm basket')
    },
    'asked, and standing still': async () => {
      s.program.freeze()
      const asked = s.page.waitForRequest('**/api/sales')
      await sell('Palm basket')
      await asked
      await s.program.kill()
    },
    'while it writes': async () => {
      const asked = s.page.waitForRequest('**/api/sales')
      const selling = sell('Palm basket')
      await asked
      await s.program.kill()
      await selling
    },
    'once it has answered': async () => {
      const answered = s.page.waitForResponse('**/api/sales')
      const selling = sell('Palm basket')
      await answered
      await s.program.kill()
      await selling
    },
  }
  for (const [name, moment] of Object.entries(moments)) {
    await moment()
    await s.run('site')
    await s.page.waitForSelector('[data-notice=signedout]', wait)
    await s.signIn()
    await s.flushed()
    assert.equal(await s.sales(), sold, name)
  }
  console.log(`killed at ${Object.keys(moments).length} moments: one sale each`)
})

test('nothing says sold before it is on disk', async () => {
  await s.page.reload()
  await s.page.waitForSelector('[data-product]', wait)
  await s.page.evaluate(async () => {
    const db = await new Promise((done) => (indexedDB.open('rawaj').onsuccess = (e) => done(e.target.result)))
    const tx = db.transaction('outbox', 'readwrite') // another writer holds the disk until we let go
    const hold = () => !window.letGo && (tx.objectStore('outbox').count().onsuccess = hold)
    hold()
    tx.oncomplete = () => db.close()
  })
  await s.page.click('[data-product]:has-text("Palm basket")')
  await s.page.click('[data-cash]')
  await s.page.waitForFunction(() => !document.querySelector('.cart li'))
  assert.equal(await s.page.locator('[data-sold]').count(), 0)
  await s.page.evaluate(() => (window.letGo = true))
  await stage(['kept', 'saved', 'centre'])
  sold++
  await s.flushed()
  assert.equal(await s.sales(), sold)
})

test('reloaded, closed and started anew without its program, the page is as it was', async () => {
  await s.program.kill()
  await sell('Palm basket')
  for (const name of ['عسل سدر', 'عسل سدر', 'Palm basket']) await s.page.click(`[data-product]:has-text("${name}")`)
  const same = async (page) => {
    await page.waitForSelector('.cart li >> nth=1', wait)
    await page.waitForSelector('[data-kept="1"]', wait)
    assert.match(await page.textContent('.total'), /50/)
    assert.equal(await page.locator('[data-product]').count(), 3)
    assert.equal(await page.getAttribute('html', 'data-theme'), 'light')
  }
  await same(s.page)
  await s.page.click('nav a[href="#sync"]')
  await s.page.waitForSelector('[data-waiting]', wait)
  await s.page.click('nav a[href="#till"]')
  await same(s.page)
  const up = []
  for (let i = 0; i < 3; i++) {
    const began = performance.now()
    await s.page.reload()
    await s.page.waitForSelector('[data-product] >> nth=2', wait)
    up.push(Math.round(performance.now() - began))
    await same(s.page)
  }
  console.log(`reload without the program: ${up.join(', ')} ms of 1000`)
  assert.ok(Math.min(...up) < 2000)
  await s.page.close()
  s.page = await s.tab()
  await s.page.goto(`http://127.0.0.1:${s.port}/`)
  await same(s.page)
  await s.browser.close()
  await s.launch()
  s.page = await s.tab()
  const began = performance.now()
  await s.page.goto(`http://127.0.0.1:${s.port}/`)
  await s.page.waitForSelector('[data-product] >> nth=2', wait)
  console.log(`a browser started anew, without the program: ${Math.round(performance.now() - began)} ms`)
  await same(s.page)
})

test('the till and what is kept, without the program, in every look', async () => {
  await s.everywhere('away-till', () => s.page.waitForSelector('[data-notice=away] >> nth=0', wait))
  await s.page.click('nav a[href="#sync"]')
  await s.everywhere('away-sync', () => s.page.waitForSelector('[data-waiting]', wait))
  await s.page.click('nav a[href="#till"]')
})

test('a new program does not know the browser: the page says how to sign in, and loses nothing', async () => {
  await s.run('site')
  await s.page.waitForSelector('[data-notice=signedout]', wait)
  await s.everywhere('signedout', () => s.page.waitForSelector('[data-notice=signedout]', wait))
  await sell('گلیم')
  assert.equal(await s.page.locator('[data-kept="2"]').count(), 1)
  await s.signIn()
  await s.flushed()
  await s.page.waitForSelector('[data-notice]', { state: 'detached', ...wait })
  assert.equal(await s.sales(), sold)
})

test('two tabs have a cart each, and sell all they sold once', async () => {
  const other = await s.tab()
  await other.goto(`http://127.0.0.1:${s.port}/`)
  await other.waitForSelector('[data-product] >> nth=2', wait)
  await other.click('[data-product]:has-text("گلیم")')
  await s.page.click('[data-product]:has-text("Palm basket")')
  await other.reload()
  await other.waitForSelector('.cart li:has-text("گلیم")', wait)
  assert.equal(await other.locator('.cart li').count(), 1)
  await other.click('.cart li .step:first-child')
  await s.page.click('.cart li .step:first-child')
  s.program.freeze()
  for (let i = 0; i < 5; i++) {
    await sell('Palm basket')
    await sell('گلیم', other)
  }
  s.program.thaw()
  await s.flushed()
  await s.flushed(other)
  await stage(['saved', 'centre'])
  await stage(['saved', 'centre'], other)
  await other.close()
  assert.equal(await s.sales(), sold)
})

test('a roster is marked without the program, and counts from when it was marked', async () => {
  const [workshop, session, person] = [id(1), id(2), id(3)]
  const now = Date.now()
  await s.ask('/api/workshops', { id: workshop, name: 'گلیم‌بافی', kind: 'practical', minutes: 60 })
  await s.ask('/api/sessions', { id: session, workshop, starts_at: now - 60_000, ends_at: now + 600_000 })
  await s.ask('/api/persons', { id: person, name: 'زهرا کریمی', card: 'K-1' })
  await s.page.click('nav a[href="#attendance"]')
  await s.page.click(`[data-session="${session}"]`, wait)
  await s.page.waitForSelector('[data-person]', wait)
  await s.kept('s.persons.length === 1 && Object.values(s.rosters).some((r) => r.length === 1)')
  await s.program.kill()
  await s.page.keyboard.type('K-1\n')
  await s.page.waitForSelector('[data-standing=in]', wait)
  const marked = Date.now()
  await s.page.reload()
  await s.page.waitForSelector('[data-standing=in]:has-text("زهرا")', wait)
  await s.everywhere('away-roster', () => s.page.waitForSelector('[data-standing=in]', wait))
  await s.run('site')
  await s.signIn()
  await s.flushed()
  const [line] = await s.ask(`/api/sessions/${session}/roster`)
  console.log(`the mark is ${Math.abs(line.in_at - marked)} ms from when it was made, and came ${Date.now() - marked} ms after`)
  assert.ok(Math.abs(line.in_at - marked) < 2000)
  assert.equal(line.scans, 1)
  await s.page.click('nav a[href="#till"]')
})

test('five hundred sales in a row: none lost, none double, and the page stays small', async () => {
  await s.page.waitForSelector('[data-product]', wait)
  const began = performance.now()
  await s.page.evaluate(async () => {
    const tile = document.querySelector('[data-product]')
    for (let i = 0; i < 500; i++) {
      const last = document.querySelector('[data-sold]')?.dataset.sold
      tile.click()
      await new Promise(requestAnimationFrame)
      const done = new Promise((done) => {
        const seen = new MutationObserver(() => {
          if ((document.querySelector('[data-sold]')?.dataset.sold ?? last) === last) return
          seen.disconnect()
          done()
        })
        seen.observe(document.body, { subtree: true, childList: true, attributes: true })
      })
      document.querySelector('[data-cash]').click()
      await done
    }
  })
  sold += 500
  await s.page.waitForSelector('[data-kept="0"]', { timeout: 120_000 })
  const took = performance.now() - began
  const cdp = await s.browser.newCDPSession(s.page)
  await cdp.send('HeapProfiler.collectGarbage')
  const { usedSize } = await cdp.send('Runtime.getHeapUsage')
  await cdp.send('Performance.enable')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const held = metrics.find((m) => m.name === 'Nodes').value
  const nodes = await s.page.evaluate(() => document.querySelectorAll('*').length)
  console.log(`500 sales: ${Math.round(took)} ms; heap ${(usedSize / 1e6).toFixed(1)} MB of 40; ${nodes} nodes of 2500, ${held} held`)
  assert.ok(usedSize <= 40e6 && nodes <= 2500 && held <= 2500)
  assert.equal(await s.sales(), sold)
})

test('a till that cannot be closed now says so, and closes once its sales are handed over', async () => {
  s.program.freeze()
  await sell('Palm basket')
  await s.page.click('[data-close]')
  await s.page.click('.keys button:text-is("0")')
  await s.page.click('dialog .pay')
  await s.page.waitForSelector('.refusal p', wait)
  s.program.thaw()
  await s.flushed()
  await s.page.click('[data-close]')
  await s.page.click('.keys button:text-is("0")')
  await s.page.click('dialog .pay')
  await s.page.waitForSelector('[data-open]', wait)
  assert.equal(await s.sales(), sold)
})
