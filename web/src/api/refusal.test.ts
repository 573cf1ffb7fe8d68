import { readFileSync } from 'node:fs'
import { beforeEach, expect, test, vi } from 'vitest'
import { i18n } from '../i18n/i18n.svelte'
import { langs } from '../i18n/locales'
import { Refused } from './api'
import { beside, reasonFor, reasonOf } from './refusal'
import type { RefusalCode } from './site.gen'

const codesOf = (file: string): RefusalCode[] => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')).components.schemas.RefusalCode.enum
const codes = codesOf('../../../client/openapi.json')
const values = { min: 0, max: 3, kind: 'stall', from: 'sent', to: 'accepted', words: ['cash', 'card'], why: 'revoked', state: 'released', count: 2, number: '1', receipt_no: '2' }

vi.stubGlobal('document', { documentElement: {} }) // these tests run without a page
beforeEach(() => i18n.use('en'))

test('both programs refuse with the same codes', () => {
  expect(codesOf('../../../server/openapi.json')).toEqual(codes)
  expect(codes.length).toBeGreaterThan(30)
})

test.each(langs)('in %s every code has words of its own language, with its values', async (lang) => {
  await i18n.use(lang)
  for (const code of codes) {
    expect(i18n.knows(`refusal.${code}`), code).toBe(true)
    const said = reasonOf({ code, message: 'in English', values })
    expect(said, code).not.toMatch(/[{}]/)
    if (lang !== 'en') expect(said, code).not.toMatch(/[a-z]/i)
  }
})

test('a message names values in the words of the reader', async () => {
  await i18n.use('ar')
  expect(reasonOf({ code: 'kind_differs', message: '', values: { kind: 'branch' } })).toContain(i18n.t('kind.branch'))
  expect(reasonOf({ code: 'too_long', message: '', values: { max: 2 } })).toContain('حرفان')
})

test('a code of a newer program is said as a fault, not left out', () => {
  expect(reasonOf({ code: 'of_tomorrow' as RefusalCode, message: 'm' })).toBe(i18n.t('refusal.internal'))
})

test('a refusal goes beside the field that it means, or under the form', () => {
  const said = (field?: string): Record<string, string> => {
    const wrong = { name: '', price: '', all: '' }
    beside(wrong, new Refused('refused', 'm', { code: 'required', message: 'm', ...(field ? { field } : {}) }), 'away', { amount_minor: 'price' })
    return wrong
  }
  const words = i18n.t('refusal.required')
  expect(said('name')).toEqual({ name: words, price: '', all: '' })
  expect(said('amount_minor')).toEqual({ name: '', price: words, all: '' })
  expect(said('sku')).toEqual({ name: '', price: '', all: words })
  expect(said()).toEqual({ name: '', price: '', all: words })
})

test('a program that is away is no refusal, one that has no room says so', () => {
  expect(reasonFor(new Refused('unreachable', 'fetch failed'), 'away')).toBe('away')
  expect(reasonFor(new Refused('unreachable', 'm', { code: 'no_room', message: 'm' }), 'away')).toBe(i18n.t('refusal.no_room'))
})
