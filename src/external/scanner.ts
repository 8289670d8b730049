/** Knocks at addresses: so many at a time, within so much time, and not a moment longer than it is wanted. */

import { connect } from 'node:net'
import { type Clock, wait } from '../base/clock.js'

export interface Place {
  readonly host: string
  readonly port: number
}

export interface ScanOptions {
  readonly concurrency: number
  /** For all of them together. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Whether something listens there. Default: a TCP connection, closed at once. */
  readonly knock?: Knock
}

/** Never rejects; gives up when told to. */
export type Knock = (place: Place, signal: AbortSignal) => Promise<boolean>

export interface ScanResult<Found> {
  readonly open: readonly Found[]
  /** Places that there was no time for. */
  readonly untried: number
}

/** A machine on the same network answers sooner, or not at all. */
const LONGEST_KNOCK_MS = 2_000
const SHORTEST_KNOCK_MS = 200

/** Places in the order given; those that open come in that order, too. Resolves early, with what there is, when the signal comes. */
export async function scan<Found extends Place>(places: readonly Found[], options: ScanOptions): Promise<ScanResult<Found>> {
  const { concurrency, timeoutMs, clock, knock = knockByTcp } = options
  const end = new AbortController()
  const over = AbortSignal.any([options.signal, end.signal])
  const cancel = clock.after(timeoutMs, () => end.abort())
  // A silent network is waited for as long as there is time for it, so that the last place has its turn.
  const share = (timeoutMs * concurrency) / Math.max(1, places.length)
  const eachMs = Math.min(LONGEST_KNOCK_MS, Math.max(SHORTEST_KNOCK_MS, share))
  const isOpen: boolean[] = []
  let next = 0
  let tried = 0

  const worker = async (): Promise<void> => {
    while (next < places.length && !over.aborted) {
      const index = next
      next += 1
      const place = places[index]
      if (place === undefined) return
      isOpen[index] = await within(eachMs, clock, over, (signal) => knock(place, signal))
      if (isOpen[index] || !over.aborted) tried += 1
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(concurrency, places.length) }, worker))
  } finally {
    cancel()
  }
  return { open: places.filter((_, index) => isOpen[index] === true), untried: places.length - tried }
}

async function within(
  limitMs: number,
  clock: Clock,
  over: AbortSignal,
  ask: (signal: AbortSignal) => Promise<boolean>,
): Promise<boolean> {
  const answered = new AbortController()
  const late = new AbortController()
  void wait(clock, limitMs, answered.signal).then(
    () => late.abort(),
    () => undefined,
  )
  try {
    return await ask(AbortSignal.any([over, late.signal]))
  } finally {
    answered.abort()
  }
}

const knockByTcp: Knock = ({ host, port }, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(false)
    const socket = connect({ host, port })
    const done = (open: boolean): void => {
      signal.removeEventListener('abort', giveUp)
      socket.destroy()
      resolve(open)
    }
    const giveUp = (): void => done(false)
    signal.addEventListener('abort', giveUp, { once: true })
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
  })
