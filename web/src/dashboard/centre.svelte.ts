import type { Overview } from '../api/dashboard.gen'
import { live, type Reach } from '../api/live'
import { dayOf } from '../i18n/calendar'
import { i18n } from '../i18n/i18n.svelte'
import { freshOf } from './overview/fresh'
import { againstOf, read, write, type Period } from './overview/period'

// What head office knows, as the program tells it, of the span that the address names.
class Centre {
  overview: Overview | undefined = $state.raw()
  reach: Reach = $state('connecting')
  now = $state(new Date())
  #search = $state(location.search)
  #asked = ''
  #stop: () => void = () => undefined

  today = $derived(dayOf(this.now))
  period: Period = $derived(read(this.#search, this.today, i18n.row.calendar, i18n.row.firstDay))
  against = $derived(againstOf(this.period, this.today, i18n.row.calendar))
  fresh = $derived(this.overview ? freshOf(this.overview, this.now.getTime()) : undefined)
  // Until the program has told of a span that was just chosen, the figures are of another.
  turning = $derived(this.overview !== undefined && (this.overview.span.from !== this.period.from || this.overview.span.to !== this.period.to))

  follow(): void {
    setInterval(() => (this.now = new Date()), 15_000)
    addEventListener('popstate', () => (this.#search = location.search))
    $effect.root(() => {
      $effect(() => this.#ask(`?from=${this.period.from}&to=${this.period.to}&against_from=${this.against.from}&against_to=${this.against.to}`))
    })
  }

  #ask(q: string): void {
    if (q === this.#asked) return
    this.#asked = q
    this.#stop()
    this.#stop = live<Overview>('/api/events' + q, 'overview', (o) => (this.overview = o), (r) => (this.reach = r))
  }

  choose = (p: Period): void => {
    history.pushState(null, '', write(p) + location.hash)
    this.#search = location.search
  }
}

export const centre = new Centre()
