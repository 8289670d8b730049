import { expect, it, vi } from 'vitest'
import { DescriptorGuard } from '../../../src/base/descriptor-guard.js'
import { FakeClock } from '../../support/fake-clock.js'

async function setUp(limit: number) {
  const clock = new FakeClock()
  let others = 20
  let sockets = 0
  let looks = 0
  const changes: boolean[] = []
  const guard = new DescriptorGuard({
    clock,
    reserved: 64,
    onChange: (isFull) => changes.push(isFull),
    count: async () => {
      looks += 1
      return others + sockets
    },
    limit: async () => limit,
  })
  await guard.start()
  const move = (change: number): void => {
    for (let moved = 0; moved < Math.abs(change); moved += 1) {
      sockets += Math.sign(change)
      guard.socket(Math.sign(change))
    }
  }
  const look = async (afterMs = 1_000): Promise<void> => {
    const before = looks
    clock.advance(afterMs)
    await vi.waitFor(() => expect(looks).toBeGreaterThan(before))
    await Promise.resolve()
  }
  return { guard, clock, changes, move, look, looks: () => looks, open: (more: number) => (others += more) }
}

it('is full when 64 are left, at once, and no more when 80 are', async () => {
  const { move, look, changes } = await setUp(256)
  move(171)
  expect(changes).toEqual([])
  move(1)
  expect(changes).toEqual([true])
  move(-16)
  await look()
  expect(changes).toEqual([true])
  move(-1)
  expect(changes).toEqual([true, false])
})

it('sees what others open, too, and looks at nothing while most are free', async () => {
  const { guard, clock, move, look, open, looks, changes } = await setUp(256)
  clock.advance(60_000)
  expect(looks()).toBe(1)
  move(120)
  open(60)
  await look()
  await vi.waitFor(() => expect(changes).toEqual([true]))
  guard.stop()
  expect(clock.pending).toBe(0)
})

it('is put right within a quarter of a second when the end of sockets was never told', async () => {
  const { guard, look, changes } = await setUp(256)
  // All of them have gone again.
  for (let came = 0; came < 1_000; came += 1) guard.socket(1)
  expect(changes).toEqual([true])
  await look(250)
  await vi.waitFor(() => expect(changes).toEqual([true, false]))
})
