// What every screen must hold: no axe violation, targets big enough, nothing sideways,
// one kind of digits.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = fileURLToPath(new URL('../shots/', import.meta.url))
mkdirSync(shots, { recursive: true })

export const langs = ['ar', 'fa', 'en']
export const themes = ['light', 'dark']
export const words = Object.fromEntries(langs.map((l) => [l, JSON.parse(readFileSync(new URL(`../src/i18n/${l}.json`, import.meta.url)))]))

// choose sets what a person would set under settings.
export async function choose(page, lang, theme) {
  await page.evaluate(([lang, theme]) => localStorage.setItem('rawaj.settings', JSON.stringify({ lang, theme })), [lang, theme])
  await page.reload()
  await page.waitForSelector(`html[lang=${lang}][data-theme=${theme}] main > *`)
}

// axe reads every screen in every language and theme at a tablet's width, and light ones
// on a phone: widths change the layout, and hardly what axe reads.
const axed = (theme, width) => width === 800 || (theme === 'light' && width === 360)

export async function look(page, name, lang, theme, widths) {
  await page.evaluate(() => document.fonts.ready)
  for (const [width, height] of widths) {
    await page.setViewportSize({ width, height })
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
    const where = `${name} ${lang} ${theme} ${width}`
    await page.screenshot({ path: `${shots}${name}-${lang}-${theme}-${width}.png` })
    const seen = await page.evaluate(() => {
      const small = [...document.querySelectorAll('button, a[href], input, select, summary')]
        .filter((e) => !e.classList.contains('skip') && e.checkVisibility())
        .map((e) => ({ what: e.outerHTML.slice(0, 90), box: e.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0 && (box.width < 47.5 || box.height < 47.5))
        .map(({ what, box }) => `${Math.round(box.width)}x${Math.round(box.height)} ${what}`)
      const text = []
      const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
      for (let n = walk.nextNode(); n; n = walk.nextNode()) if (!n.parentElement.closest('.code, script, [dir=ltr] button, .title')) text.push(n.data)
      const kinds = [/[0-9]/, /[\u0660-\u0669]/, /[\u06f0-\u06f9]/].filter((k) => k.test(text.join(' '))).length
      const root = document.documentElement
      const main = document.querySelector('main')
      return { small, kinds, sideways: Math.max(root.scrollWidth - root.clientWidth, main.scrollWidth - main.clientWidth), dir: root.dir }
    })
    assert.deepEqual(seen.small, [], `${where}: targets under 48 px`)
    assert.ok(seen.kinds <= 1, `${where}: ${seen.kinds} kinds of digits`)
    assert.ok(seen.sideways <= 0, `${where}: ${seen.sideways} px sideways`)
    assert.equal(seen.dir, lang === 'en' ? 'ltr' : 'rtl')
    if (!axed(theme, width)) continue
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120) + ' ' + n.any.map((a) => a.message).join()).join(' | ')}`), [], where)
  }
}
