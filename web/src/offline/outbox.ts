import type { Refusal } from '../api/refusal'
import type { DB, Entry } from './db'

// The outbox of a page: what was done here goes to the browser's disk first, and from
// there to the program, in order. An entry goes when the program has acknowledged its
// id, and not before; so it may be sent twice, and ids make that harmless. One that the
// program refuses stays for somebody to look at, and lets those behind it pass.

// most bounds what waits: weeks of a busy stall. Past it, nothing more is taken in.
export const most = 20_000

export class Full extends Error {}

// How the program took an entry. Where nobody could be asked, send throws.
export type Answer = { id: string; receipt?: string; refused?: never } | { refused: Refusal }

export interface Told {
  acknowledged?: { entry: Entry; receipt: string | undefined }
  refused?: Entry
}

export interface Config {
  db: DB
  send: (e: Entry, waited: number) => Promise<Answer>
  tell?: (t: Told) => void
  now?: () => number
  locks?: Pick<LockManager, 'request'> | undefined // absent on plain http; then two tabs may both send
}

const live = (e: Entry, site: string): boolean => e.owner.site === site && !e.refused

export class Outbox {
  readonly #c: Config
  #flushing: Promise<void> | undefined
  #again = false

  constructor(c: Config) {
    this.#c = c
  }

  // add resolves when the entry is on disk. The cart that it came from goes with it, or
  // neither happens. An entry that is there already is not added again.
  async add(e: Entry, cart?: string): Promise<void> {
    const tx = this.#c.db.transaction(['outbox', 'kept'], 'readwrite', { durability: 'strict' })
    const box = tx.objectStore('outbox')
    const work = async (): Promise<void> => {
      if ((await box.count()) >= most) throw new Full('the outbox is full')
      if ((await box.index('id').getKey(e.id)) === undefined) await box.add(e)
      if (cart) await tx.objectStore('kept').delete(cart)
    }
    await settle(tx, work())
  }

  // takeBack undoes a sale. One that was refused just goes: it is nowhere else.
  async takeBack(sale: string, undo: Entry): Promise<void> {
    const tx = this.#c.db.transaction('outbox', 'readwrite', { durability: 'strict' })
    const work = async (): Promise<void> => {
      const index = tx.store.index('id')
      const n = await index.getKey(sale)
      const there = n === undefined ? undefined : await tx.store.get(n)
      if (n !== undefined && there?.refused) await tx.store.delete(n)
      else if ((await index.getKey(undo.id)) === undefined) await tx.store.add(undo)
    }
    await settle(tx, work())
  }

  all(): Promise<Entry[]> {
    return this.#c.db.getAll('outbox')
  }

  // change rewrites an entry that was refused: to ask again, or to put it aside.
  async change(id: string, f: (e: Entry) => Entry): Promise<void> {
    const tx = this.#c.db.transaction('outbox', 'readwrite', { durability: 'strict' })
    const work = async (): Promise<void> => {
      const n = await tx.store.index('id').getKey(id)
      const e = n === undefined ? undefined : await tx.store.get(n)
      if (e) await tx.store.put(f(e))
    }
    await settle(tx, work())
  }

  // flush sends what waits for a site, oldest first, one flush at a time in all tabs.
  // It rejects where the program could not be asked; what waits then waits on.
  flush(site: string): Promise<void> {
    this.#again = true
    this.#flushing ??= this.#locked(site).finally(() => (this.#flushing = undefined))
    return this.#flushing
  }

  async #locked(site: string): Promise<void> {
    while (this.#again) {
      this.#again = false
      if (this.#c.locks) await this.#c.locks.request('rawaj-outbox', () => this.#run(site))
      else await this.#run(site)
    }
  }

  async #run(site: string): Promise<void> {
    for (let e = await this.#next(site, 0); e; e = await this.#next(site, e.n!)) {
      if (e.work.kind === 'void' && (await this.#undone(e, e.work.sale))) continue
      const a = await this.#c.send(e, Math.max(0, (this.#c.now ?? Date.now)() - e.at))
      if (a.refused) {
        const refused = { ...e, refused: a.refused }
        await this.change(e.id, (there) => ({ ...there, refused: a.refused }))
        this.#c.tell?.({ refused })
      } else if (a.id === e.id) {
        await this.#c.db.delete('outbox', e.n!)
        this.#c.tell?.({ acknowledged: { entry: e, receipt: a.receipt } })
      } else throw new Error(`asked for ${e.id}, and heard of ${a.id}`)
    }
  }

  async #next(site: string, after: number): Promise<Entry | undefined> {
    const tx = this.#c.db.transaction('outbox')
    for (let c = await tx.store.openCursor(IDBKeyRange.lowerBound(after, true)); c; c = await c.continue()) if (live(c.value, site)) return c.value
    return undefined
  }

  // undone ends a sale that was refused together with its undoing.
  async #undone(undo: Entry, sale: string): Promise<boolean> {
    const n = await this.#c.db.getKeyFromIndex('outbox', 'id', sale)
    if (n === undefined) return false
    const tx = this.#c.db.transaction('outbox', 'readwrite')
    await Promise.all([tx.store.delete(n), tx.store.delete(undo.n!), tx.done])
    this.#c.tell?.({ acknowledged: { entry: undo, receipt: undefined } })
    return true
  }
}

// settle waits for the work of a transaction and then for the disk; work that throws
// takes everything back.
async function settle(tx: { done: Promise<void>; abort: () => void }, work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (e) {
    try {
      tx.abort()
    } catch {
      // it ended by itself
    }
    await tx.done.catch(() => undefined)
    throw e
  }
  await tx.done
}
