/** Typed events: facts in the past tense with plain data. One bad listener cannot hurt the emitter or the others. */

type EventMap = Record<string, unknown>
type Listener<Payload> = (payload: Payload) => void

export class TypedEvents<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>()
  readonly #onListenerError: (thrown: unknown, event: string) => void

  /** `onListenerError` hears what listeners throw; it must not throw itself. */
  constructor(onListenerError: (thrown: unknown, event: string) => void) {
    this.#onListenerError = onListenerError
  }

  /** Adds a listener; the function returned removes it. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Events[Name]>): () => void {
    let listeners = this.#listeners.get(event)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(event, listeners)
    }
    const known = listeners
    known.add(listener as Listener<never>)
    return () => {
      known.delete(listener as Listener<never>)
    }
  }

  /** Calls each listener in the order of subscription. Never throws. */
  emit<Name extends keyof Events>(event: Name, payload: Events[Name]): void {
    const listeners = this.#listeners.get(event)
    if (listeners === undefined) return
    for (const listener of listeners) {
      try {
        ;(listener as Listener<Events[Name]>)(payload)
      } catch (thrown) {
        this.#onListenerError(thrown, String(event))
      }
    }
  }
}
