import { between, isoOf, monthEnd, monthStart, plus, weekStart, yearStart, type Calendar } from '../../i18n/calendar'

// What the overview is about: a stretch of the locale's calendar, or any two days.
export const kinds = ['day', 'week', 'month', 'year', 'span'] as const
export type Kind = (typeof kinds)[number]

export interface Period {
  kind: Kind
  from: string
  to: string
}

// What the figures are compared with: as many days of the one before as have gone by.
export interface Against {
  from: string
  to: string
}

// The programme's year is the Solar Hijri one, whatever the language.
const programme: Calendar = 'persian'

export function periodOf(kind: Exclude<Kind, 'span'>, today: string, calendar: Calendar, firstDay: number): Period {
  switch (kind) {
    case 'day':
      return { kind, from: today, to: today }
    case 'week': {
      const from = weekStart(today, firstDay)
      return { kind, from, to: plus(from, 6) }
    }
    case 'month':
      return { kind, from: monthStart(today, calendar), to: monthEnd(today, calendar) }
    case 'year': {
      const from = yearStart(today, programme)
      return { kind, from, to: plus(yearStart(plus(from, 370), programme), -1) }
    }
  }
}

export function againstOf(p: Period, today: string, calendar: Calendar): Against {
  const gone = between(p.from, today < p.to && today >= p.from ? today : p.to)
  let from = plus(p.from, -between(p.from, p.to) - 1)
  if (p.kind === 'month') from = monthStart(plus(p.from, -1), calendar)
  if (p.kind === 'year') from = yearStart(plus(p.from, -1), programme)
  const to = plus(from, gone)
  return { from, to: to < p.from ? to : plus(p.from, -1) }
}

// The address holds what was chosen; what it does not say, or says wrongly, is a month.
export function read(search: string, today: string, calendar: Calendar, firstDay: number): Period {
  const q = new URLSearchParams(search)
  const kind = kinds.find((k) => k === q.get('period')) ?? 'month'
  if (kind !== 'span') return periodOf(kind, today, calendar, firstDay)
  const [from, to] = [dayIn(q.get('from')), dayIn(q.get('to'))]
  return from && to && from <= to ? { kind, from, to } : periodOf('month', today, calendar, firstDay)
}

function dayIn(s: string | null): string | null {
  const m = /^(\d{4})-(\d\d)-(\d\d)$/.exec(s ?? '')
  return m && isoOf({ year: Number(m[1]), month: Number(m[2]), day: Number(m[3]) }, 'gregory')
}

export function write(p: Period): string {
  return p.kind === 'span' ? `?period=span&from=${p.from}&to=${p.to}` : `?period=${p.kind}`
}

export interface Bar {
  key: string
  value: number
}

// barsOf lays out every day of a span up to today, also those without a sale; a span of
// more than a season is shown by the calendar's months, by their first days.
export const mostDays = 92
export function barsOf(p: Period, today: string, calendar: Calendar, days: Map<string, number>): { bars: Bar[]; months: boolean } {
  const last = [...days.keys()].toSorted().at(-1) ?? p.from
  const to = today < p.to ? (today > last ? (today < p.from ? p.from : today) : last) : p.to
  const months = between(p.from, p.to) > mostDays
  const sums = new Map<string, number>()
  for (let day = p.from; day <= to; day = plus(day, 1)) {
    const key = months ? (monthStart(day, calendar) < p.from ? p.from : monthStart(day, calendar)) : day
    sums.set(key, (sums.get(key) ?? 0) + (days.get(day) ?? 0))
  }
  return { bars: [...sums].map(([key, value]) => ({ key, value })), months }
}

