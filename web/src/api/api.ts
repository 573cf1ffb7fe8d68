import type * as s from './site.gen'

// What a program refused, in its words, or could not be asked at all.
export class Refused extends Error {
  constructor(
    readonly why: 'refused' | 'unreachable' | 'signed-out',
    message: string,
  ) {
    super(message)
  }
}

async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  let r: Response
  try {
    r = await fetch(path, { method, headers: body === undefined ? {} : { 'Content-Type': 'application/json' }, body: body === undefined ? null : JSON.stringify(body) })
  } catch (e) {
    throw new Refused('unreachable', String(e))
  }
  if (r.status === 401) throw new Refused('signed-out', await r.text())
  if (r.status === 400) throw new Refused('refused', ((await r.json()) as s.Error).error)
  if (!r.ok) throw new Refused('unreachable', r.statusText)
  return (await r.json()) as T
}

const get = <T>(path: string): Promise<T> => call<T>('GET', path)
const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body)

// Everything that the site's pages ask of the program.
export const site = {
  me: () => get<s.Me>('/api/me'),
  products: () => get<s.Product[]>('/api/products'),
  addProduct: (p: s.AddProductRequest) => post<s.MadeAnswer>('/api/products', p),
  till: () => get<s.Till | null>('/api/till'),
  openTill: (t: s.OpenTillRequest) => post<s.MadeAnswer>('/api/tills', t),
  sell: (sale: s.SellRequest) => post<s.SoldAnswer>('/api/sales', sale),
  voidSale: (id: string, reason: string) => post<s.MadeAnswer>(`/api/sales/${id}/void`, { reason }),
  quarantine: () => get<s.Verdict[]>('/api/quarantine'),
  sync: () => post<s.SyncResult>('/api/sync?patience=5s'),
}
