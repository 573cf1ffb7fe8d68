import 'fake-indexeddb/auto'
import { forceCloseDatabase } from 'fake-indexeddb'
import { unwrap } from 'idb'
import { beforeEach, expect, test } from 'vitest'
import { newID } from '../api/uuid'
import { open, type DB, type Entry, type Work } from './db'
import { Outbox, type Answer, type Config, type Told } from './outbox'

// A made-up program: it records by id, as the real one does, and can die at any point.
class Program {
  recorded: string[] = []
  asked: string[] = []
  refuses = new Set<string>()
  site = 'here'
  dies: '' | 'before' | 'after' = ''

  send = async (e: Entry): Promise<Answer> => {
    this.asked.push(e.id)
    if (this.dies === 'before') throw new Error('no answer')
    if (e.owner.site !== this.site) throw new Error('another site')
    if (this.refuses.has(e.id)) return { refused: { code: 'no_till_open', message: 'no till is open' } }
    if (!this.recorded.includes(e.id)) this.recorded.push(e.id)
    if (this.dies === 'after') throw new Error('the answer is lost')
    return { id: e.id, receipt: `A1-${this.recorded.length}` }
  }
}

// Locks that two tabs share, first come, first served.
class Locks {
  #last: Promise<unknown> = Promise.resolve()
  held = 0
  most = 0
  request = ((_name: string, f: () => Promise<void>) => {
    const run = this.#last.then(async () => {
      this.most = Math.max(this.most, ++this.held)
      await f().finally(() => this.held--)
    })
    this.#last = run.catch(() => undefined)
    return run
  }) as unknown as LockManager['request']
}

const sale: Work = { kind: 'sale', till: 't', currency: 'AED', method: 'cash', lines: [], amount: 1250 }
const entry = (id = newID(), work: Work = sale, site = 'here'): Entry => ({ id, owner: { site, name: site }, at: 1_000, work })
let program: Program
let name: string
let db: DB

beforeEach(async () => {
  program = new Program()
  name = newID()
  db = await open(name)
})

const outbox = (c: Partial<Config> = {}): Outbox => new Outbox({ db, send: program.send, now: () => 61_000, ...c })
const die = (): void => forceCloseDatabase(unwrap(db) as unknown as Parameters<typeof forceCloseDatabase>[0])
// killed is what a page that died leaves: a new one opens what is on disk.
async function killed(): Promise<Outbox> {
  die()
  db = await open(name)
  return outbox()
}
const ids = async (o: Outbox): Promise<string[]> => (await o.all()).map((e) => e.id)

test('killed before the write is stored, there is no sale and the cart is still there', async () => {
  await db.put('kept', { lines: [1] }, 'cart')
  // A browser takes back what was not finished when its page died.
  let open: { abort: () => void } | undefined
  const dying = new Proxy(db, { get: (of, k) => (k === 'transaction' ? (...a: Parameters<DB['transaction']>) => (open = of.transaction(...a)) : Reflect.get(of, k)) })
  const adding = outbox({ db: dying }).add(entry(), 'cart')
  await Promise.resolve()
  open!.abort()
  await expect(adding).rejects.toThrow()
  const next = await killed()
  await next.flush('here')
  expect(program.recorded).toEqual([])
  expect(await db.get('kept', 'cart')).toEqual({ lines: [1] })
})

test('killed after the write is stored, there is one sale and no cart', async () => {
  const e = entry()
  await db.put('kept', { lines: [1] }, 'cart')
  await outbox().add(e, 'cart')
  const next = await killed()
  expect(await db.get('kept', 'cart')).toBeUndefined()
  await next.flush('here')
  expect(program.recorded).toEqual([e.id])
  expect(await ids(next)).toEqual([])
})

test('killed before the answer, there is one sale', async () => {
  const e = entry()
  program.dies = 'after'
  const o = outbox()
  await o.add(e)
  await expect(o.flush('here')).rejects.toThrow('lost')
  const next = await killed()
  expect(await ids(next)).toEqual([e.id])
  program.dies = ''
  await next.flush('here')
  expect([program.recorded, program.asked]).toEqual([[e.id], [e.id, e.id]])
  expect(await ids(next)).toEqual([])
})

test('killed after the answer, before the entry is gone, there is one sale', async () => {
  const e = entry()
  const o = outbox({
    send: async (x) => {
      const a = await program.send(x)
      die()
      return a
    },
  })
  await o.add(e)
  await expect(o.flush('here')).rejects.toThrow()
  const next = await killed()
  expect(await ids(next)).toEqual([e.id])
  await next.flush('here')
  expect([program.recorded, program.asked]).toEqual([[e.id], [e.id, e.id]])
})

