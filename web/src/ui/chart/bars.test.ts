import { expect, test } from 'vitest'
import { lay, nearest } from './bars'

const days = Array.from({ length: 14 }, (_, i) => ({ key: `d${i}`, label: `${i}`, value: i * 100 }))

test('bars grow from the ground and stay in their box', () => {
  for (const rtl of [true, false]) {
    const { bars, ticks } = lay(days, 320, 160, 48, rtl)
    for (const b of bars) {
      expect(b.y + b.height).toBeCloseTo(160)
      expect(b.x).toBeGreaterThanOrEqual(0)
      expect(b.x + b.width).toBeLessThanOrEqual(320)
    }
    expect(ticks[0]!.y).toBe(160)
  }
})

test('time runs in reading direction', () => {
  const first = (rtl: boolean): number => lay(days, 320, 160, 48, rtl).bars[0]!.middle
  expect(first(true)).toBeGreaterThan(160)
  expect(first(false)).toBeLessThan(160)
})

test('the first and the last are labelled, and labels do not touch', () => {
  const labelled = lay(days, 320, 160, 48, false).bars.filter((b) => b.labelled)
  expect(labelled[0]!.key).toBe('d0')
  expect(labelled.at(-1)!.key).toBe('d13')
  for (let i = 1; i < labelled.length; i++) expect(labelled[i]!.middle - labelled[i - 1]!.middle).toBeGreaterThanOrEqual(60)
})

test('one bar, and none', () => {
  expect(lay([days[1]!], 320, 160, 48, true).bars[0]!.labelled).toBe(true)
  expect(lay([], 320, 160, 48, true).bars).toEqual([])
})

test('a finger between two bars means the nearer one', () => {
  const { bars } = lay(days, 320, 160, 48, true)
  expect(nearest(bars, bars[3]!.middle + 2)).toBe('d3')
  expect(nearest([], 1)).toBeUndefined()
})
