import type { Device } from '../../api/dashboard.gen'

// How a device stands: what needs a person first, then when it was last heard of and
// what it declared to hold back. Opening hours are not known, so nights count too.
export const healths = ['fresh', 'behind', 'quiet', 'late', 'gone', 'refused', 'never', 'revoked'] as const
export type Health = (typeof healths)[number]

export const quietAfter = 15 * 60_000
export const lateAfter = 4 * 3600_000
export const goneAfter = 7 * 24 * 3600_000

export function healthOf(d: Device, now: number): Health {
  if (d.revoked) return 'revoked'
  if (d.held > 0) return 'refused'
  if (d.last_contact === null) return 'never'
  const silent = d.connected ? 0 : now - Date.parse(d.last_contact)
  if (silent > goneAfter) return 'gone'
  if (silent > lateAfter) return 'late'
  if (silent > quietAfter) return 'quiet'
  return d.pending_declared > 0 ? 'behind' : 'fresh'
}

// skewFrom is the difference of clocks that is worth a word.
export const skewFrom = 60_000

// A site with its devices, worst first, as head office looks at them.
export interface SiteOf {
  site: string
  name: string
  kind: string
  devices: Device[]
}

const serverKind = 'server' // the server's own devices belong to no site

export function bySite(all: Device[], now: number): SiteOf[] {
  const sites = new Map<string, SiteOf>()
  for (const d of all) {
    if (d.kind === serverKind) continue
    const s = sites.get(d.site) ?? { site: d.site, name: d.site_name, kind: d.kind, devices: [] }
    s.devices.push(d)
    sites.set(d.site, s)
  }
  const weight: Record<Health, number> = { refused: 0, gone: 1, late: 2, never: 3, quiet: 4, behind: 5, fresh: 6, revoked: 7 }
  const rank = (d: Device): number => weight[healthOf(d, now)]
  const worst = (s: SiteOf): number => Math.min(...s.devices.map(rank))
  const list = [...sites.values()]
  for (const s of list) s.devices.sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label) || a.device.localeCompare(b.device))
  return list.sort((a, b) => worst(a) - worst(b) || a.name.localeCompare(b.name) || a.site.localeCompare(b.site))
}

export const kinds = ['stall', 'branch', 'rooyesh_centre', 'partner_desk', 'outlet'] as const

// groupsOf cuts a code into the groups that it is read out by.
export const groupsOf = (code: string): string[] => code.replace(/-/g, '').match(/.{1,4}/g) ?? []
