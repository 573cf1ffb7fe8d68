import type { RosterLine, SessionShown } from '../../api/site.gen'
import { number } from '../../i18n/format'
import { digits } from '../../i18n/fold'

// hm writes minutes as h:mm; a part of a minute is not credited, so none is rounded up.
export function hm(tag: string, minutes: number): string {
  const whole = Math.max(0, Math.floor(minutes))
  const mm = new Intl.NumberFormat(tag, { minimumIntegerDigits: 2 }).format(whole % 60)
  return `${number(tag, Math.floor(whole / 60))}:${mm}`
}

// What a line of a roster says of somebody. Between the two, "in" is what it should be
// while the session goes on; afterwards a person has to look at it.
export type Standing = 'absent' | 'in' | 'out' | 'noout' | 'outfirst' | 'noin' | 'void'

export function standing(l: RosterLine, endsAt: number, now: number): Standing {
  if (l.verdict === 'void') return 'void'
  if (l.in_at === 0) return l.out_at === 0 ? 'absent' : 'noin'
  if (l.out_at === 0) return now > endsAt ? 'noout' : 'in'
  return l.review ? 'outfirst' : 'out'
}

export const forReview = (s: Standing): boolean => s === 'noout' || s === 'outfirst' || s === 'noin'

// reviewable lines may be confirmed or taken back, and what was decided may be changed.
export const reviewable = (l: RosterLine, s: Standing): boolean => s === 'noout' || s === 'outfirst' || l.verdict !== ''

// usualOut is when somebody left who did not check out, until somebody says otherwise.
export const usualOut = (l: RosterLine, endsAt: number): number => (l.verdict === 'confirmed' ? l.out_at : Math.max(endsAt, l.in_at + 60_000))

// outOf is the instant of a time of day, on the day that somebody came or, where a session
// goes past midnight, on the day that it ends.
export function outOf(l: RosterLine, endsAt: number, minutes: number): number {
  const out = at(dayOf(new Date(l.in_at)), minutes)
  return out <= l.in_at && endsAt > l.in_at ? at(dayOf(new Date(endsAt)), minutes) : out
}

// next is what the next mark of a line means: the first in counts, then the last out.
export const next = (l: RosterLine): 'in' | 'out' => (l.in_at === 0 ? 'in' : 'out')

// lastMark is when somebody was last marked; 0 where never.
export const lastMark = (l: RosterLine): number => Math.max(l.in_at, l.out_at)

// A card read twice at one door is one reading.
export const cardRests = 120_000
export const tapRests = 1_000

// A mark that waits in this browser.
export interface Mark {
  person: string
  kind: string
  at: number
}

// withMarks shows lines as they will stand once the marks that wait here are recorded:
// the first in counts, then the last out. Credit is for the program to say.
export function withMarks(lines: RosterLine[], marks: Mark[]): RosterLine[] {
  if (marks.length === 0) return lines
  return lines.map((l) => {
    const own = marks.filter((m) => m.person === l.person)
    if (own.length === 0) return l
    const of = (kind: string): number[] => own.filter((m) => m.kind === kind).map((m) => m.at)
    const ins = l.in_at === 0 ? of('in') : [l.in_at, ...of('in')]
    const in_at = ins.length > 0 ? Math.min(...ins) : 0
    const out_at = Math.max(l.out_at, ...of('out'))
    return { ...l, in_at, out_at, review: in_at === 0 || out_at === 0 || out_at <= in_at, scans: l.scans + own.length }
  })
}

export const present = (lines: RosterLine[]): number => lines.filter((l) => l.in_at > 0 && l.verdict !== 'void').length

// minutesOf reads a time of day typed as 9, 930, 9:30 or 09.30 in any digits; null where
// it is none.
export function minutesOf(typed: string): number | null {
  const m = /^(\d{1,2})(?:[:.\u066b]?(\d{2}))?$/.exec(digits(typed.trim()))
  if (!m) return null
  const h = Number(m[1])
  const min = Number(m[2] ?? 0)
  return h < 24 && min < 60 ? h * 60 + min : null
}

// dayOf is the civil day of an instant, where this device is.
export function dayOf(at: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

// at is an instant: minutes into a civil day, where this device is.
export function at(day: string, minutes: number): number {
  const [y, m, d] = day.split('-').map(Number)
  return new Date(y!, m! - 1, d, 0, minutes).getTime()
}

// byDay puts sessions of today first, then the coming, then the past, latest first.
export function byDay(all: SessionShown[], now: Date): { today: SessionShown[]; coming: SessionShown[]; past: SessionShown[] } {
  const today = dayOf(now)
  const day = (s: SessionShown): string => dayOf(new Date(s.starts_at))
  const sorted = all.toSorted((a, b) => a.starts_at - b.starts_at)
  return {
    today: sorted.filter((s) => day(s) === today),
    coming: sorted.filter((s) => day(s) > today),
    past: sorted.filter((s) => day(s) < today).toReversed(),
  }
}
