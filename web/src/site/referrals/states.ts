import type { ReferralShown } from '../../api/site.gen'
import type { Key } from '../../i18n/i18n.svelte'

// Every state of a referral, and its word. A draft is not shared, and is not among them.
export const states = ['sent', 'delivered', 'received', 'more_needed', 'redirected', 'declined', 'accepted', 'in_service', 'completed', 'lost_contact', 'withdrawn', 'overdue', 'seen_closed'] as const
export type State = (typeof states)[number]

export const wordOf: Record<State, Key> = {
  sent: 'state.sent',
  delivered: 'state.delivered',
  received: 'state.received',
  more_needed: 'state.more_needed',
  redirected: 'state.redirected',
  declined: 'state.declined',
  accepted: 'state.accepted',
  in_service: 'state.in_service',
  completed: 'state.completed',
  lost_contact: 'state.lost_contact',
  withdrawn: 'state.withdrawn',
  overdue: 'state.overdue',
  seen_closed: 'state.seen_closed',
}

// A state that these pages have no word for is of a newer program.
export const stateOf = (s: string): State | undefined => states.find((k) => k === s)

// How a state looks: what waits for somebody, what goes on, what ended well or not.
export type Tone = 'waits' | 'goes' | 'well' | 'ill' | 'calm'
const tones: Record<State, Tone> = {
  sent: 'calm',
  delivered: 'calm',
  received: 'calm',
  redirected: 'waits',
  more_needed: 'waits',
  overdue: 'waits',
  lost_contact: 'waits',
  accepted: 'goes',
  in_service: 'goes',
  completed: 'well',
  declined: 'ill',
  withdrawn: 'calm',
  seen_closed: 'calm',
}
export const toneOf = (s: State | undefined): Tone => (s ? tones[s] : 'calm')

// What nobody has answered yet, where the receiver may, and the sender may take back.
const awaiting: readonly State[] = ['sent', 'delivered', 'received', 'overdue']

// What each side may do next, the likeliest first; text is what must be written with it.
export interface Step {
  to: State
  word: Key
  text?: 'reason' | 'outcome' | 'reply'
  asks?: Key // what the text is called
  desk?: true // another desk has to be named
}

export function stepsOf(out: boolean, s: State | undefined): Step[] {
  if (!s) return []
  if (out) {
    const withdraw: Step = { to: 'withdrawn', word: 'refer.withdraw' }
    if (awaiting.includes(s)) return [withdraw]
    if (s === 'more_needed') return [{ to: 'received', word: 'refer.answer', text: 'reply', asks: 'refer.reply' }, withdraw]
    if (s === 'redirected' || s === 'declined' || s === 'completed') return [{ to: 'seen_closed', word: 'refer.close' }]
    return []
  }
  if (awaiting.includes(s))
    return [
      { to: 'accepted', word: 'refer.accept' },
      { to: 'more_needed', word: 'refer.ask', text: 'reason', asks: 'refer.question' },
      { to: 'redirected', word: 'refer.redirect', text: 'reason', asks: 'refer.reason', desk: true },
      { to: 'declined', word: 'refer.decline', text: 'reason', asks: 'refer.reason' },
    ]
  if (s === 'accepted') return [{ to: 'in_service', word: 'refer.begin' }]
  if (s === 'in_service') return [{ to: 'completed', word: 'refer.complete', text: 'outcome', asks: 'refer.outcome' }]
  if (s === 'lost_contact') return [{ to: 'in_service', word: 'refer.begin' }]
  return []
}

const over: readonly State[] = ['declined', 'completed', 'withdrawn', 'seen_closed']
export const isOver = (s: State | undefined): boolean => s !== undefined && over.includes(s)

// waited is how many whole days a referral has been under way; null where it is over.
export function waited(r: ReferralShown, now: number): number | null {
  if (isOver(stateOf(r.state)) || r.sent_at === 0) return null
  return Math.max(0, Math.floor((now - r.sent_at) / 86_400_000))
}

// sorted puts what is under way first, oldest first, then what is over, latest first.
export function sorted(all: ReferralShown[]): ReferralShown[] {
  return all.toSorted((a, b) => {
    const overA = isOver(stateOf(a.state))
    if (overA !== isOver(stateOf(b.state))) return overA ? 1 : -1
    return overA ? b.sent_at - a.sent_at : a.sent_at - b.sent_at
  })
}

export const purposes = ['loan', 'exam', 'job', 'support', 'case', 'other'] as const
export const urgencies = ['normal', 'urgent', 'emergency'] as const
