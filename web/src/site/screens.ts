import ArrowLeftRight from '@lucide/svelte/icons/arrow-left-right'
import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import Store from '@lucide/svelte/icons/store'
import UsersRound from '@lucide/svelte/icons/users-round'
import type { Screen } from '../ui/screens'
import Till from './till/Till.svelte'

const till: Screen = { id: 'till', word: 'till.title', icon: Store, load: () => Promise.resolve({ default: Till }) }
const attendance: Screen = { id: 'attendance', word: 'attend.title', icon: UsersRound, load: () => import('./attendance/Attendance.svelte') }
const referrals: Screen = { id: 'referrals', word: 'refer.title', icon: ArrowLeftRight, load: () => import('./referrals/Referrals.svelte') }
const sync: Screen = { id: 'sync', word: 'sync.title', icon: RefreshCw, load: () => import('./Sync.svelte') }

// What each kind of site may record: a screen that it may not use
// would only have its work held at head office.
const byKind: Record<string, Screen[]> = {
  stall: [till, sync],
  outlet: [till, sync],
  partner_desk: [referrals, sync],
  wiped: [sync],
}

export const screensOf = (kind: string | undefined): Screen[] => byKind[kind ?? ''] ?? [till, attendance, referrals, sync]
