import { IntlMessageFormat } from 'intl-messageformat'
import { dayOf } from './calendar'
import * as format from './format'
import { langs, locales, tagOf, type Lang, type Locale } from './locales'

export type Key = keyof typeof import('./en.json')
type Catalogue = Record<Key, string>
type Value = string | number

const catalogues: Record<Lang, () => Promise<{ default: Catalogue }>> = {
  ar: () => import('./ar.json'),
  fa: () => import('./fa.json'),
  en: () => import('./en.json'),
}

// What stands in an inserted text does not turn the sentence round it.
const FSI = String.fromCodePoint(0x2068)
const PDI = String.fromCodePoint(0x2069)

class I18n {
  lang: Lang = $state('en')
  digits: Locale['digits'] = $state('latn')
  #messages: Catalogue = $state.raw({} as Catalogue)
  #parsed = new Map<string, IntlMessageFormat>()
  row: Locale = $derived(locales[this.lang])
  tag: string = $derived(tagOf(this.row, this.digits))

  async use(lang: Lang, digits?: Locale['digits']): Promise<void> {
    const row = locales[lang]
    const messages = (await catalogues[lang]()).default
    this.#parsed = new Map()
    this.digits = digits === row.ownDigits && digits ? digits : row.digits
    this.lang = lang
    this.#messages = messages
    document.documentElement.lang = lang
    document.documentElement.dir = row.dir
  }

  // t is a message with its values; a key has one message in every language.
  t = (key: Key, values?: Record<string, Value>): string => {
    const message = this.#messages[key]
    if (!values) return message
    const id = this.tag + key
    let parsed = this.#parsed.get(id)
    if (!parsed) this.#parsed.set(id, (parsed = new IntlMessageFormat(message, this.tag)))
    const isolated: Record<string, Value> = {}
    for (const [k, v] of Object.entries(values)) isolated[k] = typeof v === 'string' ? FSI + v + PDI : v
    return String(parsed.format(isolated))
  }

  // knows says whether there is a message for a key that a program made.
  knows = (key: string): key is Key => key in this.#messages

  number = (n: number): string => format.number(this.tag, n)
  amount = (minor: number, currency: string): string => format.amount(this.tag, minor, currency)
  digit = (n: number): string => format.number(this.tag, n)
  percent = (part: number): string => format.percent(this.tag, part)
  month = (iso: string, year = false): string => format.month(this.tag, iso, year)
  time = (iso: string): string => format.time(this.tag, new Date(iso))
  ago = (iso: string, now: Date): string => format.ago(this.tag, new Date(iso), now)
  span = (ms: number): string => format.span(this.tag, ms)
  day = (iso: string, style: 'long' | 'short' = 'long'): string => format.day(this.tag, iso, this.row.dateOrder, style)
  // moment is a day and a time where the reader is.
  moment = (at: Date): string => `${this.day(dayOf(at), 'short')} ${format.time(this.tag, at)}`

  // unit is the word for a currency; its code where we have no word.
  unit = (currency: string): string => {
    const { code } = format.unitOf(currency)
    return (this.#messages as Record<string, string>)[`unit.${code}`] ?? code
  }

  money = (minor: number, currency: string): string => `${this.amount(minor, currency)}\u00a0${this.unit(currency)}`

  // name is what a thing is called, in this language if it has one.
  name = (of: { name_ar?: string; name_fa?: string; name_en?: string }): string => {
    const own = { ar: of.name_ar, fa: of.name_fa, en: of.name_en }
    return own[this.lang] || langs.map((l) => own[l]).find(Boolean) || '\u2014'
  }
}

export const i18n = new I18n()
