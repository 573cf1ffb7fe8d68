import { deleteDB, openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { SaleLine, ScanRequest } from '../api/site.gen'
import type { Refusal } from '../api/refusal'

// What somebody did in this browser, and the program has still to record.
export type Work =
  | { kind: 'sale'; till: string; currency: string; method: string; lines: SaleLine[]; amount: number }
  | { kind: 'void'; sale: string }
  | { kind: 'scan'; scan: Required<Omit<ScanRequest, 'id' | 'waited_ms'>>; name: string }

// Whose an entry is. A browser knows programs by their port, and another site may
// answer there tomorrow.
export interface Owner {
  site: string
  name: string
}

export interface Entry {
  n?: number // the order of recording; the database gives it
  id: string // made in the page; what the program acknowledges
  owner: Owner
  at: number // ms, when it was done, by this page's clock
  work: Work
  refused?: Refusal
  aside?: boolean // refused, looked at, and put aside by a person
}

export interface Schema extends DBSchema {
  outbox: { key: number; value: Entry; indexes: { id: string } }
  kept: { key: string; value: unknown }
}
export type DB = IDBPDatabase<Schema>

// openFor bounds how long a page waits for the browser's storage: some never answer.
const openFor = 3_000

export async function open(name = 'rawaj'): Promise<DB> {
  let late = false
  const opened = openDB<Schema>(name, 1, {
    upgrade(db) {
      db.createObjectStore('outbox', { keyPath: 'n', autoIncrement: true }).createIndex('id', 'id', { unique: true })
      db.createObjectStore('kept')
    },
    blocking: (_current, _blocked, e) => (e.target as IDBDatabase).close(), // a newer page is waiting
  })
  void opened.then(
    (db) => late && db.close(),
    () => undefined,
  )
  return Promise.race([
    opened,
    new Promise<never>((_, reject) =>
      setTimeout(() => {
        late = true
        reject(new Error('the storage of this browser does not answer'))
      }, openFor),
    ),
  ])
}

// remove has the browser take the whole storage away as soon as it can.
export const remove = (name = 'rawaj'): void => void deleteDB(name).catch(() => undefined)
