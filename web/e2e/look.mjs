// What every screen must hold: no axe violation, targets big enough, nothing sideways,
// one kind of digits, room for longer words.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = fileURLToPath(new URL('../shots/', import.meta.url))
mkdirSync(shots, { recursive: true })

export const langs = ['ar', 'fa', 'en']
export const themes = ['light', 'dark']
export const words = Object.fromEntries(langs.map((l) => [l, JSON.parse(readFileSync(new URL(`../src/i18n/${l}.json`, import.meta.url)))]))

// axe reads at these widths; nothing may stand out sideways at the narrowest either.
const axed = [360, 800, 1280]
const rules = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }
// Rules of these whose answer hangs on colours, and on places; all others read the tree of
// what can be seen, and say the same wherever that is the same.
const coloured = ['color-contrast', 'link-in-text-block']
const placed = ['css-orientation-lock', 'scrollable-region-focusable', 'target-size']
const read = new Set() // trees, their places and their colours that axe has read
export const pictures = process.env.SHOTS !== '0' // for people: nothing is asserted of them
export const tablet = [800, 1100]
export const widths = [[320, 640], [360, 740], tablet, [1280, 800]]
const longer = 1.4 // other languages, and words that we will change

// choose sets what a person would set under settings.
export async function choose(page, lang, theme) {
  await page.evaluate(([lang, theme]) => localStorage.setItem('rawaj.settings', JSON.stringify({ lang, theme })), [lang, theme])
  await page.reload()
  await page.waitForSelector(`html[lang=${lang}][data-theme=${theme}] main > *`)
}

// tabTo goes to something by the Tab key alone, as who has no pointer does.
export async function tabTo(page, selector, most = 80) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab')
    const there = await page.evaluate((selector) => {
      const e = document.activeElement
      if (!e.matches(selector)) return false
      const box = e.getBoundingClientRect()
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20))
      return { seen: e === top || e.contains(top), ring: getComputedStyle(e).outlineStyle !== 'none' }
    }, selector)
    if (!there) continue
    assert.deepEqual(there, { seen: true, ring: true }, `${selector}: focus is seen`)
    return
  }
  assert.fail(`Tab does not reach ${selector}`)
}

// everywhere looks at a screen in every language, theme and width; ready brings up what
// is looked at. It says how long that took.
export async function everywhere(page, name, ready) {
  const began = performance.now()
  for (const lang of langs) {
    await choose(page, lang, 'light')
    await ready()
    await look(page, name, lang, ...themes)
  }
  await choose(page, 'en', 'light')
  await page.setViewportSize({ width: tablet[0], height: tablet[1] })
  console.log(`${name}: ${langs.length * themes.length * axed.length} looks in ${((performance.now() - began) / 1000).toFixed(1)} s`)
}

// look looks at a page as it stands at every width, in each theme that is named: themes
// are colours, and move nothing.
export async function look(page, name, lang, ...inThemes) {
  await page.evaluate(() => document.fonts.ready)
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  for (const [width, height] of widths) {
    await page.setViewportSize({ width, height })
    for (const theme of axed.includes(width) ? inThemes : inThemes.slice(0, 1)) {
      const where = `${name} ${lang} ${theme} ${width}`
      await page.evaluate(paint, theme)
      if (pictures && axed.includes(width)) await page.screenshot({ path: `${shots}${name}-${lang}-${theme}-${width}.png` })
      if (theme === inThemes[0]) {
        const seen = await page.evaluate(measure, longer)
        assert.deepEqual(seen.small, [], `${where}: targets under 48 px`)
        assert.ok(seen.kinds <= 1, `${where}: ${seen.kinds} kinds of digits`)
        assert.deepEqual(seen.sideways, [], `${where}: stands out sideways`)
        assert.deepEqual(seen.long, [], `${where}: longer words break it`)
        assert.equal(seen.dir, lang === 'en' ? 'ltr' : 'rtl')
      }
      if (axed.includes(width)) assert.deepEqual(await violations(page, width), [], where)
    }
  }
}

