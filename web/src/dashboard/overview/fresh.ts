import type { Overview, SiteHeard } from '../../api/dashboard.gen'
import { lateAfter } from '../sites/health'

// Which sites the figures may lack: those never heard of, those that declare more than
// has come, and those late. The rest are complete to the time that the earliest vouches.
export interface Fresh {
  to: string | null // of the sites that are in; null where none is
  in: number
  sites: number
  out: SiteHeard[]
  late: SiteHeard[] // of those out: silent for too long, and not connected
}

export function isLate(s: SiteHeard, now: number): boolean {
  return !s.connected && s.last_contact !== null && now - Date.parse(s.last_contact) > lateAfter
}

export function freshOf(o: Overview, now: number): Fresh {
  const late = o.sites.filter((s) => isLate(s, now))
  const out = o.sites.filter((s) => s.complete_to === null || isLate(s, now))
  const vouched = o.sites.filter((s) => !out.includes(s)).map((s) => s.complete_to!)
  return { to: vouched.toSorted()[0] ?? null, in: vouched.length, sites: o.sites.length, out, late }
}
