import { expect, it, vi } from 'vitest'
import { stopServices } from '../../../src/app/stop.js'
import type { Service } from '../../../src/base/lifecycle.js'
import { createLogger } from '../../../src/base/logger.js'
import { FakeClock } from '../../support/fake-clock.js'

/** A loaded machine takes its time. */

const logger = createLogger({ level: 'silent', format: 'json' })

function services(hangs: boolean) {
  const steps: string[] = []
  const service = (name: string, stop: () => Promise<void>): Service => ({
    name,
    start: async () => undefined,
    stop: () => {
      steps.push(name)
      return stop()
    },
  })
  const cameras = service('cameras', async () => undefined)
  const media = service('media', hangs ? () => new Promise(() => undefined) : async () => undefined)
  return { steps, cameras, order: [cameras, media, service('http', async () => undefined)] }
}

it('ends the parts in reverse order', async () => {
  const { steps, ...parts } = services(false)
  const clock = new FakeClock()
  expect(await stopServices({ ...parts, deadlineMs: 15_000, clock, logger })).toEqual({ late: [] })
  expect(steps).toEqual(['http', 'media', 'cameras'])
  expect(clock.pending).toBe(0)
})

it('cameras stop in time though a part before them hangs', async () => {
  const { steps, ...parts } = services(true)
  const clock = new FakeClock()
  const stopped = stopServices({ ...parts, deadlineMs: 15_000, clock, logger })
  await vi.waitFor(() => expect(steps).toEqual(['http', 'media']))
  clock.advance(400)
  expect(steps).toEqual(['http', 'media', 'cameras'])
  clock.advance(15_000)
  expect(await stopped).toEqual({ late: ['media'] })
})

it('what is under way has its cameras until it is done', async () => {
  const { steps, ...parts } = services(true)
  const clock = new FakeClock()
  let settle = (): void => undefined
  const first = (): Promise<void> =>
    new Promise((resolve) => {
      settle = resolve
    })
  const stopped = stopServices({ ...parts, first, deadlineMs: 15_000, clock, logger })
  clock.advance(4_900)
  expect(steps).toEqual([])
  settle()
  await vi.waitFor(() => expect(steps).toEqual(['http', 'media']))
  clock.advance(400)
  expect(steps).toEqual(['http', 'media', 'cameras'])
  clock.advance(15_000)
  expect(await stopped).toEqual({ late: ['media'] })
})
