import type * as d from './dashboard.gen'
import type * as s from './site.gen'

// What a program refused, or could not be asked at all. The message is for logs; people
// read reasonOf.
export class Refused extends Error {
  constructor(
    readonly why: 'refused' | 'unreachable' | 'signed-out',
    message: string,
    readonly refusal?: s.Refusal,
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
  if (r.ok) return (await r.json()) as T
  const refusal = await r.json().then(
    (v: Partial<s.Refusal>) => (v.code ? (v as s.Refusal) : undefined),
    () => undefined,
  )
  // What a program refused below 500 it refuses again; from there on it may be asked later.
  const why = r.status === 401 ? 'signed-out' : refusal && r.status < 500 ? 'refused' : 'unreachable'
  throw new Refused(why, refusal?.message ?? r.statusText, refusal)
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
  closeTill: (id: string, counted: number) => post<s.MadeAnswer>(`/api/tills/${id}/close`, { counted_minor: counted }),
  sell: (sale: s.SellRequest) => post<s.SoldAnswer>('/api/sales', sale),
  voidSale: (id: string, reason: string) => post<s.MadeAnswer>(`/api/sales/${id}/void`, { reason }),
  persons: (q: string) => get<s.PersonShown[]>(`/api/persons?q=${encodeURIComponent(q)}`),
  addPerson: (p: s.AddPersonRequest) => post<s.MadeAnswer>('/api/persons', p),
  workshops: () => get<s.WorkshopShown[]>('/api/workshops'),
  addWorkshop: (w: s.AddWorkshopRequest) => post<s.MadeAnswer>('/api/workshops', w),
  sessions: () => get<s.SessionShown[]>('/api/sessions'),
  planSession: (p: s.PlanSessionRequest) => post<s.MadeAnswer>('/api/sessions', p),
  roster: (session: string) => get<s.RosterLine[]>(`/api/sessions/${session}/roster`),
  review: (session: string, q: s.ReviewRequest) => post<s.MadeAnswer>(`/api/sessions/${session}/review`, q),
  scan: (q: s.ScanRequest) => post<s.MadeAnswer>('/api/scans', q),
  desks: () => get<s.Desk[]>('/api/desks'),
  referrals: () => get<s.ReferralShown[]>('/api/referrals'),
  refer: (r: s.ReferRequest) => post<s.MadeAnswer>('/api/referrals', r),
  answer: (id: string, a: s.AnswerRequest) => post<s.MadeAnswer>(`/api/referrals/${id}/answer`, a),
  quarantine: () => get<s.Verdict[]>('/api/quarantine'),
  sync: () => post<s.SyncResult>('/api/sync?patience=5s'),
}

// Everything that head office's pages ask of the server.
export const office = {
  devices: () => get<d.Device[]>('/api/devices'),
  revoke: (id: string, reason: string) => post<unknown>(`/api/devices/${id}/revoke`, { reason }),
  quarantine: () => get<d.Verdict[]>('/api/quarantine'),
  decide: (hash: string, q: d.Decide) => post<d.Verdict>(`/api/quarantine/${hash}`, q),
  conflicts: () => get<d.Conflict[]>('/api/conflicts'),
  enrolCode: (n: d.NewSite) => post<d.EnrolCode>('/api/enrol-codes', n),
}
