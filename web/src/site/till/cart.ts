// What a cart is and what it comes to, without a page.

export interface Line {
  product: string
  quantity: number
  price: number // minor units, of one
}

// asked is the id of the sale that the program was asked to record, where this browser
// could not keep it: the program may have it already, so nothing in the cart changes.
export interface Cart {
  asked: string
  lines: Line[]
  method?: Method // how the sale that was asked for is paid; cash where it is left out
}

export type Method = 'cash' | 'card'

// cartOf reads a cart that was kept; what is none is an empty one.
export function cartOf(v: unknown): Cart {
  const c = v as Partial<Cart> | undefined
  const whole = (n: unknown): boolean => Number.isSafeInteger(n)
  const lines = Array.isArray(c?.lines) ? c.lines.filter((l) => typeof l?.product === 'string' && whole(l.quantity) && whole(l.price)) : []
  return { asked: typeof c?.asked === 'string' && lines.length > 0 ? c.asked : '', lines, method: c?.method === 'card' ? 'card' : 'cash' }
}

export const maxQuantity = 9999

export function total(lines: Line[]): number {
  return lines.reduce((sum, l) => sum + l.quantity * l.price, 0)
}

export function pieces(lines: Line[]): number {
  return lines.reduce((sum, l) => sum + l.quantity, 0)
}

// put sets how many of a product there are; a line at 0 goes.
export function put(lines: Line[], product: string, quantity: number, price: number): Line[] {
  const n = Math.min(Math.max(0, quantity), maxQuantity)
  if (!lines.some((l) => l.product === product)) return n === 0 ? lines : [...lines, { product, quantity: n, price }]
  return lines.map((l) => (l.product === product ? { product, quantity: n, price } : l)).filter((l) => l.quantity > 0)
}

export function quantityOf(lines: Line[], product: string): number {
  return lines.find((l) => l.product === product)?.quantity ?? 0
}

// Banknotes in minor units, from the smallest.
const banknotes: Record<string, number[]> = {
  AED: [500, 1000, 2000, 5000, 10000, 20000, 50000, 100000],
  IRR: [50_000, 100_000, 500_000, 1_000_000, 2_000_000],
  OMR: [1000, 5000, 10000, 20000, 50000],
}
const usual = [500, 1000, 2000, 5000, 10000, 20000]

// notesFor are up to three sums that somebody would hand over for a total: one kind of
// note each, more than the total, the smallest first.
export function notesFor(sum: number, currency: string): number[] {
  if (sum <= 0) return []
  const handed = (banknotes[currency] ?? usual).map((n) => Math.ceil(sum / n) * n).filter((n) => n > sum)
  return [...new Set(handed)].sort((a, b) => a - b).slice(0, 3)
}
