import { Refused, site } from '../../api/api'
import { reasonOf, refusalOf } from '../../api/refusal'
import type { RosterLine } from '../../api/site.gen'
import { newID } from '../../api/uuid'
import { digits } from '../../i18n/fold'
import { cardRests, lastMark, next, tapRests } from './roster'

export type Marked = 'in' | 'out' | 'before' | 'refused' | 'unreachable' | 'busy'

// The roster of one session. Marks are only added; how each line stands is derived by
// the program from all marks that are here.
export class RosterState {
  lines: RosterLine[] | undefined = $state.raw()
  unreachable = $state(false)
  refusal = $state('')
  readonly #session: string
  #asking = new Set<string>()
  #ids = new Map<string, string>() // of marks that were asked for and not answered

  constructor(session: string) {
    this.#session = session
  }

  async load(): Promise<void> {
    try {
      const lines = await site.roster(this.#session)
      this.lines = lines.toSorted((a, b) => a.name.localeCompare(b.name) || a.person.localeCompare(b.person))
      this.unreachable = false
    } catch {
      this.unreachable = true
    }
  }

  // byCard finds the line of a card; null where there is none, undefined where nobody
  // could be asked.
  async byCard(typed: string): Promise<RosterLine | null | undefined> {
    const code = digits(typed.trim())
    try {
      const found = (await site.persons(code)).find((p) => p.card === code)
      if (!found) return null
      return this.lines?.find((l) => l.person === found.id) ?? null
    } catch {
      return undefined
    }
  }

  async mark(l: RosterLine, source: 'list' | 'scan'): Promise<Marked> {
    const line = this.lines?.find((x) => x.person === l.person) ?? l
    if (this.#asking.has(line.person)) return 'busy'
    const since = Date.now() - lastMark(line)
    if (since >= 0 && since < (source === 'scan' ? cardRests : tapRests)) return 'before'
    const kind = next(line)
    const key = line.person + kind
    const id = this.#ids.get(key) ?? newID()
    this.#ids.set(key, id)
    this.#asking.add(line.person)
    try {
      await site.scan({ id, session: this.#session, person: line.person, kind, source })
      this.#ids.delete(key)
      await this.load()
      return kind
    } catch (e) {
      if (e instanceof Refused && e.why === 'refused') {
        this.#ids.delete(key)
        this.refusal = reasonOf(refusalOf(e))
        return 'refused'
      }
      return 'unreachable'
    } finally {
      this.#asking.delete(line.person)
    }
  }
}
