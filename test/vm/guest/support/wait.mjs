// Waiting for facts with a deadline; nothing here sleeps for a fixed time and hopes.
import { setTimeout as pause } from 'node:timers/promises'

/** Calls `look` every `everyMs` until it answers something other than undefined or false; throws after `timeoutMs`. */
export async function eventually(what, look, { timeoutMs = 60_000, everyMs = 25 } = {}) {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await pause(everyMs)
  }
}

/** The promise's value, or an error that says what was awaited. */
export function within(timeoutMs, what, promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${timeoutMs} ms: ${what}`)), timeoutMs)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
