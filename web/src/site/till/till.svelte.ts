import { Refused, site } from '../../api/api'
import { reasonOf, refusalOf } from '../../api/refusal'
import type { Product, Till } from '../../api/site.gen'
import { newID } from '../../api/uuid'
import { put, quantityOf, total, type Cart, type Method } from './cart'

const kept = 'rawaj.cart'
const undoFor = 10_000
const askAgain = 2_000

// A sale that the program has on disk.
export interface Sold {
  id: string
  receipt: string
  amount: number
  change: number | null // where somebody handed over more
  until: number // ms, while it may be taken back
  undone: boolean
}

function fresh(): Cart {
  return { id: newID(), asked: false, lines: [] }
}

function restore(): Cart {
  try {
    const c = JSON.parse(localStorage.getItem(kept) ?? 'null') as Cart | null
    if (c && typeof c.id === 'string' && Array.isArray(c.lines)) return c
  } catch {
    // what is there is not ours
  }
  return fresh()
}

export class TillState {
  till: Till | null | undefined = $state.raw() // undefined: not heard yet
  products: Product[] = $state.raw([])
  cart: Cart = $state.raw(restore())
  sold: Sold | undefined = $state.raw()
  refusal = $state('')
  unreachable = $state(false)
  busy = $state(false)
  total = $derived(total(this.cart.lines))
  #byID = $derived(new Map(this.products.map((p) => [p.id, p])))

  async load(): Promise<void> {
    try {
      const [till, products] = await Promise.all([site.till(), site.products()])
      // What is as it was keeps its tiles as they are.
      if (JSON.stringify(till) !== JSON.stringify(this.till)) this.till = till
      if (JSON.stringify(products) !== JSON.stringify(this.products)) this.products = products
      this.unreachable = false
    } catch {
      this.unreachable = true
    }
    // A page that went away while it waited for an answer asks again.
    if (this.cart.asked && this.till && !this.busy) await this.#ask(null)
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
    this.#keep({ ...this.cart, lines: put(this.cart.lines, product, quantity, price) })
  }

  quantity(product: string): number {
    return quantityOf(this.cart.lines, product)
  }

  clear(): void {
    if (!this.cart.asked) this.#keep(fresh())
  }

  // pay sells the cart; handed is what was given for it in cash.
  async pay(handed: number | null, method: Method = 'cash'): Promise<void> {
    if (this.cart.lines.length === 0 || this.busy || !this.till) return
    this.#keep({ ...this.cart, asked: true, method })
    await this.#ask(handed)
  }

  async #ask(handed: number | null): Promise<void> {
    const { id, lines, method = 'cash' } = this.cart
    const till = this.till!
    this.busy = true
    this.refusal = ''
    for (;;) {
      try {
        const done = await site.sell({ id, till: till.id, currency: till.currency, method, lines: lines.map((l) => ({ product: l.product, quantity: l.quantity, unit_price_minor: l.price, discount_minor: 0, unpriced: false })) })
        const amount = done.amount_minor
        this.sold = { id, receipt: done.receipt_no, amount, change: handed === null ? null : handed - amount, until: Date.now() + undoFor, undone: false }
        this.unreachable = false
        this.#keep(fresh())
        break
      } catch (e) {
        if (e instanceof Refused && e.why === 'refused') {
          // It was judged, and is not there: the cart opens again under another id.
          this.refusal = reasonOf(refusalOf(e))
          this.#keep({ ...this.cart, id: newID(), asked: false })
          break
        }
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
    try {
      await site.voidSale(s.id, 'undone at the till')
      this.sold = { ...s, undone: true }
    } catch (e) {
      if (e instanceof Refused && e.why === 'refused') this.refusal = reasonOf(refusalOf(e))
      else this.unreachable = true
    }
  }

  // close ends the till with what was counted in it.
  async close(counted: number): Promise<void> {
    try {
      await site.closeTill(this.till!.id, counted)
      this.sold = undefined
      await this.load()
    } catch (e) {
      if (e instanceof Refused && e.why === 'refused') this.refusal = reasonOf(refusalOf(e))
      else this.unreachable = true
    }
  }

  #keep(c: Cart): void {
    this.cart = c
    localStorage.setItem(kept, JSON.stringify(c))
  }
}
