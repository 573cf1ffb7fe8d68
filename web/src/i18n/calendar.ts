// Civil days (2026-11-21) in the calendar of a language. The arithmetic is Intl's own:
// we only ask it what a day is called, and search.
export type Calendar = 'gregory' | 'persian'

export interface Parts {
  year: number
  month: number // from 1
  day: number
}

const dayMS = 86_400_000
const asked = new Map<Calendar, Intl.DateTimeFormat>()
const stamp = (iso: string): number => Date.parse(iso + 'T00:00:00Z')
const isoAt = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

export function plus(iso: string, days: number): string {
  return isoAt(stamp(iso) + days * dayMS)
}

// between counts the days from one to another.
export function between(from: string, to: string): number {
  return Math.round((stamp(to) - stamp(from)) / dayMS)
}

export function partsOf(iso: string, calendar: Calendar): Parts {
  let f = asked.get(calendar)
  if (!f) asked.set(calendar, (f = new Intl.DateTimeFormat(`en-u-ca-${calendar}-nu-latn`, { year: 'numeric', month: 'numeric', day: 'numeric', timeZone: 'UTC' })))
  const parts = f.formatToParts(stamp(iso))
  const of = (type: string): number => Number(parts.find((p) => p.type === type)!.value)
  return { year: of('year'), month: of('month'), day: of('day') }
}

// isoOf finds the day that a calendar calls so; null where it has none.
export function isoOf(p: Parts, calendar: Calendar): string | null {
  const whole = Number.isInteger(p.year) && p.year >= 1000 && p.year <= 2999 && p.month >= 1 && p.month <= 12 && p.day >= 1 && p.day <= 31
  if (!whole || !Number.isInteger(p.month) || !Number.isInteger(p.day)) return null
  const epoch = calendar === 'persian' ? Date.UTC(p.year + 621, 2, 21) : Date.UTC(p.year, 0, 1)
  const middle = isoAt(epoch + Math.round((p.month - 1) * 30.4 + 14) * dayMS) // of the month, whatever its length
  const iso = plus(monthStart(middle, calendar), p.day - 1)
  const have = partsOf(iso, calendar)
  return have.year === p.year && have.month === p.month && have.day === p.day ? iso : null
}

export function monthStart(iso: string, calendar: Calendar): string {
  return plus(iso, 1 - partsOf(iso, calendar).day)
}

export function monthEnd(iso: string, calendar: Calendar): string {
  return plus(monthStart(plus(monthStart(iso, calendar), 32), calendar), -1)
}

export function yearStart(iso: string, calendar: Calendar): string {
  let at = monthStart(iso, calendar)
  while (partsOf(at, calendar).month !== 1) at = monthStart(plus(at, -1), calendar)
  return at
}

// weekStart is the day on which the week began; firstDay counts from Sunday, 0.
export function weekStart(iso: string, firstDay: number): string {
  return plus(iso, -((new Date(stamp(iso)).getUTCDay() - firstDay + 7) % 7))
}

// dayOf is the civil day of a moment where the reader is.
export function dayOf(at: Date): string {
  return isoAt(at.getTime() - at.getTimezoneOffset() * 60_000)
}
