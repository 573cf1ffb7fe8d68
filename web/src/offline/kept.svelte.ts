import { Refused } from '../api/api'
import type { Me } from '../api/site.gen'
import { newID } from '../api/uuid'
import { open, remove, type DB, type Entry, type Owner, type Work } from './db'
import { Full, Outbox, type Told } from './outbox'
import { send } from './send'
import { takeSlot } from './slot'
import { last, nothing, of, save, type Snapshot } from './snapshot'

const retryFirst = 1_000
const retryMost = 15_000
const saveSoon = 300 // what changed
const saveAge = 60_000 // what did not: its age

// Away says why the program did not take what waits: it was not there, it does not know
// this browser any more, or another site answers in its place.
export type Away = '' | 'unreachable' | 'signed-out' | 'elsewhere'

// What this browser keeps: the outbox, what the program said last, and the cart.
class Kept {
  entries: Entry[] = $state.raw([])
  storage: 'here' | 'none' | 'full' = $state('here')
  away: Away = $state('')
  snapshot: Snapshot | undefined = $state.raw()
  owner: Owner | undefined = $state.raw()
  onElsewhere: () => void = () => undefined
  waiting = $derived(this.entries.filter((e) => !e.refused && e.owner.site === this.owner?.site))
  refused = $derived(this.entries.filter((e) => e.refused && !e.aside && e.owner.site === this.owner?.site))
  aside = $derived(this.entries.filter((e) => e.aside && e.owner.site === this.owner?.site))
  foreign = $derived(this.entries.filter((e) => this.owner && e.owner.site !== this.owner.site))

  #db: DB | undefined
  #outbox: Outbox | undefined
  #heard = new Set<(t: Told) => void>()
  #others = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('rawaj-outbox')
  #retry: ReturnType<typeof setTimeout> | undefined
  #patience = retryFirst
  #slot = 0
  #json = new Map<string, string>()
  #savedAt = 0
  #saving: ReturnType<typeof setTimeout> | undefined

