import type { Overview } from '../api/dashboard.gen'
import { live, type Reach } from '../api/live'

// What head office knows, as the program tells it.
class Centre {
  overview: Overview | undefined = $state.raw()
  reach: Reach = $state('connecting')
  now = $state(new Date())

  follow(): void {
    live<Overview>('/api/events', 'overview', (o) => (this.overview = o), (r) => (this.reach = r))
    setInterval(() => (this.now = new Date()), 15_000)
  }
}

export const centre = new Centre()
