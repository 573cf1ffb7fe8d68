import { site } from '../../api/api'
import { kept } from '../../offline/kept.svelte'
import { byDay } from './roster'

// keepPeople lays by what a roster needs while the program is away: people, sessions, and
// how today's rosters stand.
export async function keepPeople(): Promise<void> {
  try {
    const [sessions, persons] = await Promise.all([site.sessions(), site.persons('')])
    const today = byDay(sessions, new Date()).today
    const rosters = await Promise.all(today.map(async (s) => [s.id, await site.roster(s.id)] as const))
    kept.heard({ sessions, persons, rosters: Object.fromEntries(rosters) })
  } catch {
    // the pill says that the program does not answer
  }
}
