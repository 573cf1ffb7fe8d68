import { expect, test } from 'vitest'
import { ago, amount, ascii, day, minorOf, number, span } from './format'
import { locales, tagOf } from './locales'

const ar = tagOf(locales.ar)
const fa = tagOf(locales.fa)
const en = tagOf(locales.en)

test('digits of three kinds are one number', () => {
  for (const typed of ['1234.5', '۱۲۳۴٫۵', '١٢٣٤٫٥', '١٬٢٣٤٫٥', '1,234.5']) expect(ascii(typed)).toBe('1234.5')
  for (const typed of ['123', '۱۲۳', '١٢٣']) expect(minorOf(typed, 'AED')).toBe(12300)
})

test.each([
  ['12.5', 'AED', 1250],
  ['0.05', 'AED', 5],
  ['12.', 'AED', 1200],
  ['12.505', 'AED', null],
  ['', 'AED', null],
  ['-3', 'AED', null],
  ['1.250', 'OMR', 1250],
  ['125000', 'IRR', 1250000], // toman
])('%s of %s is read', (typed, currency, want) => {
  expect(minorOf(typed, currency)).toBe(want)
})

test('money is written as people say it', () => {
  expect(amount(en, 1250, 'AED')).toBe('12.50')
  expect(amount(en, 1200, 'AED')).toBe('12')
  expect(amount(fa, 1250000, 'IRR')).toBe('۱۲۵٬۰۰۰')
  expect(amount(ar, 123456, 'AED')).toBe('1,234.56')
  expect(amount(tagOf(locales.ar, 'arab'), 123456, 'AED')).toBe('١٬٢٣٤٫٥٦')
  expect(number(fa, 11)).toBe('۱۱')
})

test('days are those of the calendar, day before month before year', () => {
  expect(day(fa, '2026-11-21', locales.fa.dateOrder, 'long')).toBe('شنبه ۳۰ آبان ۱۴۰۵')
  expect(day(fa, '2026-03-21', locales.fa.dateOrder, 'long')).toBe('شنبه ۱ فروردین ۱۴۰۵')
  expect(day(fa, '2025-03-20', locales.fa.dateOrder, 'short')).toBe('۳۰ اسفند')
  expect(day(en, '2026-11-21', locales.en.dateOrder, 'long')).toBe('Saturday 21 November 2026')
})

test('how long ago is rough', () => {
  const now = new Date('2026-11-21T12:00:00Z')
  expect(ago(en, new Date('2026-11-21T11:50:00Z'), now)).toBe('10 minutes ago')
  expect(ago(fa, new Date('2026-11-21T09:00:00Z'), now)).toBe('۳ ساعت پیش')
})

test('how long something is is rough too', () => {
  expect(span(en, 150_000)).toBe('2 minutes')
  expect(span(en, 3 * 86_400_000 + 5)).toBe('3 days')
  expect(span(fa, 3_600_000)).toBe('۱ ساعت')
})