test('an entry goes by its own id alone', async () => {
  const o = outbox({ send: async () => ({ id: newID() }) })
  const e = entry()
  await o.add(e)
  await expect(o.flush('here')).rejects.toThrow(e.id)
  expect(await ids(o)).toEqual([e.id])
})

test('adding twice keeps one', async () => {
  const o = outbox()
  const e = entry()
  await Promise.all([o.add(e), o.add(e)])
  expect(await ids(o)).toEqual([e.id])
})

test('what was recorded first is sent first, also what comes while sending', async () => {
  const all = Array.from({ length: 50 }, () => entry())
  const o = outbox()
  await Promise.all(all.map((e, i) => o.add(e).then(() => (i % 7 === 0 ? o.flush('here') : undefined))))
  await o.flush('here')
  expect(program.recorded).toEqual(all.map((e) => e.id))
  expect(program.asked).toHaveLength(50)
})

test('two tabs flush one at a time, and each sale is sent once', async () => {
  const locks = new Locks()
  const other = await open(name)
  const told: Told[] = []
  const tabs = [outbox({ locks }), outbox({ locks, db: other, tell: (t) => told.push(t) })]
  const all = Array.from({ length: 20 }, () => entry())
  for (const [i, e] of all.entries()) await tabs[i % 2]!.add(e)
  await Promise.all(tabs.map((t) => t.flush('here')))
  expect(program.asked).toEqual(all.map((e) => e.id))
  expect(locks.most).toBe(1)
  other.close()
})

test('without locks two tabs may send twice, and it is one sale', async () => {
  const other = await open(name)
  const tabs = [outbox(), outbox({ db: other })]
  const all = Array.from({ length: 20 }, () => entry())
  for (const e of all) await tabs[0]!.add(e)
  await Promise.all(tabs.map((t) => t.flush('here')))
  expect(program.recorded.toSorted()).toEqual(all.map((e) => e.id).toSorted())
  expect(await ids(tabs[0]!)).toEqual([])
  other.close()
})

test('a refused entry stays with its reason, and those behind it pass', async () => {
  const [a, b, c] = [entry(), entry(), entry()]
  program.refuses.add(b.id)
  const told: Told[] = []
  const o = outbox({ tell: (t) => told.push(t) })
  for (const e of [a, b, c]) await o.add(e)
  await o.flush('here')
  expect(program.recorded).toEqual([a.id, c.id])
  expect(await o.all()).toMatchObject([{ id: b.id, refused: { message: 'no till is open' } }])
  expect(told.map((t) => t.refused?.id)).toEqual([undefined, b.id, undefined])
  await o.flush('here')
  expect(program.asked).toHaveLength(3) // a person asks again, not the page
  program.refuses.clear()
  await o.change(b.id, ({ refused: _, ...e }) => e)
  await o.flush('here')
  expect(program.recorded).toEqual([a.id, c.id, b.id])
  expect(await ids(o)).toEqual([])
})

test('what another site waits for is never sent to this one', async () => {
  const own = entry()
  const foreign = entry(newID(), sale, 'there')
  const o = outbox()
  await o.add(foreign)
  await o.add(own)
  await o.flush('here')
  expect(program.asked).toEqual([own.id])
  expect(await ids(o)).toEqual([foreign.id])
  program.site = 'there'
  await o.flush('there')
  expect(program.recorded).toEqual([own.id, foreign.id])
})

test('a sale taken back is sent before its undoing; one that was refused goes with it', async () => {
  const [good, bad] = [entry(), entry()]
  const undo = (of: Entry): Entry => entry(newID(), { kind: 'void', sale: of.id })
  const o = outbox()
  await o.add(good)
  await o.add(bad)
  const undoGood = undo(good)
  await o.takeBack(good.id, undoGood)
  program.refuses.add(bad.id)
  await o.takeBack(bad.id, undo(bad)) // before anybody knows that it will be refused
  await o.flush('here')
  expect(program.recorded).toEqual([good.id, undoGood.id])
  expect(await ids(o)).toEqual([])

  const again = entry()
  program.refuses.add(again.id)
  await o.add(again)
  await o.flush('here')
  await o.takeBack(again.id, undo(again))
  expect(await ids(o)).toEqual([])
})

test('the program hears how long an entry waited', async () => {
  const heard: number[] = []
  const o = outbox({
    send: (e, waited) => {
      heard.push(waited)
      return program.send(e)
    },
  })
  await o.add(entry())
  await o.add({ ...entry(), at: 70_000 }) // by a clock that was set back
  await o.flush('here')
  expect(heard).toEqual([60_000, 0])
})
