import { mount } from 'svelte'
import { settings } from '../i18n/settings.svelte'
import '../style/all.css'
import App from './App.svelte'
import { centre } from './centre.svelte'

await settings.start()
centre.follow()
mount(App, { target: document.getElementById('app')! })
