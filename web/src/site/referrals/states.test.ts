import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { ReferralShown } from '../../api/site.gen'
import { purposes, sorted, states, stepsOf, toneOf, urgencies, waited, wordOf, type State } from './states'

const machine = readFileSync(new URL('../../../../syncproto/schema/referrals.go', import.meta.url), 'utf8')
const part = (from: string, to: string): string => machine.slice(machine.indexOf(from), machine.indexOf(to))
const words = (s: string): string[] => [...s.matchAll(/"([a-z_]+)"/g)].map((m) => m[1]!)

test('every state of the machine has a word, and no other', () => {
  const known = new Set(words(part('// States of a referral', 'var referralStates')))
  expect([...known].toSorted()).toEqual([...states].toSorted())
  expect(Object.keys(wordOf).toSorted()).toEqual([...states].toSorted())
})

test('purposes and urgencies are those of the machine', () => {
  expect(words(/"purpose".*/.exec(machine)![0]).slice(1)).toEqual([...purposes])
  expect(words(/"urgency".*/.exec(machine)![0]).slice(1)).toEqual([...urgencies])
})

// The machine's arrows, as its source has them.
function arrows(): Set<string> {
  const name: Record<string, string> = {}
  for (const [, go, word] of machine.matchAll(/(Referral\w+)\s+= "([a-z_]+)"/g)) name[go!] = word!
  const plain = (s: string): string => (s.startsWith('"') ? s.slice(1, -1) : name[s]!)
  const all = new Set<string>()
  for (const [, from, to] of part('Arrows: []Arrow', 'for _, from').matchAll(/\{([\w"]+), ([\w"]+)\}/g)) all.add(`${plain(from!)} ${plain(to!)}`)
  const waiting = /var awaiting = \[\]string\{(.*)\}/.exec(machine)![1]!.split(', ').map(plain)
  const answers = /for _, to := range \[\]string\{(.*)\} \{/.exec(machine)![1]!.split(', ').map(plain)
  for (const from of waiting) for (const to of answers) if (from !== to) all.add(`${from} ${to}`)
  return all
}

test('no step is offered that the machine has no arrow for', () => {
  const has = arrows()
  expect(has.size).toBeGreaterThan(25)
  for (const s of states) for (const out of [true, false]) for (const step of stepsOf(out, s)) expect(has, `${s} to ${step.to}`).toContain(`${s} ${step.to}`)
})

test('a receiver answers, a sender takes back', () => {
  for (const s of ['sent', 'delivered', 'received', 'overdue'] as State[]) {
    expect(stepsOf(false, s).map((x) => x.to)).toEqual(['accepted', 'more_needed', 'redirected', 'declined'])
    expect(stepsOf(true, s).map((x) => x.to)).toEqual(['withdrawn'])
  }
  expect(stepsOf(true, 'more_needed').map((x) => x.to)).toEqual(['received', 'withdrawn'])
  expect(stepsOf(true, 'redirected').map((x) => x.to)).toEqual(['seen_closed'])
  expect(stepsOf(true, 'accepted')).toEqual([])
  expect(stepsOf(false, undefined)).toEqual([])
  expect(toneOf(undefined)).toBe('calm')
})

const referral = (id: string, state: string, sent_at: number): ReferralShown => ({ id, state, sent_at, out: true, from: '', from_name: '', to: '', to_name: '', purpose: 'loan', urgency: 'normal', case_code: '', shared_name: '', shared_phone: '', note: '', reason: '', outcome: '', question: '', reply: '', redirect_to: '', redirect_name: '' })
const day = 86_400_000

test('days waiting are whole, and end with the referral', () => {
  expect(waited(referral('a', 'sent', day), 2 * day - 1)).toBe(0)
  expect(waited(referral('a', 'accepted', day), 4 * day)).toBe(3)
  expect(waited(referral('a', 'sent', day), 0)).toBe(0)
  for (const s of ['declined', 'withdrawn', 'completed', 'seen_closed']) expect(waited(referral('a', s, day), 4 * day)).toBeNull()
})

test('what waits longest comes first, what is over last', () => {
  const list = sorted([referral('new', 'sent', 30), referral('done', 'seen_closed', 10), referral('old', 'overdue', 20), referral('later', 'declined', 15)])
  expect(list.map((r) => r.id)).toEqual(['old', 'new', 'later', 'done'])
})
