import { expect, test } from 'vitest'
import { againstOf, barsOf, periodOf, read, write } from './period'

const today = '2026-11-21' // Saturday, 30 Aban 1405

test.each([
  ['day', 'gregory', 1, ['2026-11-21', '2026-11-21', '2026-11-20', '2026-11-20']],
  ['week', 'gregory', 1, ['2026-11-16', '2026-11-22', '2026-11-09', '2026-11-14']],
  ['week', 'persian', 6, ['2026-11-21', '2026-11-27', '2026-11-14', '2026-11-14']],
  ['month', 'gregory', 1, ['2026-11-01', '2026-11-30', '2026-10-01', '2026-10-21']],
  ['month', 'persian', 6, ['2026-10-23', '2026-11-21', '2026-09-23', '2026-10-22']],
  ['year', 'gregory', 1, ['2026-03-21', '2027-03-20', '2025-03-21', '2025-11-21']],
  ['year', 'persian', 6, ['2026-03-21', '2027-03-20', '2025-03-21', '2025-11-21']],
] as const)('this %s in the %s calendar, and what it is compared with', (kind, calendar, firstDay, want) => {
  const p = periodOf(kind, today, calendar, firstDay)
  const a = againstOf(p, today, calendar)
  expect([p.from, p.to, a.from, a.to]).toEqual(want)
})

test('the month before is never counted into this one', () => {
  const p = periodOf('month', '2026-03-31', 'gregory', 1)
  expect(againstOf(p, '2026-03-31', 'gregory')).toEqual({ from: '2026-02-01', to: '2026-02-28' })
})

test('a free span is compared with as many days before it', () => {
  expect(againstOf({ kind: 'span', from: '2026-11-10', to: '2026-11-12' }, today, 'gregory')).toEqual({ from: '2026-11-07', to: '2026-11-09' })
})

test('the address says what was chosen, and nonsense in it is a month', () => {
  for (const kind of ['day', 'week', 'month', 'year'] as const) {
    const p = periodOf(kind, today, 'persian', 6)
    expect(read(write(p), today, 'persian', 6)).toEqual(p)
  }
  const span = { kind: 'span', from: '2026-01-31', to: '2026-02-01' } as const
  expect(read(write(span), today, 'gregory', 1)).toEqual(span)
  for (const bad of ['', '?period=age', '?period=span', '?period=span&from=2026-02-30&to=2026-03-01', '?period=span&from=2026-03-01&to=2026-02-01', '?period=span&from=%3Cb%3E&to=1']) {
    expect(read(bad, today, 'gregory', 1).kind, bad).toBe('month')
  }
})

test('days without a sale have a bar, days to come have none, and their sum stays', () => {
  const sold = new Map([['2026-11-03', 5], ['2026-11-20', 7]])
  const { bars, months } = barsOf(periodOf('month', today, 'gregory', 1), today, 'gregory', sold)
  expect([bars.length, months, bars[2], bars.at(-1)]).toEqual([21, false, { key: '2026-11-03', value: 5 }, { key: today, value: 0 }])
  const year = barsOf(periodOf('year', today, 'gregory', 1), today, 'gregory', sold)
  expect([year.months, year.bars[0]!.key, year.bars.length]).toEqual([true, '2026-03-21', 9])
  expect(year.bars.reduce((n, b) => n + b.value, 0)).toBe(12)
})
