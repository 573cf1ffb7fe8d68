import { live, type Reach } from '../api/live'
import type { Me, Status } from '../api/site.gen'

// Who this site is and how it stands: one of the few things that every screen shares.
class Place {
  me: Me | undefined = $state.raw()
  status: Status | undefined = $state.raw()
  reach: Reach = $state('connecting') // of the program on this device, not of head office
  now = $state(new Date())

  follow(): void {
    live<Status>('/api/events', 'status', (s) => (this.status = s), (r) => (this.reach = r))
    setInterval(() => (this.now = new Date()), 15_000)
  }
}

export const place = new Place()

// The pill: red is for what needs a person, amber for waiting past 4 hours or 200 changes.
export type Pill = 'lost' | 'held' | 'late' | 'saved' | 'arrived'

const lateAfter = 4 * 3600_000
const manyChanges = 200

export function pillOf(s: Status | undefined, reach: Reach, now: Date): Pill {
  if (!s || reach === 'lost') return 'lost'
  if (s.quarantined > 0) return 'held'
  if (s.pending === 0) return 'arrived'
  const oldest = s.declared.oldest ? Date.parse(s.declared.oldest) : now.getTime()
  return s.pending >= manyChanges || now.getTime() - oldest > lateAfter ? 'late' : 'saved'
}
