import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { digits, fold } from './fold'

// The programs' test reads the same table.
const table = new URL('../../../syncproto/schema/testdata/fold.json', import.meta.url)
const cases: { why: string; text: string; folds: string }[] = JSON.parse(readFileSync(table, 'utf8'))

test.each(cases)('text is folded as the programs fold it: $why', ({ text, folds }) => {
  expect(fold(text)).toBe(folds)
  expect(fold(folds)).toBe(folds)
})

test('codes are stored in ASCII', () => {
  expect(digits('C-\u06f1\u06f2\u06f3\u0664')).toBe('C-1234')
})
