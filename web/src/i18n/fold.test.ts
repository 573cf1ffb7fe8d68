import { expect, test } from 'vitest'
import { digits, fold } from './fold'

test.each([
  ['\u0639\u0644\u064a', '\u0639\u0644\u06cc'],
  ['\u0643\u0631\u064a\u0645', '\u06a9\u0631\u06cc\u0645'],
  ['\u0623\u0645\u064e\u0644', '\u0627\u0645\u0644'],
  ['\u0641\u0627\u0637\u0645\u0629', '\u0641\u0627\u0637\u0645\u0647'],
  ['  Maryam   ALI ', 'maryam ali'],
  ['\u0628\u0627\u063a\u200c\u0628\u0627\u0646', '\u0628\u0627\u063a\u0628\u0627\u0646'],
  ['K-\u06f1\u0662', 'k-12'],
])('%s is searched as %s', (typed, other) => {
  expect(fold(typed)).toBe(fold(other))
})

test('codes are stored in ASCII', () => {
  expect(digits('C-\u06f1\u06f2\u06f3\u0664')).toBe('C-1234')
})