  // open reads what was kept; where the browser keeps nothing, storage says so.
  async open(): Promise<void> {
    try {
      const db = await open()
      this.#db = db
      this.#outbox = new Outbox({ db, send, tell: (t) => this.#told(t), locks: navigator.locks })
      this.snapshot = await last(db)
      await this.#reload()
    } catch {
      this.storage = 'none'
    }
    this.#others?.addEventListener('message', (e: MessageEvent<Told | null>) => {
      void this.#reload()
      if (e.data) for (const f of this.#heard) f(e.data)
    })
  }

  // belongs says whose browser this is from now on, and brings up what is kept for it.
  async belongs(me: Me): Promise<void> {
    this.owner = { site: me.site, name: me.name }
    if (!this.#db) return
    try {
      if (this.snapshot?.me.site !== me.site) this.snapshot = await of(this.#db, me.site)
      const carts = await this.#db.getAllKeys('kept', IDBKeyRange.bound(this.#cartKey(''), this.#cartKey('~')))
      this.#slot = await takeSlot(navigator.locks, (k) => carts.includes(this.#cartKey(k)))
    } catch {
      this.storage = 'none'
    }
  }

  // moved makes another site the one that comes up next time: it answers here now. What
  // the one before said goes, names of people among it; what waits for it stays.
  async moved(me: Me): Promise<void> {
    if (this.#db) await save(this.#db, { ...nothing, me, at: Date.now() }, this.owner?.site).catch(() => undefined)
  }

  // empty takes all that this browser keeps off it, and the worker. It says whether there
  // was anything.
  async empty(): Promise<boolean> {
    const some = this.snapshot !== undefined || this.entries.length > 0
    clearTimeout(this.#saving)
    clearTimeout(this.#retry)
    this.snapshot = undefined
    this.entries = []
    this.owner = undefined
    const db = this.#db
    this.#db = this.#outbox = undefined
    try {
      const tx = db?.transaction(['outbox', 'kept'], 'readwrite', { durability: 'strict' })
      if (tx) await Promise.all([tx.objectStore('outbox').clear(), tx.objectStore('kept').clear(), tx.done])
      else remove() // it did not answer when this page came up
    } catch {
      // somebody cleared it in the browser's own settings
    }
    for (const r of (await navigator.serviceWorker?.getRegistrations().catch(() => [])) ?? []) await r.unregister()
    if (typeof caches !== 'undefined') for (const name of await caches.keys().catch(() => [])) await caches.delete(name)
    return some
  }

  // record resolves to true once work is on this browser's disk, and the cart, if it came
  // from there, gone. Where it is not, nothing has changed, and storage says why.
  async record(work: Work, id = newID(), fromCart = false): Promise<boolean> {
    if (!this.#outbox || !this.owner) return false
    const e: Entry = { id, owner: this.owner, at: Date.now(), work }
    try {
      await this.#outbox.add(e, fromCart ? this.#cartKey(this.#slot) : undefined)
    } catch (x) {
      this.#failed(x)
      return false
    }
    this.storage = 'here'
    this.#changed([...this.entries, e])
    return true
  }

  // takeBack undoes a sale; true once that is on disk.
  async takeBack(sale: string): Promise<boolean> {
    if (!this.#outbox || !this.owner) return false
    try {
      await this.#outbox.takeBack(sale, { id: newID(), owner: this.owner, at: Date.now(), work: { kind: 'void', sale } })
      await this.#reload()
    } catch (x) {
      this.#failed(x)
      return false
    }
    this.#changed(this.entries)
    return true
  }

  // again asks for a refused entry once more; a sale goes to the till that is open now.
  async again(e: Entry, till?: string): Promise<void> {
    await this.#change(e, ({ refused: _, aside: __, ...rest }) => (till && rest.work.kind === 'sale' ? { ...rest, work: { ...rest.work, till } } : rest))
    await this.flush()
  }

  putAside(e: Entry): Promise<void> {
    return this.#change(e, (there) => ({ ...there, aside: true }))
  }

  async cart(): Promise<unknown> {
    return this.keep.get(this.#cartKey(this.#slot))
  }

  saveCart(cart: unknown): void {
    void this.keep.set(this.#cartKey(this.#slot), cart)
  }

  // keep is for the little that a screen wants to find again.
  keep = {
    get: async (key: string): Promise<unknown> => {
      try {
        return await this.#db?.get('kept', key)
      } catch {
        return undefined
      }
    },
    set: async (key: string, value: unknown): Promise<void> => {
      const db = this.#db
      if (!db) return
      try {
        const tx = db.transaction('kept', 'readwrite', { durability: 'relaxed' })
        await Promise.all([value === undefined ? tx.store.delete(key) : tx.store.put(value, key), tx.done])
      } catch (x) {
        this.#failed(x)
      }
    },
  }

  // flush sends what waits. Where it cannot, it tries again by itself, later and later.
  flush = async (): Promise<void> => {
    if (!this.#outbox || !this.owner || this.waiting.length === 0) return
    try {
      await this.#outbox.flush(this.owner.site)
      this.away = ''
      this.#patience = retryFirst
      clearTimeout(this.#retry)
      this.#retry = undefined
      await this.#reload()
    } catch (x) {
      this.away = x instanceof Refused && x.why !== 'refused' ? x.why : 'unreachable'
      if (this.away === 'elsewhere') this.onElsewhere()
      if (this.#retry !== undefined) return
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        void this.flush()
      }, this.#patience)
      this.#patience = Math.min(2 * this.#patience, retryMost)
    }
  }

  // onTold hears what became of entries, in whichever tab; call what it returns to leave.
  onTold(f: (t: Told) => void): () => void {
    this.#heard.add(f)
    return () => this.#heard.delete(f)
  }

  // heard keeps what the program said.
  heard(part: Partial<Snapshot>): void {
    const me = part.me ?? this.snapshot?.me
    if (!me) return
    let changed = false
    for (const [k, v] of Object.entries(part)) {
      const json = JSON.stringify(v)
      if (this.#json.get(k) === json) continue
      this.#json.set(k, json)
      changed = true
    }
    this.snapshot = { ...nothing, ...this.snapshot, ...part, me, at: Date.now() }
    if (!changed && Date.now() - this.#savedAt < saveAge) return
    clearTimeout(this.#saving)
    this.#saving = setTimeout(() => void this.#save(), saveSoon)
  }

  async #save(): Promise<void> {
    if (!this.#db || !this.snapshot) return
    this.#savedAt = Date.now()
    await save(this.#db, this.snapshot).catch((x: unknown) => this.#failed(x))
  }

  async #change(e: Entry, f: (e: Entry) => Entry): Promise<void> {
    await this.#outbox?.change(e.id, f).catch((x: unknown) => this.#failed(x))
    await this.#reload()
    this.#others?.postMessage(null)
  }

  async #reload(): Promise<void> {
    if (this.#outbox) this.entries = await this.#outbox.all()
  }

  #changed(entries: Entry[]): void {
    this.entries = entries
    this.#others?.postMessage(null)
    void navigator.storage?.persist?.().catch(() => false)
    void this.flush()
  }

  #told(t: Told): void {
    const done = t.acknowledged?.entry
    const undone = done?.work.kind === 'void' ? done.work.sale : ''
    if (done) this.entries = this.entries.filter((e) => e.id !== done.id && e.id !== undone)
    if (t.refused) this.entries = this.entries.map((e) => (e.id === t.refused!.id ? t.refused! : e))
    for (const f of this.#heard) f(t)
    this.#others?.postMessage(t)
  }

  #failed(x: unknown): void {
    this.storage = x instanceof Full || (x instanceof DOMException && x.name === 'QuotaExceededError') ? 'full' : 'none'
  }

  #cartKey = (slot: number | string): string => `cart/${this.owner?.site ?? ''}/${slot}`
}

export const kept = new Kept()
