import RefreshCw from '@lucide/svelte/icons/refresh-cw'
import Store from '@lucide/svelte/icons/store'
import type { Screen } from '../ui/screens'
import Till from './till/Till.svelte'

export const screens: Screen[] = [
  { id: 'till', word: 'till.title', icon: Store, load: () => Promise.resolve({ default: Till }) },
  { id: 'sync', word: 'sync.title', icon: RefreshCw, load: () => import('./Sync.svelte') },
]
