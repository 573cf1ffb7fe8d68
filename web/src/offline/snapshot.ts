import type { Me, PersonShown, Product, RosterLine, SessionShown, Till } from '../api/site.gen'
import type { DB } from './db'

// What the pages need while the program is away, as they heard it last.
export interface Snapshot {
  at: number // ms, when the program was last heard
  me: Me
  till: Till | null
  products: Product[]
  sessions: SessionShown[]
  rosters: Record<string, RosterLine[]> // of today's sessions
  persons: PersonShown[]
}

export const nothing = { till: null, products: [], sessions: [], rosters: {}, persons: [] }

// maxBytes is what a snapshot may take of a cheap tablet, as JSON.
export const maxBytes = 5_000_000

const bytes = (v: unknown): number => new TextEncoder().encode(JSON.stringify(v)).length

// fit leaves out what does not fit: first people, then rosters, then the last goods.
// Selling comes first.
export function fit(s: Snapshot, most = maxBytes): Snapshot {
  let left = most - bytes({ ...s, products: [], sessions: [], rosters: {}, persons: [] })
  const take = <T>(list: T[]): T[] => {
    const taken: T[] = []
    for (const v of list) {
      left -= bytes(v) + 1
      if (left < 0) break
      taken.push(v)
    }
    return taken
  }
  const products = take(s.products)
  const sessions = take(s.sessions)
  const rosters = Object.fromEntries(take(Object.entries(s.rosters)))
  return { ...s, products, sessions, rosters, persons: take(s.persons) }
}

const keyOf = (site: string): string => `snapshot/${site}`
const lastKey = 'site'

// save keeps a snapshot, in place of that of the site before, if there was another.
export async function save(db: DB, s: Snapshot, before?: string): Promise<void> {
  const tx = db.transaction('kept', 'readwrite', { durability: 'relaxed' })
  const gone = before !== undefined && before !== s.me.site ? [tx.store.delete(keyOf(before))] : []
  await Promise.all([tx.store.put(fit(s), keyOf(s.me.site)), tx.store.put(s.me.site, lastKey), ...gone, tx.done])
}

// last is the snapshot of the site that this browser saw last at this address.
export async function last(db: DB): Promise<Snapshot | undefined> {
  const site = (await db.get('kept', lastKey)) as string | undefined
  return site === undefined ? undefined : of(db, site)
}

export async function of(db: DB, site: string): Promise<Snapshot | undefined> {
  const s = (await db.get('kept', keyOf(site))) as Partial<Snapshot> | undefined
  if (!s?.me || s.me.site !== site) return undefined
  return { ...nothing, at: 0, ...s, me: s.me }
}