// violations are what axe finds by the rules that may say something else than before.
async function violations(page, width) {
  const { tree, colours } = await page.evaluate(shown)
  const key = (text) => createHash('sha1').update(text).digest('hex')
  const [whole, places, paints] = [tree, `${width} ${tree}`, tree + colours].map(key)
  const values = [...(read.has(places) ? [] : placed), ...(read.has(paints) ? [] : coloured)]
  if (values.length === 0) return []
  const runOnly = read.has(whole) ? { type: 'rule', values } : rules
  const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { resultTypes: ['violations'], runOnly }), runOnly)
  for (const k of [whole, places, paints]) read.add(k)
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120) + ' ' + n.any.map((a) => a.message).join()).join(' | ')}`)
}

// shown runs in the page: its tree is its markup, what its fields hold, and which of its
// elements can be seen or lie off the page; its colours are those, and sizes of letters.
function shown() {
  const all = [...document.querySelectorAll('*')]
  const off = (e) => {
    const box = e.getBoundingClientRect()
    return box.right <= 0 || box.left >= innerWidth || box.bottom + scrollY <= 0
  }
  const { attributes } = document.documentElement
  const painted = (e) => {
    const { color, backgroundColor, backgroundImage, opacity, textDecorationLine, fontSize, fontWeight } = getComputedStyle(e)
    return [color, backgroundColor, backgroundImage, opacity, textDecorationLine, fontSize, fontWeight].join()
  }
  const tree = JSON.stringify([
    document.title,
    [...attributes].filter((a) => a.name !== 'data-theme').map((a) => a.name + '=' + a.value),
    document.head.outerHTML,
    document.body.outerHTML,
    all.map((e) => [e.value, e.checked]),
    all.map((e) => (e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) ? +!off(e) : '-')).join(''),
  ])
  return { tree, colours: all.map(painted).join('\n') }
}

// paint runs in the page: it draws it in a theme.
async function paint(theme) {
  document.documentElement.dataset.theme = theme
  await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined))) // of the colours, too
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
}

// measure runs in the page, once it is drawn.
function measure(longer) {
  const small = [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=slider]')]
    .filter((e) => !e.classList.contains('skip') && e.checkVisibility())
    .map((e) => ({ what: e.outerHTML.slice(0, 90), box: e.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && (box.width < 47.5 || box.height < 47.5))
    .map(({ what, box }) => `${Math.round(box.width)}x${Math.round(box.height)} ${what}`)
  const texts = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let n = walk.nextNode(); n; n = walk.nextNode()) if (!n.parentElement.closest('script, style')) texts.push(n)
  const ours = texts.filter((n) => !n.parentElement.closest('.code, [dir=ltr] button, .title')).map((n) => n.data)
  const typed = [...document.querySelectorAll('input:not([type=checkbox])')].map((e) => e.value)
  const kinds = [/[0-9]/, /[\u0660-\u0669]/, /[\u06f0-\u06f9]/].filter((k) => k.test([...ours, ...typed].join(' '))).length
  const root = document.documentElement
  const out = () => {
    const wide = [root, document.querySelector('main'), ...document.querySelectorAll('dialog')].filter((e) => e.scrollWidth > e.clientWidth)
    return wide.map((e) => `${e.tagName} by ${e.scrollWidth - e.clientWidth} px: ${[...e.querySelectorAll('*')].filter((c) => c.getBoundingClientRect().right > innerWidth + 1 || c.getBoundingClientRect().left < -1).slice(0, 3).map((c) => c.outerHTML.slice(0, 80)).join(' | ')}`)
  }
  const sideways = out()
  // Words of ours, half as long again; what people typed and figures stay.
  const were = texts.filter((n) => /\p{L}{3}/u.test(n.data) && !n.parentElement.closest('bdi, option, .code, svg')).map((n) => [n, n.data])
  for (const [n, data] of were) n.data = data.replace(/\p{L}+/gu, (w) => w + w.slice(0, Math.ceil(w.length * (longer - 1))))
  const long = out()
  for (const [n, data] of were) n.data = data
  return { small, kinds, sideways, long, dir: root.dir }
}
