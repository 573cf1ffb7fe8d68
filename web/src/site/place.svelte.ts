import { Refused, site } from '../api/api'
import { live, type Reach } from '../api/live'
import type { Me, Status } from '../api/site.gen'
import { kept } from '../offline/kept.svelte'
import { lookForVersion } from '../offline/worker'

// Who this site is and how it stands: one of the few things that every screen shares.
class Place {
  me: Me | undefined = $state.raw()
  status: Status | undefined = $state.raw()
  reach: Reach | 'signed-out' = $state('connecting') // of the program on this device, not of head office
  wiped = $state(false) // head office has stopped this device: it holds nothing any more
  now = $state(new Date())
  #emptying = false
  cart: unknown // of this tab, on whichever screen somebody is

  // away is why the program does not answer; empty where it does, as far as we know.
  away: '' | 'unreachable' | 'signed-out' = $derived.by(() => {
    const tried = kept.waiting.length > 0 ? kept.away : ''
    if (this.reach === 'signed-out' || tried === 'signed-out') return 'signed-out'
    return this.reach === 'lost' || tried !== '' ? 'unreachable' : ''
  })

  // heard changes when what the program knows may have, and when it is back.
  heard: string = $derived(`${this.reach} ${this.status?.transactions} ${this.status?.cursor_at}`)
  // photos changes when one that lacked may be here.
  photos: string = $derived(`${this.reach} ${this.status?.attachments_fetched}`)

  async is(me: Me): Promise<void> {
    this.me = me
    await kept.belongs(me)
    this.cart = await kept.cart()
  }

  follow(): void {
    kept.onElsewhere = () => void this.hear()
    live<Status>('/api/events', 'status', (s) => this.#told(s), (r) => this.#reached(r))
    setInterval(() => (this.now = new Date()), 15_000)
    void this.hear()
  }

  // hear asks who answers. Another site than before starts anew: nothing of one is shown,
  // or sent, to the other.
  async hear(): Promise<void> {
    try {
      const me = await site.me()
      if (me.site !== this.me?.site) {
        await kept.moved(me)
        location.reload()
        return
      }
      this.me = me
      kept.heard({ me })
      void kept.flush()
    } catch (e) {
      if (await this.refused(e)) return
      this.reach = e instanceof Refused && e.why === 'signed-out' ? 'signed-out' : 'lost'
    }
  }

  // refused says whether the device was stopped and wiped, and this browser empties itself.
  async refused(e: unknown): Promise<boolean> {
    const r = e instanceof Refused ? e.refusal : undefined
    if (r?.code !== 'device_refused' || r.values?.why !== 'revoked') return false
    await this.#empty()
    return true
  }

  async #empty(): Promise<void> {
    if (this.#emptying) return
    this.#emptying = true
    const shown = this.me !== undefined
    this.me = this.cart = undefined
    if ((await kept.empty()) || shown) location.reload() // what stands in lists goes with the page
    else this.wiped = true
  }

  // told hears that the program is there, and well: what waits need not wait longer.
  #told(s: Status): void {
    this.status = s
    if (s.wiped) void this.#empty()
    else if (kept.away !== '') void kept.flush()
  }

  #reached(r: Reach): void {
    if (r === 'open' && this.reach !== 'connecting') void lookForVersion() // it was away: it may be a newer one
    if (r !== 'lost' || this.reach !== 'signed-out') this.reach = r
    if (r !== 'connecting') void this.hear()
  }
}

export const place = new Place()

// The pill: red is for what needs a person, amber for waiting past 4 hours or 200 changes.
export type Pill = 'asking' | 'signedout' | 'lost' | 'held' | 'kept' | 'late' | 'saved' | 'arrived'

const lateAfter = 4 * 3600_000
const manyChanges = 200

// here is what stands in this browser: how much waits, and how much was refused.
export function pillOf(s: Status | undefined, away: Place['away'], here: { waiting: number; refused: number }, now: Date): Pill {
  if (away === 'signed-out') return 'signedout'
  if (here.refused > 0 || (s && away === '' && s.quarantined > 0)) return 'held'
  if (away !== '') return 'lost'
  if (!s) return 'asking'
  if (here.waiting > 0) return 'kept'
  if (s.pending === 0) return 'arrived'
  const oldest = s.declared.oldest ? Date.parse(s.declared.oldest) : now.getTime()
  return s.pending >= manyChanges || now.getTime() - oldest > lateAfter ? 'late' : 'saved'
}
