import { mount } from 'svelte'
import { site } from '../api/api'
import { settings } from '../i18n/settings.svelte'
import '../style/all.css'
import App from './App.svelte'
import { place } from './place.svelte'

// The site says its language; a person's own choice comes before it.
const me = await site.me().catch(() => undefined)
if (me) place.me = me
await settings.start(me?.lang)
place.follow()
mount(App, { target: document.getElementById('app')! })
