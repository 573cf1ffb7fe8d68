// A stall adds goods with a photo, another stall shows it once it has come over the line,
// and a centre's roster shows faces. All programs are real; the pictures are made up.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { choose, langs, tabTo, words } from './look.mjs'
import { id, Stall, wait } from './stall.mjs'

const s = new Stall()
let other

before(() => s.open())
after(async () => {
  await other?.stop()
  await s.close()
})

// picture is a PNG as a camera would make it: large, and of many colours.
async function picture(page, width, height) {
  const url = await page.evaluate(([width, height]) => {
    const c = document.createElement('canvas')
    c.width = width
    c.height = height
    const d = c.getContext('2d')
    d.fillStyle = 'peru'
    d.fillRect(0, 0, width, height)
    for (let i = 0; i < 400; i++) {
      d.fillStyle = `hsl(${i * 37} 70% ${30 + (i % 50)}%)`
      d.fillRect((i * 131) % width, (i * 197) % height, width / 5, height / 7)
    }
    return c.toDataURL('image/png')
  }, [width, height])
  return { name: 'made-up.png', mimeType: 'image/png', buffer: Buffer.from(url.split(',')[1], 'base64') }
}

const shown = (page, name) => page.waitForFunction((name) => {
  const tile = [...document.querySelectorAll('[data-product]')].find((e) => e.textContent.includes(name))
  const img = tile?.querySelector('img')
  return img?.complete && img.naturalWidth > 0 ? img.naturalWidth : false
}, name, wait).then((h) => h.jsonValue())

test('what is no picture is said to be none in each language, and so is one too large', async () => {
  for (const lang of langs) {
    await choose(s.page, lang, 'light')
    await s.page.click('.add')
    await s.page.setInputFiles('[data-photo-file]', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('made up') })
    await s.page.waitForSelector(`dialog .error:text-is("${words[lang]['photo.bad']}")`, wait)
  }
  const large = join(mkdtempSync(join(tmpdir(), 'rawaj-e2e-')), 'large.png')
  try {
    writeFileSync(large, '')
    truncateSync(large, 30_000_001)
    await s.page.setInputFiles('[data-photo-file]', large)
    await s.page.waitForSelector('dialog .error:has-text("at most 30 MB")', wait)
  } finally {
    rmSync(dirname(large), { recursive: true })
  }
})

test('without its picture the goods can be added all the same', async () => {
  await s.page.fill('#add-name', 'Without a picture')
  await s.page.click('dialog .pay')
  await s.page.waitForSelector('[data-product]:has-text("Without a picture") .sign', wait)
})

test('who has no pointer gets to both buttons, and takes a photo away again', async () => {
  await s.page.click('.add')
  await s.page.setInputFiles('[data-photo-file]', await picture(s.page, 300, 500))
  await s.page.waitForSelector('dialog canvas:visible', wait)
  await s.page.focus('#add-price')
  await tabTo(s.page, 'input[capture]', 1)
  await tabTo(s.page, '[data-photo-file]', 1)
  const asked = s.page.waitForEvent('filechooser', wait)
  await s.page.keyboard.press('Enter')
  await asked
  await tabTo(s.page, '[data-photo-none]', 1)
  await s.page.keyboard.press('Enter')
  await s.page.waitForSelector('dialog canvas', { state: 'hidden', ...wait })
  await s.page.keyboard.press('Escape')
})

test('where the disk is full nothing is added, and the page says why', async () => {
  // Filling the disk of whoever runs this would not do, so the answer is ours.
  const full = (r) => r.fulfill({ status: 503, json: { code: 'no_room', message: 'made up' } })
  await s.page.route('**/api/attachments', full)
  await s.page.click('.add')
  await s.page.fill('#add-name', 'No room')
  await s.page.setInputFiles('[data-photo-file]', await picture(s.page, 300, 300))
  await s.page.waitForSelector('dialog canvas:visible', wait)
  await s.page.click('dialog .pay')
  await s.page.waitForSelector(`dialog .error:text-is("${words.en['refusal.no_room']}")`, wait)
  await s.page.unroute('**/api/attachments', full)
  await s.page.keyboard.press('Escape')
  assert.deepEqual((await s.ask('/api/products')).filter((p) => p.name === 'No room'), [])
})

