import { i18n, type Key } from '../../i18n/i18n.svelte'

// What a conflict is about, in people's words. Fields without a word of ours keep the
// schema's.
const tables: Record<string, Key> = {
  site: 'overview.site', product: 'table.product', price: 'till.price', family: 'table.family', category: 'table.category', fair: 'code.fair', sale: 'table.sale', till_session: 'table.till',
  person: 'table.person', family_private: 'table.family', workshop: 'plan.workshop', workshop_session: 'table.session', referral: 'table.referral', device: 'sites.device',
}
const fields: Record<string, Key> = {
  name: 'person.name', name_ar: 'field.name_ar', name_fa: 'field.name_fa', name_en: 'field.name_en', phone: 'person.phone', neighbourhood: 'person.neighbourhood', card: 'person.card', amount_minor: 'till.price', state: 'sites.state',
  status: 'sites.state', label: 'person.name', voided: 'field.voided', reason: 'refer.reason', outcome: 'refer.outcome', note: 'refer.note', minutes: 'workshop.minutes', starts_at: 'plan.from', ends_at: 'plan.to',
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
