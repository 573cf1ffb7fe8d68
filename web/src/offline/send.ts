import { Refused, site } from '../api/api'
import { refusalOf } from '../api/refusal'
import type { Entry } from './db'
import type { Answer } from './outbox'

// From which wait on the program is told of it; below, its own clock is nearer.
const worthTelling = 1_000

// send asks the program to record an entry, as of when it was done.
export async function send(e: Entry, waited: number): Promise<Answer> {
  const late = waited >= worthTelling ? { waited_ms: Math.round(waited) } : {}
  const of = e.owner.site
  try {
    switch (e.work.kind) {
      case 'sale': {
        const { till, currency, method, lines } = e.work
        const sold = await site.sell({ id: e.id, till, currency, method, lines, ...late }, of)
        return { id: sold.id, receipt: sold.receipt_no }
      }
      case 'void': {
        const made = await site.voidSale(e.work.sale, 'undone at the till', of)
        return { id: made.id === e.work.sale ? e.id : made.id }
      }
      case 'scan':
        return { id: (await site.scan({ id: e.id, ...e.work.scan, ...late }, of)).id }
    }
  } catch (x) {
    if (x instanceof Refused && x.why === 'refused') return { refused: refusalOf(x) }
    throw x
  }
}
