import { expect, test } from 'vitest'
import { between, isoOf, monthEnd, monthStart, partsOf, plus, weekStart, yearStart } from './calendar'

test.each([
  ['2025-03-20', 1403, 12, 30], // a leap year's last day
  ['2025-03-21', 1404, 1, 1],
  ['2026-03-21', 1405, 1, 1],
  ['2026-11-21', 1405, 8, 30],
])('%s is %i-%i-%i', (iso, year, month, day) => {
  expect(partsOf(iso, 'persian')).toEqual({ year, month, day })
  expect(isoOf({ year, month, day }, 'persian')).toBe(iso)
})

test('every day of four years converts both ways, in both calendars', () => {
  for (let iso = '2023-01-01'; iso < '2027-01-01'; iso = plus(iso, 1)) {
    for (const calendar of ['persian', 'gregory'] as const) expect(isoOf(partsOf(iso, calendar), calendar), iso).toBe(iso)
  }
})

test.each([
  [{ year: 1404, month: 12, day: 30 }, 'persian'], // no leap year
  [{ year: 1405, month: 7, day: 31 }, 'persian'],
  [{ year: 2026, month: 2, day: 29 }, 'gregory'],
  [{ year: 2026, month: 13, day: 1 }, 'gregory'],
  [{ year: 26, month: 1, day: 1 }, 'gregory'],
  [{ year: NaN, month: 1, day: 1 }, 'gregory'],
] as const)('%o is no day', (parts, calendar) => {
  expect(isoOf(parts, calendar)).toBeNull()
})

test('months, years and weeks begin and end where their calendar says', () => {
  expect([monthStart('2026-11-21', 'persian'), monthEnd('2026-11-21', 'persian')]).toEqual(['2026-10-23', '2026-11-21'])
  expect([monthStart('2026-02-10', 'gregory'), monthEnd('2026-02-10', 'gregory')]).toEqual(['2026-02-01', '2026-02-28'])
  expect(monthEnd('2025-03-01', 'persian')).toBe('2025-03-20')
  expect(yearStart('2026-03-20', 'persian')).toBe('2025-03-21')
  expect(yearStart('2026-03-21', 'persian')).toBe('2026-03-21')
  expect([weekStart('2026-11-21', 6), weekStart('2026-11-20', 6), weekStart('2026-11-22', 1)]).toEqual(['2026-11-21', '2026-11-14', '2026-11-16'])
  expect(between('2026-02-27', '2026-03-01')).toBe(2)
})
