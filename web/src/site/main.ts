import { mount } from 'svelte'
import { site } from '../api/api'
import { settings } from '../i18n/settings.svelte'
import { kept } from '../offline/kept.svelte'
import { workOffline } from '../offline/worker'
import '../style/all.css'
import App from './App.svelte'
import { place } from './place.svelte'

// Who was here last comes up at once, with what this browser keeps; the program is asked
// meanwhile. The site says its language; a person's own choice comes before it.
await kept.open()
const me = kept.snapshot?.me ?? (await site.me().catch(async (e: unknown) => void (await place.refused(e))))
if (me) await place.is(me)
await settings.start(me?.lang)
place.follow()
mount(App, { target: document.getElementById('app')! })
if (!place.wiped) workOffline()
