import { i18n, type Key } from '../i18n/i18n.svelte'
import { Refused } from './api'
import type { Refusal } from './site.gen'

export type { Refusal }

// refusalOf is a refusal as a page may keep it, for as long as somebody has to look at it.
export const refusalOf = (e: Refused): Refusal => e.refusal ?? { code: 'internal', message: e.message }

// reasonOf is what a refusal says to people, and what to do next. A code that these pages
// have no words for is of a newer program.
export function reasonOf(r: Refusal): string {
  const key: Key = `refusal.${r.code}`
  const values: Record<string, string | number> = {}
  for (const [name, v] of Object.entries(r.values ?? {})) if (typeof v === 'string' || typeof v === 'number') values[name] = v
  const kind = `kind.${values.kind}`
  if (i18n.knows(kind)) values.kind = i18n.t(kind)
  return i18n.t(i18n.knows(key) ? key : 'refusal.internal', values)
}

// beside puts what became of a form beside the field that is meant, where the form shows
// one by that name, and under the form otherwise; unsaved is for a program that is away.
export function beside(wrong: Record<'all', string> & Record<string, string>, e: unknown, unsaved: string, names: Record<string, string> = {}): void {
  const r = e instanceof Refused ? e.refusal : undefined
  const field = (r?.field && (names[r.field] ?? r.field)) || 'all'
  wrong[field in wrong ? field : 'all'] = reasonFor(e, unsaved)
}

// reasonFor is why something was not recorded.
export const reasonFor = (e: unknown, unsaved: string): string => (e instanceof Refused && e.refusal && e.why !== 'signed-out' ? reasonOf(e.refusal) : unsaved)
