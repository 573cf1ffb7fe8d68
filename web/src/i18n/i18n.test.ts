import { IntlMessageFormat } from 'intl-messageformat'
import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser'
import { expect, test } from 'vitest'
import ar from './ar.json'
import en from './en.json'
import fa from './fa.json'
import { langs, locales, tagOf } from './locales'

const catalogues: Record<string, Record<string, string>> = { ar, fa, en }

// placeholders are "name" or "name plural", and categories those of each plural.
function look(elements: MessageFormatElement[], into: { placeholders: Set<string>; categories: string[][] }): typeof into {
  for (const e of elements) {
    if (e.type === TYPE.plural || e.type === TYPE.select) {
      into.placeholders.add(e.value)
      if (e.type === TYPE.plural) into.categories.push(Object.keys(e.options).filter((k) => !k.startsWith('=')))
      for (const o of Object.values(e.options)) look(o.value, into)
    } else if (e.type !== TYPE.literal && e.type !== TYPE.pound && e.type !== TYPE.tag) {
      into.placeholders.add(e.value)
    }
  }
  return into
}
const seen = (message: string): ReturnType<typeof look> => look(parse(message), { placeholders: new Set(), categories: [] })

test.each(langs)('%s has every key, once', (lang) => {
  expect(Object.keys(catalogues[lang]!)).toEqual(Object.keys(en))
})

test.each(Object.keys(en))('%s says the same thing in every language', (key) => {
  const want = seen(catalogues['en']![key]!)
  for (const lang of langs) {
    const message = catalogues[lang]![key]!
    const have = seen(message)
    expect([...have.placeholders].toSorted(), lang).toEqual([...want.placeholders].toSorted())
    expect(message.trim(), lang).not.toBe('')
    const all = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.toSorted()
    for (const categories of have.categories) expect(categories.toSorted(), lang).toEqual(all)
  }
})

test('Arabic has six plural categories', () => {
  expect(new Intl.PluralRules('ar').resolvedOptions().pluralCategories).toHaveLength(6)
})

// 0, 1, 2, 3, 11 and 100 are of the six categories, in this order.
test.each([
  ['health.held', ['لا شيء محجوز', 'تغيير واحد يحتاج إلى مراجعة', 'تغييران يحتاجان إلى مراجعة', '3 تغييرات تحتاج إلى مراجعة', '11 تغييرا يحتاج إلى مراجعة', '100 تغيير يحتاج إلى مراجعة']],
  ['sites.devices', ['لا أجهزة', 'جهاز واحد', 'جهازان', '3 أجهزة', '11 جهازا', '100 جهاز']],
  ['health.late', ['لا موقع متأخر', 'موقع واحد متأخر', 'موقعان متأخران', '3 مواقع متأخرة', '11 موقعا متأخرا', '100 موقع متأخر']],
] as const)('%s reads right in Arabic', (key, want) => {
  const message = new IntlMessageFormat(ar[key], tagOf(locales.ar))
  expect([0, 1, 2, 3, 11, 100].map((n) => message.format({ n }))).toEqual(want)
})

test.each(langs)('%s has one kind of digits in every counted message', (lang) => {
  const kinds = { latn: /[0-9]/, arab: /[\u0660-\u0669]/, arabext: /[\u06f0-\u06f9]/ }
  const own = locales[lang].digits
  for (const [key, message] of Object.entries(catalogues[lang]!)) {
    if (!/plural|number/.test(message)) continue
    const names = [...seen(message).placeholders]
    for (const n of [0, 1, 2, 3, 11, 100]) {
      const text = String(new IntlMessageFormat(message, tagOf(locales[lang])).format(Object.fromEntries(names.map((name) => [name, message.includes(`{${name},`) ? n : 'x']))))
      for (const [kind, digits] of Object.entries(kinds)) if (kind !== own) expect(text, key).not.toMatch(digits)
    }
  }
})

test.each(langs)('%s chooses its digits', (lang) => {
  const tag = tagOf(locales[lang])
  expect(new Intl.NumberFormat(tag).resolvedOptions().numberingSystem).toBe(locales[lang].digits)
  expect(new Intl.DateTimeFormat(tag).resolvedOptions().calendar).toBe(locales[lang].calendar)
})

test('no sources hold invisible characters, but for the half-space of Persian', () => {
  for (const lang of langs) for (const message of Object.values(catalogues[lang]!)) expect(message).not.toMatch(/[\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/)
})
