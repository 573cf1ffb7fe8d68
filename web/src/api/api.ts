import type * as d from './dashboard.gen'
import type * as s from './site.gen'

// What a program refused, or could not be asked at all; elsewhere: another site's program
// answers here. The message is for logs; people read reasonOf.
export class Refused extends Error {
  constructor(
    readonly why: 'refused' | 'unreachable' | 'signed-out' | 'elsewhere',
    message: string,
    readonly refusal?: s.Refusal,
  ) {
    super(message)
  }
}

// What was loaded from which checkpoint: the program hears it with what is saved, so that
// whatever came since then is a conflict and not overwritten unseen.
const loadedFrom = new WeakMap<object, string>()
const loaded = 'Rawaj-Loaded'

function remember(v: unknown, from: string | null): void {
  if (from && Array.isArray(v)) for (const item of v) if (item && typeof item === 'object') loadedFrom.set(item, from)
}

// patience is how long a program on this machine or this wifi may take to answer; one that
// stands still is as good as away.
const patience = 8_000

// of names the site that something was recorded for, where that is not plain; shown is what
// a form showed that is saved.
// What is no Blob goes as JSON.
async function call<T>(method: 'GET' | 'POST', path: string, body?: unknown, of?: string, ms = patience, shown?: object): Promise<T> {
  let r: Response
  try {
    const from = shown && loadedFrom.get(shown)
    const raw = body instanceof Blob
    const headers = { ...(body === undefined ? {} : { 'Content-Type': raw ? 'application/octet-stream' : 'application/json' }), ...(of ? { 'Rawaj-Site': of } : {}), ...(from ? { [loaded]: from } : {}) }
    r = await fetch(path, { method, headers, body: body === undefined ? null : raw ? body : JSON.stringify(body), signal: AbortSignal.timeout(ms) })
  } catch (e) {
    throw new Refused('unreachable', String(e))
  }
  if (r.ok) {
    const v = (await r.json()) as T
    remember(v, r.headers.get(loaded))
    return v
  }
  const refusal = await r.json().then(
    (v: Partial<s.Refusal>) => (v.code ? (v as s.Refusal) : undefined),
    () => undefined,
  )
  // What a program refused below 500 it refuses again; from there on it may be asked later.
  const why = r.status === 401 ? 'signed-out' : r.status === 412 ? 'elsewhere' : refusal && r.status < 500 ? 'refused' : 'unreachable'
  throw new Refused(why, refusal?.message ?? r.statusText, refusal)
}

const get = <T>(path: string): Promise<T> => call<T>('GET', path)
const post = <T>(path: string, body: unknown = {}, of?: string, ms?: number): Promise<T> => call<T>('POST', path, body, of, ms)
const edit = <T>(path: string, body: unknown, shown: object): Promise<T> => call<T>('POST', path, body, undefined, patience, shown)

// Everything that the site's pages ask of the program.
export const site = {
  me: () => get<s.Me>('/api/me'),
  products: () => get<s.Product[]>('/api/products'),
  addProduct: (p: s.AddProductRequest) => post<s.MadeAnswer>('/api/products', p),
  till: () => get<s.Till | null>('/api/till'),
  openTill: (t: s.OpenTillRequest) => post<s.MadeAnswer>('/api/tills', t),
  closeTill: (id: string, counted: number) => post<s.MadeAnswer>(`/api/tills/${id}/close`, { counted_minor: counted }),
  sell: (sale: s.SellRequest, of?: string) => post<s.SoldAnswer>('/api/sales', sale, of),
  voidSale: (id: string, reason: string, of?: string) => post<s.MadeAnswer>(`/api/sales/${id}/void`, { reason }, of),
  lastSales: () => get<s.SaleShownPage>('/api/sales?limit=20'),
  photo: (attachment: string) => `/api/attachments/${attachment}?wait=no`,
  attach: (b: Blob) => post<s.Uploaded>('/api/attachments', b),
  persons: (q: string) => get<s.PersonShown[]>(`/api/persons?q=${encodeURIComponent(q)}`),
  addPerson: (p: s.AddPersonRequest) => post<s.AddedPerson>('/api/persons', p),
  workshops: () => get<s.WorkshopShown[]>('/api/workshops'),
  addWorkshop: (w: s.AddWorkshopRequest) => post<s.MadeAnswer>('/api/workshops', w),
  sessions: () => get<s.SessionShown[]>('/api/sessions'),
  planSession: (p: s.PlanSessionRequest) => post<s.MadeAnswer>('/api/sessions', p),
  roster: (session: string) => get<s.RosterLine[]>(`/api/sessions/${session}/roster`),
  review: (session: string, q: s.ReviewRequest, shown: s.RosterLine) => edit<s.MadeAnswer>(`/api/sessions/${session}/review`, q, shown),
  scan: (q: s.ScanRequest, of?: string) => post<s.MadeAnswer>('/api/scans', q, of),
  desks: () => get<s.Desk[]>('/api/desks'),
  referrals: () => get<s.ReferralShown[]>('/api/referrals'),
  refer: (r: s.ReferRequest) => post<s.MadeAnswer>('/api/referrals', r),
  answer: (shown: s.ReferralShown, a: s.AnswerRequest) => edit<s.MadeAnswer>(`/api/referrals/${shown.id}/answer`, a, shown),
  quarantine: () => get<s.Verdict[]>('/api/quarantine'),
  replace: (hash: string, m: Partial<s.Mend>) => post<s.MadeAnswer>(`/api/quarantine/${hash}/replace`, m),
  withdraw: (hash: string) => post<s.TakenBack>(`/api/quarantine/${hash}/withdraw`),
  conflicts: () => get<s.Conflict[]>('/api/conflicts'),
  take: (id: string, side: string) => post<s.MadeAnswer>(`/api/conflicts/${id}/take`, { side }),
  sync: () => post<s.SyncResult>('/api/sync?patience=5s', {}, undefined, 120_000), // as long as it gets on
}

// Everything that head office's pages ask of the server.
export const office = {
  devices: () => get<d.Device[]>('/api/devices'),
  revoke: (id: string, reason: string) => post<unknown>(`/api/devices/${id}/revoke`, { reason }),
  quarantine: () => get<d.Verdict[]>('/api/quarantine'),
  decide: (hash: string, q: d.Decide) => post<d.Verdict>(`/api/quarantine/${hash}`, q),
  vouch: () => post<d.WentBack>('/api/wentback/vouch'),
  conflicts: () => get<d.Conflict[]>('/api/conflicts'),
  take: (id: string, side: string) => post<d.Conflict>(`/api/conflicts/${id}/take`, { side }),
  rights: (device: string) => get<d.Right[]>(`/api/devices/${device}/grants`),
  endRight: (device: string, scope: string, reason: string) => post<d.Right[]>(`/api/devices/${device}/grants/end`, { scope, reason }),
  closings: (from: string) => get<d.Statements>(`/api/closings?from=${from}`),
  doubled: () => get<d.Doubled[]>('/api/receipts/doubled'),
  enrolCode: (n: d.NewSite) => post<d.EnrolCode>('/api/enrol-codes', n),
}
