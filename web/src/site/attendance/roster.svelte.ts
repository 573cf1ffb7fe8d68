import { Refused, site } from '../../api/api'
import { reasonOf, refusalOf } from '../../api/refusal'
import type { RosterLine } from '../../api/site.gen'
import { newID } from '../../api/uuid'
import { digits } from '../../i18n/fold'
import type { Work } from '../../offline/db'
import { kept } from '../../offline/kept.svelte'
import { cardRests, lastMark, next, tapRests, withMarks } from './roster'
import { nameOf } from './words'

export type Marked = 'in' | 'out' | 'before' | 'refused' | 'unreachable' | 'busy'

// The roster of one session: what the program said last, and the marks that wait in this
// browser. Marks are only added; how each line stands is derived from all of them.
export class RosterState {
  unreachable = $state(false)
  refusal = $state('')
  readonly #session: string
  #heard: RosterLine[] | undefined = $state.raw()
  #waiting = $derived(kept.waiting.flatMap((e) => (e.work.kind === 'scan' && e.work.scan.session === this.#session ? [{ person: e.work.scan.person, kind: e.work.scan.kind, at: e.at }] : [])))
  lines: RosterLine[] | undefined = $derived(this.#heard && withMarks(this.#heard, this.#waiting))
  #asking = new Set<string>()

  constructor(session: string) {
    this.#session = session
    this.#heard = this.#before()
  }

  // before is the roster as this browser knows it without the program.
  #before(): RosterLine[] | undefined {
    const s = kept.snapshot
    const unmarked = (): RosterLine[] | undefined => s?.persons.map((p) => ({ person: p.id, name: p.name, photo: p.photo, in_at: 0, out_at: 0, review: false, credited_minutes: 0, scans: 0, verdict: '', decided_by: '', reason: '' }))
    const lines = s?.rosters[this.#session] ?? (s && s.persons.length > 0 ? unmarked() : undefined)
    return lines && sorted(lines)
  }

  async load(): Promise<void> {
    try {
      const lines = await site.roster(this.#session)
      this.#heard = sorted(lines)
      kept.heard({ rosters: { ...kept.snapshot?.rosters, [this.#session]: lines } })
      this.unreachable = false
    } catch {
      this.unreachable = true
    }
  }

  // byCard finds the line of a card; null where there is none.
  async byCard(typed: string): Promise<RosterLine | null> {
    const code = digits(typed.trim())
    const people = await site.persons(code).catch(() => kept.snapshot?.persons ?? [])
    const found = people.find((p) => p.card === code)
    return (found && this.lines?.find((l) => l.person === found.id)) ?? null
  }

  // mark records that somebody came or left: on this browser's disk, and from there in
  // the program; where the browser keeps nothing, in the program at once.
  async mark(l: RosterLine, source: 'list' | 'scan'): Promise<Marked> {
    const line = this.lines?.find((x) => x.person === l.person) ?? l
    if (this.#asking.has(line.person)) return 'busy'
    const since = Date.now() - lastMark(line)
    if (since >= 0 && since < (source === 'scan' ? cardRests : tapRests)) return 'before'
    const kind = next(line)
    const scan = { session: this.#session, person: line.person, kind, source }
    const id = newID()
    this.#asking.add(line.person)
    try {
      if (await kept.record({ kind: 'scan', scan, name: nameOf(line) } satisfies Work, id)) return kind
      await site.scan({ id, ...scan })
      await this.load()
      return kind
    } catch (e) {
      if (!(e instanceof Refused) || e.why !== 'refused') return 'unreachable'
      this.refusal = reasonOf(refusalOf(e))
      return 'refused'
    } finally {
      this.#asking.delete(line.person)
    }
  }

  // hear takes a mark over from the outbox as soon as the program has it, so that the
  // line stands on without a gap; call what it returns to stop.
  hear(): () => void {
    return kept.onTold(({ acknowledged, refused }) => {
      const e = acknowledged?.entry
      if (e?.work.kind === 'scan' && e.work.scan.session === this.#session && this.#heard) {
        this.#heard = withMarks(this.#heard, [{ person: e.work.scan.person, kind: e.work.scan.kind, at: e.at }])
        void this.load()
      }
      if (refused?.work.kind === 'scan' && refused.work.scan.session === this.#session) this.refusal = reasonOf(refused.refused!)
    })
  }
}

const sorted = (lines: RosterLine[]): RosterLine[] => lines.toSorted((a, b) => a.name.localeCompare(b.name) || a.person.localeCompare(b.person))
