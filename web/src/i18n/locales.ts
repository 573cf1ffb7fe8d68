// One row per language: everything that a screen must know about it. No code asks which
// language it is; it asks the row.
export const langs = ['ar', 'fa', 'en'] as const
export type Lang = (typeof langs)[number]

export interface Locale {
  name: string // by its own name
  dir: 'rtl' | 'ltr'
  tag: string // for Intl, without digits
  digits: 'latn' | 'arab' | 'arabext'
  ownDigits?: 'arab' // another kind that people may choose
  calendar: 'gregory' | 'persian'
  firstDay: number // of the week, from Sunday, 0
  dateOrder: Intl.DateTimeFormatPartTypes[] // of a long date; Intl's own puts a Persian year first
}

export const locales: Record<Lang, Locale> = {
  ar: { name: 'العربية', dir: 'rtl', tag: 'ar-AE', digits: 'latn', ownDigits: 'arab', calendar: 'gregory', firstDay: 1, dateOrder: ['weekday', 'day', 'month', 'year'] },
  fa: { name: 'فارسی', dir: 'rtl', tag: 'fa-IR', digits: 'arabext', calendar: 'persian', firstDay: 6, dateOrder: ['weekday', 'day', 'month', 'year'] },
  en: { name: 'English', dir: 'ltr', tag: 'en-GB', digits: 'latn', calendar: 'gregory', firstDay: 1, dateOrder: ['weekday', 'day', 'month', 'year'] },
}

export function tagOf(l: Locale, digits: Locale['digits'] = l.digits): string {
  return `${l.tag}-u-ca-${l.calendar}-nu-${digits}`
}
