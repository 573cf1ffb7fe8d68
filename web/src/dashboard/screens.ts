import LayoutDashboard from '@lucide/svelte/icons/layout-dashboard'
import TabletSmartphone from '@lucide/svelte/icons/tablet-smartphone'
import type { Screen } from '../ui/screens'
import Overview from './Overview.svelte'

export const screens: Screen[] = [
  { id: 'overview', word: 'overview.title', icon: LayoutDashboard, load: () => Promise.resolve({ default: Overview }) },
  { id: 'sites', word: 'sites.title', icon: TabletSmartphone, load: () => import('./sites/Sites.svelte') },
]
