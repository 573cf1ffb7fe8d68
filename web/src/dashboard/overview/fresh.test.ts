import { expect, test } from 'vitest'
import type { Overview, SiteHeard } from '../../api/dashboard.gen'
import { lateAfter } from '../sites/health'
import { freshOf } from './fresh'

const now = Date.parse('2026-11-21T12:00:00Z')
const ago = (ms: number): string => new Date(now - ms).toISOString()
const heard = (site: string, over: Partial<SiteHeard>): SiteHeard => ({ site, name: site, connected: false, pending: 0, attachments: 0, last_contact: ago(0), complete_to: over.last_contact ?? ago(0), ...over })
const fresh = (...sites: SiteHeard[]): ReturnType<typeof freshOf> => freshOf({ sites } as unknown as Overview, now)

test('the pill vouches for the sites that are in, up to the earliest of them', () => {
  const f = fresh(heard('a', {}), heard('b', { last_contact: ago(60_000), complete_to: ago(60_000) }), heard('never', { last_contact: null, complete_to: null }), heard('behind', { pending: 3, complete_to: null }))
  expect([f.to, f.in, f.sites, f.out.map((s) => s.site)]).toEqual([ago(60_000), 2, 4, ['never', 'behind']])
})

test('a silent site is late at its limit and not before, unless it is connected', () => {
  const at = (ms: number, connected = false): string[] => fresh(heard('s', { last_contact: ago(ms), complete_to: ago(ms), connected })).late.map((s) => s.site)
  expect([at(lateAfter), at(lateAfter + 1), at(lateAfter + 1, true)]).toEqual([[], ['s'], []])
})

test('with every site out there is no time to name', () => {
  expect(fresh(heard('never', { last_contact: null, complete_to: null })).to).toBeNull()
})
