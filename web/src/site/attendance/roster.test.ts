import { expect, test } from 'vitest'
import type { RosterLine, SessionShown } from '../../api/site.gen'
import { locales, tagOf } from '../../i18n/locales'
import { at, byDay, dayOf, hm, minutesOf, next, outOf, present, reviewable, standing, usualOut, withMarks } from './roster'

const line = (in_at: number, out_at: number, review = false): RosterLine => ({ person: 'p', name: 'Maryam', photo: null, in_at, out_at, review, credited_minutes: 0, scans: 0, verdict: '', decided_by: '', reason: '' })

test.each([
  [0, '0:00'],
  [59, '0:59'],
  [59.99, '0:59'],
  [60, '1:00'],
  [719, '11:59'],
  [719.999, '11:59'],
  [1500, '25:00'],
])('%d minutes are %s, never rounded up', (minutes, want) => {
  expect(hm(tagOf(locales.en), minutes)).toBe(want)
})

test('hours are written in the digits of the language', () => {
  expect(hm(tagOf(locales.fa), 65)).toBe('\u06f1:\u06f0\u06f5')
  expect(hm(tagOf(locales.ar, 'arab'), 65)).toBe('\u0661:\u0660\u0665')
})

test.each([
  [line(0, 0), 'absent', 'in'],
  [line(10, 0, true), 'in', 'out'],
  [line(10, 40), 'out', 'out'],
  [line(40, 10, true), 'outfirst', 'out'],
  [line(0, 40), 'noin', 'in'],
] as const)('a line stands as its marks say', (l, want, then) => {
  expect(standing(l, 100, 50)).toBe(want)
  expect(next(l)).toBe(then)
})

test('who never left is for review when the session is over, not before', () => {
  expect(standing(line(10, 0, true), 100, 100)).toBe('in')
  expect(standing(line(10, 0, true), 100, 101)).toBe('noout')
})

test('who came is present, whether there still or not', () => {
  expect(present([line(0, 0), line(10, 0, true), line(10, 20), line(0, 20)])).toBe(2)
})

test.each([
  ['9', 540],
  ['9:30', 570],
  ['0930', 570],
  ['\u06f1\u06f8:\u06f0\u06f5', 1085],
  ['\u0662\u0663.\u0665\u0669', 1439],
  ['24:00', null],
  ['9:60', null],
  ['', null],
  ['nine', null],
])('%s is a time of day', (typed, want) => {
  expect(minutesOf(typed)).toBe(want)
})

test('a day and a time are an instant, and back', () => {
  const ms = at('2026-11-21', 570)
  expect(dayOf(new Date(ms))).toBe('2026-11-21')
  expect([new Date(ms).getHours(), new Date(ms).getMinutes()]).toEqual([9, 30])
})

test('sessions are those of today, coming and past', () => {
  const s = (id: string, day: string, minutes: number): SessionShown => ({ id, workshop: 'w', starts_at: at(day, minutes), ends_at: at(day, minutes + 60), minutes: 60, status: 'planned' })
  const got = byDay([s('late', '2026-11-21', 900), s('early', '2026-11-21', 540), s('next', '2026-11-22', 0), s('old', '2026-11-01', 0), s('older', '2026-10-01', 0)], new Date(at('2026-11-21', 600)))
  expect(got.today.map((x) => x.id)).toEqual(['early', 'late'])
  expect(got.coming.map((x) => x.id)).toEqual(['next'])
  expect(got.past.map((x) => x.id)).toEqual(['old', 'older'])
})

test('what waits for somebody may be decided, and decided anew', () => {
  const void_ = { ...line(10, 0), verdict: 'void' }
  expect(standing(void_, 50, 100)).toBe('void')
  expect(present([void_, line(10, 0)])).toBe(1)
  expect(reviewable(void_, 'void')).toBe(true)
  expect(reviewable({ ...line(10, 40), verdict: 'confirmed' }, 'out')).toBe(true)
  expect([reviewable(line(10, 0, true), 'noout'), reviewable(line(10, 40), 'out'), reviewable(line(0, 40), 'noin'), reviewable(line(10, 0, true), 'in')]).toEqual([true, false, false, false])
})

test('who did not check out left at the end, or when somebody says', () => {
  const came = at('2026-11-21', 22 * 60)
  const ends = at('2026-11-22', 60)
  expect(usualOut(line(came, 0), ends)).toBe(ends)
  expect(usualOut(line(ends + 5, 0), ends)).toBeGreaterThan(ends + 5)
  expect(outOf(line(came, 0), ends, 23 * 60)).toBe(at('2026-11-21', 23 * 60))
  expect(outOf(line(came, 0), ends, 30)).toBe(at('2026-11-22', 30))
})

test('marks that wait in the browser stand on the roster', () => {
  const marked = (...marks: [string, number][]): unknown => standing(withMarks([line(0, 0)], marks.map(([kind, at]) => ({ person: 'p', kind, at })))[0]!, 100, 50)
  expect(marked(['in', 10])).toBe('in')
  expect(marked(['in', 10], ['out', 40])).toBe('out')
  expect(withMarks([line(10, 20)], [{ person: 'p', kind: 'out', at: 40 }])[0]).toMatchObject({ in_at: 10, out_at: 40, scans: 1 })
  expect(withMarks([line(10, 20)], [{ person: 'other', kind: 'out', at: 40 }])).toEqual([line(10, 20)])
})
