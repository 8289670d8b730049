/** Parts of one camera's stream, for as long as they are wanted: connects, watches, and connects again by itself. */

import { Refused } from './api.js'
import { NotMultipart, type Part, PartCutter } from './multipart.js'
import { Ongoing } from './ongoing.js'
import { either, wait } from './wait.js'

export type StreamState =
  | { readonly kind: 'connecting' | 'open' }
  /** Tried again by itself. */
  | { readonly kind: 'waiting'; readonly reason: 'away' | 'ended' | 'silent' | 'refused'; readonly text: string }
  /** Not tried again. */
  | { readonly kind: 'failed'; readonly reason: 'sign-in' | 'unreadable' }

export interface StreamPorts {
  /** Throws Refused or Unreachable. */
  open(signal: AbortSignal): Promise<Response>
  onPart(part: Part, arrivedMs: number): void
  onState(state: StreamState): void
}

const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 4_000
/** A placeholder comes every second, so a stream that says nothing for so long is dead. */
const SILENCE_MS = 8_000
/** Streams in a row that opened and could not be read: the browser does not let us. */
const MAX_UNREADABLE = 3

export class LiveStream extends Ongoing {
  readonly #ports: StreamPorts

  constructor(ports: StreamPorts) {
    super()
    this.#ports = ports
  }

  protected async run(signal: AbortSignal): Promise<void> {
    let failures = 0
    let unreadable = 0
    while (!signal.aborted) {
      this.#ports.onState({ kind: 'connecting' })
      const { state, parts, opened } = await this.#once(signal)
      if (signal.aborted) return
      unreadable = opened && parts === 0 ? unreadable + 1 : 0
      if (unreadable >= MAX_UNREADABLE) {
        this.#ports.onState({ kind: 'failed', reason: 'unreadable' })
        return
      }
      this.#ports.onState(state)
      if (state.kind === 'failed') return
      failures = parts > 0 ? 1 : failures + 1
      await wait(Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1)), signal)
    }
  }

  /** One connection, from its opening to its end. */
  async #once(signal: AbortSignal): Promise<{ readonly state: StreamState; readonly parts: number; readonly opened: boolean }> {
    const quiet = new AbortController()
    let silence = setTimeout(() => quiet.abort(), SILENCE_MS)
    let parts = 0
    let opened = false
    const cutter = new PartCutter((part) => {
      parts += 1
      if (!signal.aborted) this.#ports.onPart(part, performance.timeOrigin + performance.now())
    })
    try {
      const response = await this.#ports.open(either(signal, quiet.signal))
      if (response.body === null) throw new NotMultipart('the browser does not show the stream')
      opened = true
      this.#ports.onState({ kind: 'open' })
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read()
        clearTimeout(silence)
        if (done) return { parts, opened, state: { kind: 'waiting', reason: 'ended', text: 'The stream ended' } }
        silence = setTimeout(() => quiet.abort(), SILENCE_MS)
        cutter.push(value)
      }
    } catch (thrown) {
      return { parts, opened, state: stateAfter(thrown, quiet.signal.aborted) }
    } finally {
      clearTimeout(silence)
      quiet.abort()
    }
  }
}

function stateAfter(thrown: unknown, wasSilent: boolean): StreamState {
  if (thrown instanceof NotMultipart) return { kind: 'failed', reason: 'unreadable' }
  if (thrown instanceof Refused) {
    if (thrown.status === 401) return { kind: 'failed', reason: 'sign-in' }
    return { kind: 'waiting', reason: 'refused', text: thrown.message }
  }
  if (wasSilent) return { kind: 'waiting', reason: 'silent', text: 'The stream fell silent' }
  return { kind: 'waiting', reason: 'away', text: 'The service does not answer' }
}
