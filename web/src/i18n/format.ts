// Numbers, money and dates as people of a language write them, and back. A tag is one
// of tagOf: it carries digits and calendar.

// ascii takes digits of any of the three kinds, and the signs round them, as 0-9 . -
export function ascii(s: string): string {
  return s
    .replace(/[\u0660-\u0669]/g, (d) => String(d.charCodeAt(0) - 0x660))
    .replace(/[\u06f0-\u06f9]/g, (d) => String(d.charCodeAt(0) - 0x6f0))
    .replace(/\u066b/g, '.')
    .replace(/[\u066c\u060c,\s]/g, '')
}

// A formatter costs far more to make than to use, and a till writes hundreds of prices.
const made = new Map<string, Intl.NumberFormat>()

function numbers(tag: string, least = 0, most = 3): Intl.NumberFormat {
  const key = `${tag} ${least} ${most}`
  let f = made.get(key)
  if (!f) made.set(key, (f = new Intl.NumberFormat(tag, { minimumFractionDigits: least, maximumFractionDigits: most })))
  return f
}

export function number(tag: string, n: number): string {
  return numbers(tag).format(n)
}

// How people speak of a currency: unit is a message key, minor units go 10^scale to one.
// Iranian prices are spoken in toman, ten rial.
export interface Unit {
  scale: number
  code: string
}

const units = new Map<string, Unit>([['IRR', { scale: 1, code: 'toman' }]])

export function unitOf(currency: string): Unit {
  let u = units.get(currency)
  if (!u) {
    const scale = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    units.set(currency, (u = { scale, code: currency }))
  }
  return u
}

// amount writes minor units without their unit; empty fils are left out.
export function amount(tag: string, minor: number, currency: string): string {
  const { scale } = unitOf(currency)
  const whole = minor % 10 ** scale === 0
  return numbers(tag, whole ? 0 : scale, scale).format(minor / 10 ** scale)
}

// majorOf is an amount as a plain number in the unit that people speak of, for files.
export function majorOf(minor: number, currency: string): number {
  return minor / 10 ** unitOf(currency).scale
}

// minorOf reads what was typed as minor units; null where it is no amount.
export function minorOf(typed: string, currency: string): number | null {
  const { scale } = unitOf(currency)
  const m = /^(\d{1,11})(?:\.(\d*))?$/.exec(ascii(typed))
  if (!m) return null
  const rest = m[2] ?? ''
  if (rest.length > scale) return null
  return Number(m[1]! + rest.padEnd(scale, '0'))
}

// day writes a civil day (2026-11-21) as one speaks of it.
export function day(tag: string, iso: string, order: Intl.DateTimeFormatPartTypes[], style: 'long' | 'short'): string {
  const options: Intl.DateTimeFormatOptions = style === 'long' ? { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' } : { day: 'numeric', month: 'short' }
  const parts = new Intl.DateTimeFormat(tag, { ...options, timeZone: 'UTC' }).formatToParts(new Date(iso + 'T00:00:00Z'))
  return order.flatMap((t) => parts.filter((p) => p.type === t).map((p) => p.value)).join(' ')
}

// percent writes a change, with its sign.
export function percent(tag: string, part: number): string {
  return new Intl.NumberFormat(tag, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' }).format(part)
}

// month names the month of a civil day.
export function month(tag: string, iso: string, year: boolean): string {
  const parts = new Intl.DateTimeFormat(tag, { month: 'long', ...(year ? { year: 'numeric' } : {}), timeZone: 'UTC' }).formatToParts(new Date(iso + 'T00:00:00Z'))
  return (['month', 'year'] as const).flatMap((t) => parts.filter((p) => p.type === t).map((p) => p.value)).join(' ')
}

export function time(tag: string, at: Date): string {
  return new Intl.DateTimeFormat(tag, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at)
}

type Length = 'minute' | 'hour' | 'day'

// roughly is a length of time in the one unit that people would name.
function roughly(ms: number): [number, Length] {
  const s = Math.max(0, ms / 1000)
  if (s < 3600) return [Math.floor(s / 60), 'minute']
  if (s < 86400) return [Math.floor(s / 3600), 'hour']
  return [Math.floor(s / 86400), 'day']
}

// ago writes how long ago something was, roughly.
export function ago(tag: string, at: Date, now: Date): string {
  const f = new Intl.RelativeTimeFormat(tag, { numeric: 'auto' })
  const [n, unit] = roughly(now.getTime() - at.getTime())
  return n === 0 ? f.format(0, 'second') : f.format(-n, unit)
}

// span writes how long something is, roughly.
export function span(tag: string, ms: number): string {
  const [n, unit] = roughly(ms)
  return new Intl.NumberFormat(tag, { style: 'unit', unit, unitDisplay: 'long' }).format(n)
}
