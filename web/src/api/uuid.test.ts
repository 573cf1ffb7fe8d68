import { expect, test } from 'vitest'
import { newID } from './uuid'

test('ids are UUIDv7 whose last 16 bits are 0', () => {
  const id = newID(0x0123456789ab)
  expect(id).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{8}0000$/)
})

test('ids of one millisecond are distinct and in order', () => {
  const ids = Array.from({ length: 10_000 }, () => newID(0x0123456789ac))
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.toSorted()).toEqual(ids)
})

test('a clock that goes back does not', () => {
  const before = newID(0x1123456789ac)
  expect(newID(5) > before).toBe(true)
})
