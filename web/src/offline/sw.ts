/// <reference lib="webworker" />
// The worker that brings the page up while the program is away. It holds one build: its
// name is the hash of what is in it, and scripts/precache.mjs writes both lists in.
import { answerFrom } from './shell'

declare const self: ServiceWorkerGlobalScope
const build = '__BUILD__'
const assets = '__ASSETS__'.split(' ')
const shell = '/'
const built = new Set(assets)

self.addEventListener('install', (e) => e.waitUntil(fill()))
self.addEventListener('activate', (e) => e.waitUntil(clear().then(() => self.clients.claim())))
self.addEventListener('message', (e) => {
  if (e.data === 'take over') void self.skipWaiting()
})
self.addEventListener('fetch', (e) => {
  const from = answerFrom(e.request, self.location.origin, built)
  if (from !== 'program') e.respondWith(answer(from === 'shell' ? shell : new URL(e.request.url).pathname, e.request))
})

// fill takes the whole build or nothing. Files are named by their content, so those of the
// build before serve again; the shell is always asked for.
async function fill(): Promise<void> {
  const cache = await caches.open(build)
  await Promise.all(
    [shell, ...assets].map(async (path) => {
      const there = path === shell ? undefined : await caches.match(path)
      const r = there ?? (await fetch(path, path === shell ? { cache: 'reload' } : {}))
      if (!r.ok || r.redirected) throw new Error(`${path}: ${r.status}`)
      await cache.put(path, r)
    }),
  )
}

async function clear(): Promise<void> {
  for (const name of await caches.keys()) if (name !== build) await caches.delete(name)
}

async function answer(path: string, asked: Request): Promise<Response> {
  return (await (await caches.open(build)).match(path, { ignoreVary: true })) ?? fetch(asked)
}
