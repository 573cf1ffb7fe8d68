import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Device } from '../../api/dashboard.gen'
import { bySite, goneAfter, groupsOf, healthOf, kinds, lateAfter, quietAfter } from './health'

const now = Date.parse('2026-11-21T12:00:00Z')
const device = (over: Partial<Device> & { silent?: number }): Device => ({ device: 'd', site: 's', site_name: 'Stall 12', kind: 'stall', label: 'tablet', prefix: 'A1', copy_of: null, pending_declared: 0, pending_attachments: 0, differing: 0, unbacked: 0, kept: 0, full: '', pending_amounts: {}, oldest_pending: null, offset_ms: 0, program: '', held: 0, connected: false, revoked: false, revoked_at: null, revoke_reason: '', wiped: false, last_contact: over.silent === undefined ? null : new Date(now - over.silent).toISOString(), ...over })

test.each([
  [{}, 'never'],
  [{ silent: 0 }, 'fresh'],
  [{ silent: quietAfter }, 'fresh'],
  [{ silent: quietAfter, pending_declared: 3 }, 'behind'],
  [{ silent: quietAfter + 1 }, 'quiet'],
  [{ silent: quietAfter + 1, pending_declared: 3 }, 'quiet'],
  [{ silent: lateAfter }, 'quiet'],
  [{ silent: lateAfter + 1 }, 'late'],
  [{ silent: goneAfter }, 'late'],
  [{ silent: goneAfter + 1 }, 'gone'],
  [{ silent: goneAfter + 1, connected: true }, 'fresh'],
  [{ silent: goneAfter + 1, held: 1 }, 'refused'],
  [{ silent: 0, revoked: true, held: 1 }, 'revoked'],
] as const)('%o is %s', (d, want) => {
  expect(healthOf(device(d), now)).toBe(want)
})

test('devices stand under their sites, worst first, without the server', () => {
  const list = bySite([device({ device: 'a', silent: 0, site: 'calm', site_name: 'Calm' }), device({ device: 'b', silent: 0 }), device({ device: 'c', silent: lateAfter * 2 }), device({ device: 'z', kind: 'server' })], now)
  expect(list.map((s) => [s.name, s.devices.map((d) => d.device).join('')])).toEqual([
    ['Stall 12', 'cb'],
    ['Calm', 'a'],
  ])
})

test.each([
  ['7K2M-9QXT-03FA-ZC5E', ['7K2M', '9QXT', '03FA', 'ZC5E']],
  ['7K2M9QXT03FAZC5E', ['7K2M', '9QXT', '03FA', 'ZC5E']],
  ['', []],
])('%s is read in groups of four', (code, want) => {
  expect(groupsOf(code)).toEqual(want)
})

test('kinds of sites are those of the schema', () => {
  const schema = readFileSync(new URL('../../../../syncproto/schema/sites.go', import.meta.url), 'utf8')
  const block = schema.slice(schema.indexOf('// Kinds of sites'), schema.indexOf('// KindServerDevice'))
  expect([...block.matchAll(/"([a-z_]+)"/g)].map((m) => m[1])).toEqual([...kinds])
})
