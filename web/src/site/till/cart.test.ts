import { expect, test } from 'vitest'
import { maxQuantity, notesFor, pieces, put, quantityOf, total } from './cart'

test('lines add up', () => {
  let lines = put([], 'a', 1, 1250)
  lines = put(lines, 'b', 2, 500)
  lines = put(lines, 'a', 3, 1250)
  expect(total(lines)).toBe(4750)
  expect(pieces(lines)).toBe(5)
  expect(quantityOf(lines, 'a')).toBe(3)
  expect(lines.map((l) => l.product)).toEqual(['a', 'b']) // lines stay where they are
})

test('a line at 0 goes, and no count runs away', () => {
  expect(put(put([], 'a', 1, 5), 'a', 0, 5)).toEqual([])
  expect(put([], 'a', -1, 5)).toEqual([])
  expect(quantityOf(put([], 'a', 1e9, 5), 'a')).toBe(maxQuantity)
})

test.each([
  [3750, 'AED', [4000, 5000, 10000]],
  [5000, 'AED', [6000, 10000, 20000]],
  [100000, 'AED', []],
  [0, 'AED', []],
  [1_250_000, 'IRR', [1_300_000, 1_500_000, 2_000_000]],
])('notes for %i of %s', (sum, currency, want) => {
  expect(notesFor(sum, currency)).toEqual(want)
  for (const n of notesFor(sum, currency)) expect(n).toBeGreaterThan(sum)
})
