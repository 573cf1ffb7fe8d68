// What the programs refuse in a real browser: another name for this machine, other
// people's pages, links used twice, and whoever has neither link nor token. The browser
// is signed in at every place of the demo, as a visitor's is.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { need } from './browser.mjs'
import { start } from './program.mjs'

const dir = mkdtempSync(join(tmpdir(), 'rawaj-e2e-'))
const places = ['server', 'stall-1', 'stall-2', 'branch', 'centre', 'centre-2', 'desk']
let browser, context, demo, index, base, stall, office, attacker, attackerPort

// api is every call that a program has, by its own description, with ids filled in.
function api(which) {
  const { paths } = JSON.parse(readFileSync(new URL(`../../${which}/openapi.json`, import.meta.url)))
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((m) => ({ method: m.toUpperCase(), path: path.replace(/\{[^}]+\}/g, '01900000-0000-7000-8000-000000000000') })),
  )
}

before(async () => {
  // evil.example is another site's name that its owner has bound to this machine.
  browser = await chromium.launch({ executablePath: need(), args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--host-resolver-rules=MAP evil.example 127.0.0.1'] })
  demo = start('demo', '--data', dir, '--listen', '127.0.0.1:0', '--no-browser', '--calm')
  context = await browser.newContext()
  index = await context.newPage()
  await index.goto(await demo.link)
  base = new URL(index.url()).origin
  const open = async (place) => {
    const page = await context.newPage()
    await page.goto(`${base}/open?place=${place}`)
    await page.close()
    return JSON.parse(readFileSync(join(dir, place, 'token'))).url
  }
  stall = await open('stall-1')
  office = await open('server')
  attacker = createServer((_, w) => w.setHeader('Content-Type', 'text/html').end('<!doctype html><title>another page</title>'))
  await new Promise((ready) => attacker.listen(0, '127.0.0.1', ready))
  attackerPort = attacker.address().port
})

after(async () => {
  await browser?.close()
  attacker?.close()
  await demo?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const status = async () => (await context.request.get(`${stall}/api/status`)).json()
const inPlace = async () => (await (await context.request.get(`${base}/?lang=en`)).text()).match(/data-cable="in"/g).length

test('the browser is signed in, so what follows is refused for another reason', async () => {
  assert.equal((await context.request.get(`${stall}/api/me`)).status(), 200)
  assert.equal((await context.request.get(`${office}/api/overview`)).status(), 200)
})

test('a name bound anew to this machine gets nothing', async () => {
  const page = await context.newPage()
  for (const url of [base, stall, office]) {
    const evil = url.replace('127.0.0.1', 'evil.example')
    const answer = await page.goto(`${evil}/`)
    assert.equal(answer.status(), 421)
    assert.doesNotMatch(await answer.text(), /<html|Rawaj|script/)
    // The page that stands there now is of evil.example: its calls are of its own origin.
    const calls = await page.evaluate(async () => {
      const said = {}
      for (const [method, path] of [['GET', '/api/status'], ['GET', '/api/overview'], ['GET', '/api/persons'], ['POST', '/api/sales'], ['POST', '/api/login-link'], ['GET', '/open?place=server'], ['POST', '/cable'], ['GET', '/metrics'], ['GET', '/api/events']]) {
        said[`${method} ${path}`] = (await fetch(path, { method, redirect: 'manual', ...(method === 'POST' ? { body: '{}' } : {}) })).status
      }
      return said
    })
    for (const [call, code] of Object.entries(calls)) assert.equal(code, 421, `${call} at ${evil}`)
  }
  const open = await page.evaluate(
    (url) =>
      new Promise((ended) => {
        const s = new WebSocket(url)
        s.onopen = () => ended(true)
        s.onerror = () => ended(false)
      }),
    `${office.replace('http', 'ws').replace('127.0.0.1', 'evil.example')}/sync`,
  )
  assert.equal(open, false, 'no page opens the line of a device')
  await page.close()
})

test('a one-time link is not used up, and opens nothing, under another name', async () => {
  const link = (await (await context.request.post(`${stall}/api/login-link`)).json()).url
  const stranger = await browser.newContext()
  const page = await stranger.newPage()
  assert.equal((await page.goto(link.replace('127.0.0.1', 'evil.example'))).status(), 421)
  assert.equal((await page.goto(link)).status(), 200)
  await stranger.close()
})

for (const [what, origin] of [
  ['another site', () => `http://evil.example:${attackerPort}`],
  ['another port of this machine', () => `http://127.0.0.1:${attackerPort}`], // the same site to a browser: cookies go along
]) {
  test(`a page of ${what} cannot write, read or frame`, async () => {
    const before = { status: await status(), cables: await inPlace() }
    const page = await context.newPage()
    await page.goto(origin())
    // A form that sends itself.
    for (const [action, fields] of [
      [`${base}/cable`, { place: 'stall-1', pull: 'true' }],
      [`${stall}/api/products`, { name: 'x' }],
      [`${stall}/api/login-link`, {}],
      [`${office}/api/enrol-codes`, { site: 'x' }],
    ]) {
      const [answer] = await Promise.all([
        page.waitForNavigation(),
        page.evaluate(
          ([action, fields]) => {
            const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype: 'text/plain' })
            for (const [name, value] of Object.entries(fields)) form.append(Object.assign(document.createElement('input'), { name, value }))
            document.body.append(form)
            form.submit()
          },
          [action, fields],
        ),
      ])
      assert.equal(answer.status(), 403, action)
      await page.goto(origin())
    }
    // A script that asks, with the cookies the browser has.
    const read = await page.evaluate(
      async (urls) => {
        const got = []
        for (const url of urls) {
          for (const init of [{ credentials: 'include' }, { method: 'POST', body: '{}', credentials: 'include' }, { method: 'POST', body: '{}', credentials: 'include', headers: { 'Content-Type': 'application/json' } }]) {
            await fetch(url, init).then(async (r) => got.push(`${url}: ${r.status} ${await r.text()}`), () => undefined)
          }
          await fetch(url, { method: 'POST', body: '{"name":"x"}', mode: 'no-cors', credentials: 'include' }).catch(() => undefined)
        }
        return got
      },
      [`${stall}/api/status`, `${stall}/api/products`, `${stall}/api/persons`, `${office}/api/overview`, `${office}/api/enrol-codes`, `${base}/cable`, `${base}/open?place=server`],
    )
    assert.deepEqual(read, [], 'no answer can be read')
    const heard = await page.evaluate(
      (url) =>
        new Promise((ended) => {
          const e = new EventSource(url, { withCredentials: true })
          e.addEventListener('status', () => ended(true))
          e.onerror = () => ended(false)
        }),
      `${stall}/api/events`,
    )
    assert.equal(heard, false, 'no stream can be heard')
    for (const url of [base, stall, office]) {
      const shown = await page.evaluate(
        (url) =>
          new Promise((loaded) => {
            const frame = document.createElement('iframe')
            frame.onload = () => {
              try {
                loaded(frame.contentDocument?.body.childElementCount ?? 'foreign')
              } catch {
                loaded('foreign')
              }
            }
            frame.src = url
            document.body.append(frame)
          }),
        url,
      )
      const frame = page.frames().at(-1)
      assert.equal(shown, 'foreign')
      // From another site no cookie goes along, so that there is nothing to show; with one,
      // the page itself will not be framed.
      if (what === 'another site') assert.match(await frame.textContent('body'), /^not signed in/)
      else assert.match(frame.url(), /^chrome-error:/, `${url} is shown in a frame of another page`)
    }
    await page.close()
    const now = await status()
    assert.equal(now.transactions, before.status.transactions, 'nothing was recorded')
    assert.equal(await inPlace(), before.cables, 'no cable was pulled')
  })
}

test('a link from another site opens no signed-in page', async () => {
  const page = await context.newPage()
  await page.goto(`http://evil.example:${attackerPort}`)
  const [answer] = await Promise.all([page.waitForNavigation(), page.evaluate((url) => (location.href = url), `${base}/open?place=server`)])
  assert.equal(answer.status(), 401, 'the cookie is for pages of this machine alone')
  await page.close()
})

test('a one-time link works once', async () => {
  const link = (await (await context.request.post(`${office}/api/login-link`)).json()).url
  for (const want of [200, 401]) {
    const other = await browser.newContext()
    const page = await other.newPage()
    assert.equal((await page.goto(link)).status(), want)
    await other.close()
  }
  const again = await (await browser.newContext()).newPage()
  assert.equal((await again.goto(await demo.link)).status(), 401, "the demo's own link was used by the first browser")
  await again.context().close()
})

test('tokens and keys are for their owner alone', () => {
  for (const place of places) {
    for (const file of ['token', 'device.key', ...(place === 'server' ? ['org.key'] : [])]) {
      const path = join(dir, place, file)
      assert.equal(statSync(path).mode & 0o777, 0o600, path)
      if (process.getuid?.() !== 0) continue
      const other = spawnSync('cat', [path], { uid: 65534, gid: 65534 })
      assert.notEqual(other.status, 0, `another user reads ${path}`)
    }
  }
})

test('without a cookie or the token every route is refused', async () => {
  const stranger = await browser.newContext()
  const page = await stranger.newPage()
  const refused = async (url, { method, path }) => {
    const answer = await stranger.request.fetch(url + path, { method, maxRedirects: 0, ...(method === 'GET' ? {} : { data: {} }) })
    assert.equal(answer.status(), 401, `${method} ${url}${path}`)
    assert.equal(answer.headers()['set-cookie'], undefined)
  }
  const rest = ['/', '/site.html', '/dashboard.html', '/assets/', '/nothing'].map((path) => ({ method: 'GET', path }))
  const everywhere = [...rest, { method: 'POST', path: '/api/login-link' }]
  let asked = 0
  for (const [url, calls] of [
    [stall, [...everywhere, ...api('client')]],
    [office, [...everywhere, ...api('server'), { method: 'GET', path: '/metrics' }]],
    [base, [...rest, { method: 'GET', path: '/demo.css' }, { method: 'GET', path: '/open?place=server' }, { method: 'POST', path: '/cable' }]],
  ]) {
    for (const call of calls) {
      await refused(url, call)
      asked++
    }
    assert.equal((await page.goto(url)).status(), 401)
    const bad = await stranger.request.get(`${url}/api/status`, { headers: { Authorization: `Bearer ${'0'.repeat(48)}` } })
    assert.equal(bad.status(), 401, 'a guessed token')
  }
  console.log(`routes refused to a stranger: ${asked}`)
  await stranger.close()
})
