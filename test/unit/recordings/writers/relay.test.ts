import { expect, it } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { WriterRelay } from '../../../../src/recordings/writers/relay.js'
import type { Writer } from '../../../../src/recordings/writers/writer.js'
import { FakeClock } from '../../../support/fake-clock.js'

it('never has two writers at once, however many reasons there are to begin anew', async () => {
  const clock = new FakeClock()
  let [made, atWork, most] = [0, 0, 0]
  const makeWriter = (): Writer => {
    made += 1
    let works = false
    return {
      ...{ kind: 'ffmpeg', extension: 'mp4', facts: undefined, shortBelowMs: 0 },
      start: async () => {
        works = true
        atWork += 1
        most = Math.max(most, atWork)
        await Promise.resolve()
      },
      stop: async () => {
        await Promise.resolve()
        if (works) atWork -= 1
        works = false
      },
    }
  }
  const relay = new WriterRelay({
    ...{ device: 'camera0', clock, logger: createLogger({ level: 'silent', format: 'json' }), makeWriter },
    ...{ maxRestarts: 5, onEnded: () => undefined, isWanted: () => true, countFiles: async () => 0 },
    events: { onSegment: () => undefined, onTouched: () => undefined, onGap: () => undefined, onInterrupted: () => undefined },
    closeFiles: async () => undefined,
    giveUp: () => undefined,
    signal: new AbortController().signal,
  })
  await relay.start(true)
  let isOver = false
  const both = Promise.all([relay.restart(), relay.restart()]).finally(() => {
    isOver = true
  })
  // The second time it pauses before.
  while (!isOver) {
    clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await both
  expect(made).toBeGreaterThan(1)
  expect(most).toBe(1)
  await relay.stop()
  expect(atWork).toBe(0)
})
