// Two tabs of one browser have a cart each, kept under a number that a tab holds while it
// is open. The next tab takes a number that is free, one with a cart in it first.

const most = 8
const mine = 'rawaj.slot'
// A reloaded page may come up before the one it replaces has let go.
const letGo = 1_000

export async function takeSlot(locks: LockManager | undefined, full: (slot: number) => boolean): Promise<number> {
  if (!locks) return 0 // plain http: nobody tells tabs apart
  const before = Number(sessionStorage.getItem(mine) ?? NaN)
  if (before >= 0 && (await hold(locks, before, { signal: AbortSignal.timeout(letGo) }))) return before
  const numbers = Array.from({ length: most }, (_, k) => k)
  for (const k of [...numbers.filter(full), ...numbers.filter((k) => !full(k))]) {
    if (await hold(locks, k, { ifAvailable: true })) {
      sessionStorage.setItem(mine, String(k))
      return k
    }
  }
  return most // shared, by the ninth tab and those after it
}

// hold keeps a lock for as long as the page lives.
function hold(locks: LockManager, k: number, how: LockOptions): Promise<boolean> {
  return new Promise((resolve) => {
    locks
      .request(`rawaj-cart-${k}`, how, (lock) => {
        resolve(lock !== null)
        return lock === null ? undefined : new Promise<void>(() => undefined)
      })
      .catch(() => resolve(false))
  })
}
