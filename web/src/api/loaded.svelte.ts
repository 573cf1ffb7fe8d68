// A list that a program is asked for, and asked for again when heard changes: what it
// told last stands until it answers. To be made while a part is set up.
export class Loaded<T> {
  value: T | undefined = $state.raw()
  unreachable = $state(false)
  #ask: () => Promise<T>

  constructor(ask: () => Promise<T>, heard: () => unknown, soonMS = 100) {
    this.#ask = ask
    $effect(() => {
      heard()
      const soon = setTimeout(() => void this.load(), soonMS)
      return () => clearTimeout(soon)
    })
  }

  load = async (): Promise<void> => {
    try {
      this.value = await this.#ask()
      this.unreachable = false
    } catch {
      this.unreachable = true
    }
  }
}
