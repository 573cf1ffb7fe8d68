import type { Component } from 'svelte'
import type { Key } from '../i18n/i18n.svelte'

// A screen of an app: its place in the address (#till), its word, its picture, and how
// to fetch it. Screens other than the first are fetched when somebody goes there.
export interface Screen {
  id: string
  word: Key
  icon: Component<{ size?: number | string; 'aria-hidden'?: 'true' }>
  load: () => Promise<{ default: Component }>
}
