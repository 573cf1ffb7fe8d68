import { site } from '../../api/api'
import { kept } from '../../offline/kept.svelte'
import { byDay } from './roster'

// Answers may come out of order: none is laid by after one that was asked for later.
let asked = 0
let laidBy = 0

// keepPeople lays by what a roster needs while the program is away: people, sessions, and
// how today's rosters stand.
export async function keepPeople(): Promise<void> {
  const mine = ++asked
  try {
    const [sessions, persons] = await Promise.all([site.sessions(), site.persons('')])
    const today = byDay(sessions, new Date()).today
    const rosters = await Promise.all(today.map(async (s) => [s.id, await site.roster(s.id)] as const))
    if (mine < laidBy) return
    laidBy = mine
    kept.heard({ sessions, persons, rosters: Object.fromEntries(rosters) })
  } catch {
    // the pill says that the program does not answer
  }
}
