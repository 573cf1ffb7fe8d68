import { Refused, site } from '../../api/api'
import { reasonOf, refusalOf } from '../../api/refusal'
import type { Product, SaleLine, Till } from '../../api/site.gen'
import { newID } from '../../api/uuid'
import { kept } from '../../offline/kept.svelte'
import { send } from '../../offline/send'
import { place } from '../place.svelte'
import { cartOf, put, quantityOf, total, type Cart, type Line, type Method } from './cart'

const undoFor = 10_000
const askAgain = 2_000

// How far a sale has come: on this browser's disk, on the program's, at the centre; or
// refused, and kept for somebody to look at.
export type Stage = 'kept' | 'saved' | 'centre' | 'refused'

export interface Sold {
  id: string
  receipt: string // empty until the program has given it
  amount: number
  change: number | null // where somebody handed over more
  until: number // ms, while it may be taken back
  undone: boolean
  stage: Stage
}

const lineOf = (l: Line): SaleLine => ({ product: l.product, quantity: l.quantity, unit_price_minor: l.price, discount_minor: 0, unpriced: false })
const none: Cart = { asked: '', lines: [] }

export class TillState {
  till: Till | null | undefined = $state.raw(kept.snapshot?.till ?? undefined) // undefined: not heard yet
  products: Product[] = $state.raw(kept.snapshot?.products ?? [])
  cart: Cart = $state.raw(cartOf(place.cart))
  sold: Sold | undefined = $state.raw()
  refusal = $state('')
  unreachable = $state(false)
  unsaved = $state(false) // what was asked last was not done: nobody answered
  busy = $state(false)
  total = $derived(total(this.cart.lines))
  #byID = $derived(new Map(this.products.map((p) => [p.id, p])))

  // hear follows what becomes of the last sale; call what it returns to stop.
  hear(): () => void {
    return kept.onTold(({ acknowledged, refused }) => {
      const s = this.sold
      if (!s) return
      if (acknowledged?.entry.id === s.id) this.sold = { ...s, receipt: acknowledged.receipt ?? '', stage: 'saved' }
      if (refused?.id === s.id) this.sold = { ...s, stage: 'refused' }
    })
  }

  async load(): Promise<void> {
    try {
      const [till, products] = await Promise.all([site.till(), site.products()])
      // What is as it was keeps its tiles as they are.
      if (JSON.stringify(till) !== JSON.stringify(this.till)) this.till = till
      if (JSON.stringify(products) !== JSON.stringify(this.products)) this.products = products
      kept.heard({ till, products })
      this.unreachable = false
      if (this.sold?.stage === 'saved') await this.#arrived(this.sold.id)
    } catch {
      this.unreachable = true
    }
    // A page that went away while it waited for an answer asks again.
    if (this.cart.asked && this.till && !this.busy) await this.#ask(null)
  }

  async #arrived(id: string): Promise<void> {
    const { items } = await site.lastSales()
    if (this.sold?.id === id && items.some((s) => s.id === id && s.arrived)) this.sold = { ...this.sold, stage: 'centre' }
  }

  product(id: string): Product | undefined {
    return this.#byID.get(id)
  }

  // priceOf is what a product costs at this till; null where somebody must say.
  priceOf(p: Product): number | null {
    const inCart = this.cart.lines.find((l) => l.product === p.id)
    if (inCart) return inCart.price
    return p.price && p.price.currency === this.till?.currency ? p.price.amount_minor : null
  }

  put(product: string, quantity: number, price: number): void {
    if (this.cart.asked) return
    this.refusal = ''
    this.unsaved = false
    this.#keep({ asked: '', lines: put(this.cart.lines, product, quantity, price) })
  }

  quantity(product: string): number {
    return quantityOf(this.cart.lines, product)
  }

  // pay sells the cart; handed is what was given for it in cash. The sale goes to this browser's
  // disk and from there to the program; where the browser keeps nothing, straight to the
  // program.
  async pay(handed: number | null, method: Method = 'cash'): Promise<void> {
    if (this.cart.lines.length === 0 || this.busy || this.cart.asked || !this.till) return
    this.busy = true
    this.refusal = ''
    const { lines } = this.cart
    const id = newID()
    const amount = this.total
    const { id: till, currency } = this.till
    this.cart = place.cart = none // the next tile starts the next sale, while the disk works
    if (await kept.record({ kind: 'sale', till, currency, method, lines: lines.map(lineOf), amount }, id, true)) {
      this.busy = false
      this.#done(id, '', amount, handed, 'kept')
      return
    }
    const next = this.cart.lines
    this.#keep({ asked: id, lines, method })
    await this.#ask(handed)
    for (const l of next) this.put(l.product, this.quantity(l.product) + l.quantity, l.price)
  }

  #done(id: string, receipt: string, amount: number, handed: number | null, stage: Stage): void {
    this.sold = { id, receipt, amount, change: handed === null ? null : handed - amount, until: Date.now() + undoFor, undone: false, stage }
  }

  // ask has the program record the cart, and asks until it answers.
  async #ask(handed: number | null): Promise<void> {
    const { asked: id, method = 'cash' } = this.cart
    const { id: till, currency } = this.till!
    const amount = this.total
    const owner = kept.owner ?? { site: '', name: '' }
    const began = Date.now()
    this.busy = true
    for (;;) {
      try {
        const a = await send({ id, owner, at: began, work: { kind: 'sale', till, currency, method, lines: this.cart.lines.map(lineOf), amount } }, Date.now() - began)
        // Refused, it was judged and is not there: the cart opens again.
        if (a.refused) this.refusal = reasonOf(a.refused)
        else this.#done(id, a.receipt ?? '', amount, handed, 'saved')
        this.unreachable = false
        this.#keep(a.refused ? { ...this.cart, asked: '' } : none)
        break
      } catch {
        this.unreachable = true
        await new Promise((wake) => setTimeout(wake, askAgain))
      }
    }
    this.busy = false
  }

  // undo takes the last sale back.
  async undo(): Promise<void> {
    const s = this.sold
    if (!s || s.undone || Date.now() > s.until) return
    if (await kept.takeBack(s.id)) this.sold = { ...s, undone: true }
    else await this.#asked(async () => {
      await site.voidSale(s.id, 'undone at the till')
      this.sold = { ...s, undone: true }
    })
  }

  // close ends the till with what was counted in it, after all that was sold from it.
  async close(counted: number): Promise<void> {
    await this.#asked(async () => {
      await kept.flush()
      if (kept.waiting.length > 0) throw new Refused('unreachable', 'sales wait')
      await site.closeTill(this.till!.id, counted)
      this.sold = undefined
      await this.load()
    })
  }

  async #asked(f: () => Promise<void>): Promise<void> {
    this.unsaved = false
    try {
      await f()
    } catch (e) {
      if (e instanceof Refused && e.why === 'refused') this.refusal = reasonOf(refusalOf(e))
      else this.unsaved = true
    }
  }

  #keep(c: Cart): void {
    this.cart = place.cart = c
    kept.saveCart(c.lines.length > 0 ? c : undefined)
  }
}
