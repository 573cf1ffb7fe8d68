import type { RosterLine, SessionShown } from '../../api/site.gen'
import { i18n } from '../../i18n/i18n.svelte'
import { lastMark, type Standing } from './roster'

const time = (ms: number): string => i18n.time(new Date(ms).toISOString())

// span is from when to when a session goes, in the order of reading.
export const span = (s: SessionShown): string => i18n.t('attend.span', { from: time(s.starts_at), to: time(s.ends_at) })

// stands is how a line stands, in words; where a person has to look at it, why.
function stands(l: RosterLine, s: Standing): string {
  switch (s) {
    case 'absent':
      return i18n.t('attend.absent')
    case 'in':
      return i18n.t('attend.in', { time: time(l.in_at) })
    case 'out': {
      const out = i18n.t('attend.out', { from: time(l.in_at), to: time(l.out_at) })
      return l.verdict === 'confirmed' ? `${out}. ${i18n.t('review.confirmed', { name: l.decided_by })}` : out
    }
    case 'void':
      return i18n.t('review.void', { name: l.decided_by, why: l.reason })
    case 'noout':
      return i18n.t('attend.noout', { time: time(l.in_at) })
    case 'outfirst':
      return i18n.t('attend.outfirst', { from: time(l.in_at), to: time(l.out_at) })
    case 'noin':
      return i18n.t('attend.noin', { time: time(l.out_at) })
  }
}

export const nameOf = (l: RosterLine): string => l.name || i18n.t('attend.elsewhere')

// before says that somebody was marked already, and when.
export const before = (l: RosterLine): string => i18n.t('attend.before', { name: nameOf(l), time: time(lastMark(l)) })

// says adds how often somebody was marked, where that is more than once in and once out:
// another tablet marked too, or somebody twice.
export function says(l: RosterLine, s: Standing): string {
  const usual = Number(l.in_at > 0) + Number(l.out_at > 0)
  return l.scans > usual ? `${stands(l, s)} · ${i18n.t('attend.marks', { n: l.scans })}` : stands(l, s)
}
