// What a program tells without being asked. The browser connects anew by itself; where
// the program refuses (the session is over), we try again more slowly.
export type Reach = 'connecting' | 'open' | 'lost'

export function live<T>(path: string, event: string, onValue: (v: T) => void, onReach: (r: Reach) => void): () => void {
  let source: EventSource
  let again: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(path)
    source.onopen = () => onReach('open')
    source.addEventListener(event, (e) => onValue(JSON.parse((e as MessageEvent<string>).data) as T))
    source.onerror = () => {
      onReach('lost')
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 3000)
    }
  }
  onReach('connecting')
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}
