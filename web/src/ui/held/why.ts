import { i18n, type Key } from '../../i18n/i18n.svelte'

// Why a change is held, and who does what about it, as SPEC §9 has it for each code.
const todo = {
  body: 'author', bad_value: 'author', bad_group: 'author', scope_fixed: 'author', once_differs: 'author', bad_state: 'author', already_settled: 'author', erased: 'author',
  not_granted: 'office', revoked_late: 'office', grant_ended: 'office',
  gone: 'wait', dependant: 'wait', unknown_table: 'wait',
} as const
type Code = keyof typeof todo

const known = (code: string): Code | undefined => (code in todo ? (code as Code) : undefined)

// why says what a change is held for; a code without words is of a newer program.
export function why(code: string): string {
  const c = known(code)
  return c ? i18n.t(`why.${c}`) : i18n.t('why.other', { code })
}

// who says who has to do what.
export function who(code: string): 'author' | 'office' | 'wait' {
  const c = known(code)
  return c ? todo[c] : 'office'
}

export const states: Record<string, Key> = { held: 'held.held', released: 'held.released', replaced: 'held.replaced', withdrawn: 'held.withdrawn' }
