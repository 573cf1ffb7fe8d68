// Registers the worker that brings the page up while the program is away. Plain http has
// none; the page says so.

const busy = 'rawaj-busy'
const look = 10_000 // how often a page looks whether a version that waits may come in
const atRest = 30_000 // since somebody touched the page: nobody is typing, or reading change
let touched = 0
let release: (() => void) | undefined

// holdVersion keeps a new version waiting while there is something in a cart, in this tab
// or another.
export function holdVersion(hold: boolean): void {
  if (!hold) {
    release?.()
    release = undefined
  } else if (!release && navigator.locks) {
    const held = new Promise<void>((done) => (release = done))
    void navigator.locks.request(busy, { mode: 'shared' }, () => held)
  }
}

export function workOffline(): void {
  const workers = navigator.serviceWorker
  if (!import.meta.env.PROD || !workers) return
  let first = !workers.controller
  workers.addEventListener('controllerchange', () => {
    if (!first) location.reload()
    first = false
  })
  // Once the first screen stands: fetching the build must not delay it.
  const idle = window.requestIdleCallback ?? ((f: () => void) => setTimeout(f, 500))
  idle(() => void register(workers), { timeout: 3_000 })
  for (const touch of ['pointerdown', 'keydown'] as const) addEventListener(touch, () => (touched = Date.now()), { passive: true })
}

function register(workers: ServiceWorkerContainer): void {
  void workers.register('/sw.js').then(
    (r) => {
      const offer = (): void => void takeOver(r)
      const watch = (w: ServiceWorker | null): void => w?.addEventListener('statechange', offer)
      watch(r.installing)
      r.addEventListener('updatefound', () => watch(r.installing))
      offer()
      setInterval(offer, look)
    },
    () => undefined, // the program is away, or the browser has no room: the page works on
  )
}

// takeOver lets a version in that waits, if nothing is in a cart and nobody is at work.
async function takeOver(r: ServiceWorkerRegistration): Promise<void> {
  if (!r.waiting || !r.active || Date.now() - touched < atRest) return
  await navigator.locks.request(busy, { ifAvailable: true }, (free) => {
    if (free) r.waiting?.postMessage('take over')
  })
}

// lookForVersion asks the program whether it has newer pages: it may have been replaced.
export async function lookForVersion(): Promise<void> {
  const r = await navigator.serviceWorker?.getRegistration()
  await r?.update().catch(() => undefined)
}
