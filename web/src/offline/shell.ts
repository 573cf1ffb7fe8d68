// How the worker answers: the page itself from the shell, what was built from the cache,
// and everything else not at all, so that it goes to the program as if no worker were
// there: calls, the one-time link that signs a browser in, writes, other hosts.
export interface Asked {
  method: string
  url: string
  mode: string
}

export type From = 'shell' | 'cache' | 'program'

export function answerFrom(q: Asked, origin: string, built: ReadonlySet<string>): From {
  const url = new URL(q.url)
  if (q.method !== 'GET' || url.origin !== origin) return 'program'
  if (q.mode === 'navigate') return url.pathname === '/' && !url.search ? 'shell' : 'program'
  return built.has(url.pathname) ? 'cache' : 'program'
}
