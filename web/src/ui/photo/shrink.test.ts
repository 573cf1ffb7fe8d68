import { expect, test } from 'vitest'
import { sizeOf } from './shrink'

test('a photo fits into 320 pixels either way, and is never made larger', () => {
  expect(sizeOf(4000, 3000)).toEqual([320, 240])
  expect(sizeOf(3000, 4000)).toEqual([240, 320])
  expect(sizeOf(100, 50)).toEqual([100, 50])
})

test('a panorama keeps a pixel of height', () => {
  expect(sizeOf(20_000, 10)).toEqual([320, 1])
})
