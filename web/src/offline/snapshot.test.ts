import 'fake-indexeddb/auto'
import { expect, test } from 'vitest'
import type { Me, PersonShown, Product } from '../api/site.gen'
import { newID } from '../api/uuid'
import { open } from './db'
import { fit, last, maxBytes, nothing, of, save, type Snapshot } from './snapshot'

const me = (site: string): Me => ({ site, name: site, kind: 'stall', lang: 'fa', zone: 'Asia/Tehran', device: 'd', prefix: 'A1', currency: 'IRR' })
const product = (i: number): Product => ({ id: String(i), name_fa: `کالای ساختگی ${i}`, sku: '', family: '', family_name: '', category: '', category_name: '', photo: null, price: null, unit: '', food: false, ingredients: '', about: '' })
const person = (i: number): PersonShown => ({ id: String(i), name: `شخص ساختگی ${i}`, card: `K-${i}`, photo: null, phone: '', neighbourhood: '' })
const snapshot = (site: string, goods: number, people: number): Snapshot => ({ ...nothing, at: 1, me: me(site), products: Array.from({ length: goods }, (_, i) => product(i)), persons: Array.from({ length: people }, (_, i) => person(i)) })

test('what was kept is there again, for the site that was here last', async () => {
  const db = await open(newID())
  expect(await last(db)).toBeUndefined()
  await save(db, snapshot('a', 300, 500))
  await save(db, snapshot('b', 1, 1))
  expect((await last(db))?.me.site).toBe('b')
  expect((await of(db, 'a'))?.products).toHaveLength(300)
  expect(await of(db, 'c')).toBeUndefined()
  await save(db, snapshot('c', 0, 0), 'b')
  expect(await of(db, 'b')).toBeUndefined()
  db.close()
})

test('a snapshot takes at most 5 MB; goods come before people', () => {
  const whole = snapshot('a', 300, 500)
  expect(fit(whole)).toEqual(whole)
  const cut = fit(snapshot('a', 300, 200_000))
  expect(new TextEncoder().encode(JSON.stringify(cut)).length).toBeLessThanOrEqual(maxBytes)
  expect(cut.products).toHaveLength(300)
  expect(cut.persons.length).toBeGreaterThan(10_000)
})
