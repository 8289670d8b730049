import { beforeEach, expect, test, vi } from 'vitest'
import { Settling } from '../../../../src/media/paths/settling.js'
import { FakeClock } from '../../../support/fake-clock.js'

let clock: FakeClock
let settling: Settling

beforeEach(() => {
  clock = new FakeClock()
  settling = new Settling(clock)
})

const verdict = (settled: readonly string[], problems: Readonly<Record<string, string>> = {}) => ({
  isSettled: (name: string) => settled.includes(name),
  problem: (name: string) => problems[name],
})

test('whoever waits is told by the comparison that began after it', async () => {
  const earlier = settling.begin()
  const told = vi.fn()
  const waiting = settling.wait('camera0').then(told)
  earlier(verdict(['camera0']))
  await Promise.resolve()
  expect(told).not.toHaveBeenCalled()
  settling.begin()(verdict([]))
  settling.begin()(verdict(['camera0']))
  await waiting
  expect(settling.pending).toBe(false)
  expect(clock.pending).toBe(0)
})

test('a problem, the loss of the server and too long a time are failures of MediaMTX', async () => {
  const refused = expect(settling.wait('camera0')).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'MediaMTX', detail: 'refused' },
  })
  settling.begin()(verdict([], { camera0: 'refused' }))
  await refused
  const lost = expect(settling.wait('camera0')).rejects.toMatchObject({ data: { detail: 'gone' } })
  settling.fail('gone')
  await lost
  const late = expect(settling.wait('camera0')).rejects.toMatchObject({ data: { detail: expect.stringContaining('in time') } })
  clock.advance(30_000)
  await late
  expect(clock.pending).toBe(0)
})
