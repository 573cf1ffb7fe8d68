import GitFork from '@lucide/svelte/icons/git-fork'
import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'
import TabletSmartphone from '@lucide/svelte/icons/tablet-smartphone'
import TriangleAlert from '@lucide/svelte/icons/triangle-alert'
import type { Screen } from '../ui/screens'
import Overview from './overview/Overview.svelte'

export const screens: Screen[] = [
  { id: 'overview', word: 'overview.title', icon: LayoutDashboard, load: () => Promise.resolve({ default: Overview }) },
  { id: 'sites', word: 'sites.title', icon: TabletSmartphone, load: () => import('./sites/Sites.svelte') },
  { id: 'held', word: 'held.title', icon: TriangleAlert, load: () => import('./held/Held.svelte') },
  { id: 'conflicts', word: 'conflicts.title', icon: GitFork, load: () => import('./conflicts/Conflicts.svelte') },
]