test('goods get a photo, which is small and can be seen at once', async () => {
  const filled = async () => {
    await s.page.click('.add')
    await s.page.fill('#add-name', 'Incense burner')
    await s.page.setInputFiles('[data-photo-file]', await picture(s.page, 2400, 1800))
    await s.page.waitForSelector('dialog canvas:visible', wait)
  }
  await s.everywhere('photo-add', filled)
  await s.page.fill('#add-price', '45')
  await s.page.click('dialog .pay')
  assert.equal(await shown(s.page, 'Incense burner'), 320)
  const bytes = await s.page.evaluate(async () => (await (await fetch(document.querySelector('[data-photo]').src)).blob()).size)
  assert.ok(bytes > 500 && bytes <= 20_000, `the photo has ${bytes} bytes`)
  await s.everywhere('photo-till', () => shown(s.page, 'Incense burner'))
  await s.sell('Incense burner')
})

test('another stall shows it once it has come over the line', async () => {
  await s.flushed()
  await s.enrol('other', 'Stall 2', 'stall')
  other = s.program
  await s.run('other', '127.0.0.1:0')
  const second = s.program
  s.program = other
  other = second
  const page = await s.tab()
  await page.goto(await second.link)
  await page.click('[data-open]', wait)
  assert.equal(await shown(page, 'Incense burner'), 320)
  await page.close()
})

test('with the program away a letter stands for a photo, and selling goes on', async () => {
  await s.kept("s.products.some((p) => p.photo)")
  // In another tab the answer that it lacks is on its way while the program goes and is back.
  const late = await s.tab()
  const asked = new Promise((held) => late.route('**/api/attachments/**', held, { times: 1 }))
  await late.goto(`http://127.0.0.1:${s.port}/`)
  const lacking = await asked
  await s.program.kill()
  await s.page.reload()
  await s.page.waitForSelector('[data-product]:has-text("Incense burner") .sign', wait)
  await s.sell('Incense burner')
  await s.run('site')
  await s.signIn()
  assert.equal(await shown(s.page, 'Incense burner'), 320)
  await s.flushed()
  await s.flushed(late)
  await lacking.fulfill({ status: 503, json: { code: 'not_here_yet', message: 'made up' } })
  assert.equal(await shown(late, 'Incense burner'), 320)
  await late.close()
})

test('a roster shows faces', async () => {
  await s.page.goto(`http://127.0.0.1:${s.port}/#attendance`)
  const [now, workshop] = [Date.now(), id()]
  await s.ask('/api/workshops', { id: workshop, name: 'Felt work (made up)', kind: 'practical', minutes: 60 })
  await s.ask('/api/sessions', { id: id(), workshop, starts_at: now - 60_000, ends_at: now + 600_000 })
  await s.page.click('text=Felt work (made up)', wait)
  await s.page.click('[data-add-person]', wait)
  await s.page.fill('#person-name', 'Made-up person')
  await s.page.setInputFiles('[data-photo-file]', await picture(s.page, 900, 1200))
  await s.page.waitForSelector('dialog canvas:visible', wait)
  await s.page.click('[data-add-go]')
  await s.ask('/api/persons', { id: id(), name: 'بی‌عکس (ساختگی)' })
  await s.page.waitForSelector('[data-person] .letter', wait)
  await s.page.waitForFunction(() => document.querySelector('[data-person] img')?.naturalWidth > 0, undefined, wait)
  await s.everywhere('photo-roster', () => s.page.waitForSelector('[data-person] img', wait))
})
