import { i18n, type Key } from '../../i18n/i18n.svelte'
import type { Conflict, Side } from '../../api/site.gen'

// What a conflict is about, in people's words. Fields without a word of ours keep the
// schema's.
const tables: Record<string, Key> = {
  site: 'table.site', product: 'table.product', price: 'till.price', family: 'table.family', category: 'table.category', fair: 'table.fair', sale: 'table.sale', till_session: 'table.till',
  person: 'table.person', family_private: 'table.family', workshop: 'plan.workshop', workshop_session: 'table.session', referral: 'table.referral', device: 'table.device',
}
const fields: Record<string, Key> = {
  name: 'person.name', name_ar: 'field.name_ar', name_fa: 'field.name_fa', name_en: 'field.name_en', phone: 'person.phone', neighbourhood: 'person.neighbourhood', card: 'person.card', amount_minor: 'till.price', state: 'field.state',
  status: 'field.state', label: 'person.name', voided: 'field.voided', reason: 'refer.reason', outcome: 'refer.outcome', note: 'refer.note', minutes: 'workshop.minutes', starts_at: 'plan.from', ends_at: 'plan.to',
}
const rules: Record<string, Key> = { stamp: 'rule.stamp', once: 'rule.once', state: 'rule.state' }

export const tableWord = (name: string): string => word(tables, name)
export const fieldWord = (name: string): string => word(fields, name)
export const ruleWord = (name: string): string => word(rules, name)

function word(of: Record<string, Key>, name: string): string {
  const key = of[name]
  return key ? i18n.t(key) : name
}

// valueWord writes a value as people of the page's language do.
export function valueWord(name: string, all: Record<string, unknown>): string {
  const value = all[name]
  if (value === null || value === undefined || value === '') return '\u2014'
  if (typeof value === 'boolean') return i18n.t(value ? 'value.yes' : 'value.no')
  if (typeof value !== 'number') return String(value)
  const currency = all['currency']
  if (name.endsWith('amount_minor') && typeof currency === 'string') return i18n.money(value, currency)
  if (name.endsWith('_at')) return i18n.moment(new Date(value))
  return i18n.number(value)
}

interface Said {
  label: string
  site_name: string
}

// authorOf is who wrote a value; head office where no site did.
export const authorOf = (s: Said): string => [s.site_name, s.label].filter((w) => w !== '').join(' · ') || i18n.t('dashboard.title')

export const valuesOf = (s: Side): { name: string; word: string; value: string }[] =>
  Object.keys(s.values).filter((name) => name !== 'currency').map((name) => ({ name, word: fieldWord(name), value: valueWord(name, s.values) }))

export const titleOf = (c: Conflict): string => (c.name ? `${tableWord(c.table)}: ${c.name}` : tableWord(c.table))
