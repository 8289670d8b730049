import { describe, expect, it } from 'vitest'
import { BusyWatch } from '../../../../src/cameras/capture/busy-watch.js'
import type { DeviceOwner } from '../../../../src/cameras/capture/device-owner.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { captureRig, INTERVAL_MS, SETTINGS, settled } from './capture-rig.js'

const OWNER: DeviceOwner = { pid: 42, name: 'v4l2-ctl' }

function setUp(owner: DeviceOwner | undefined = OWNER) {
  const clock = new FakeClock()
  const told: string[] = []
  let held = true
  const watch = new BusyWatch({
    clock,
    lookup: { find: async () => owner, holds: async () => held },
    named: (found) => void told.push(found?.name ?? 'unknown'),
    freed: () => void told.push('freed'),
  })
  return { watch, clock, told, free: () => (held = false) }
}

describe('a busy camera', () => {
  it('has its owner named, and is noticed within one interval after it let go', async () => {
    const { watch, clock, told, free } = setUp()
    watch.start('/dev/video0', 1_000)
    await settled()
    expect(told).toEqual(['v4l2-ctl'])
    clock.advance(1_000)
    await settled()
    free()
    clock.advance(999)
    await settled()
    expect(told).toEqual(['v4l2-ctl'])
    clock.advance(1)
    await settled()
    expect(told).toEqual(['v4l2-ctl', 'freed'])
    clock.advance(60_000)
    expect(clock.pending).toBe(0)
  })

  it('whose owner cannot be seen is not looked at again', async () => {
    const clock = new FakeClock()
    const told: unknown[] = []
    const lookup = { find: async () => undefined, holds: async () => true }
    new BusyWatch({ clock, lookup, named: (found) => void told.push(found), freed: () => undefined }).start('/dev/video0', 1_000)
    await settled()
    expect(told).toEqual([undefined])
    expect(clock.pending).toBe(0)
  })

  it('is tried again within one interval when its owner left between the attempt and the look', async () => {
    const clock = new FakeClock()
    const told: string[] = []
    const owners = [OWNER, undefined]
    const watch = new BusyWatch({
      clock,
      lookup: { find: async () => owners.shift(), holds: async () => owners.length > 1 },
      named: (found) => void told.push(found?.name ?? 'unknown'),
      freed: () => void told.push('freed'),
    })
    watch.start('/dev/video0', 1_000)
    await settled()
    watch.start('/dev/video0', 1_000)
    await settled()
    clock.advance(1_000)
    expect(told).toEqual(['v4l2-ctl', 'unknown', 'freed'])
    expect(clock.pending).toBe(0)
  })

  it('13.20 is tried again within one interval however long each look takes', async () => {
    const clock = new FakeClock()
    const told: string[] = []
    const answers: ((held: boolean) => void)[] = []
    const searches: ((found: DeviceOwner | undefined) => void)[] = []
    const watch = new BusyWatch({
      clock,
      lookup: {
        find: () => new Promise((resolve) => searches.push(resolve)),
        holds: () => new Promise((resolve) => answers.push(resolve)),
      },
      named: (found) => void told.push(found?.name ?? 'unknown'),
      freed: () => void told.push('freed'),
    })
    watch.start('/dev/video0', 1_000)
    clock.advance(700)
    searches.shift()?.(OWNER)
    await settled()
    clock.advance(300)
    expect(answers).toHaveLength(1)
    clock.advance(700)
    answers.shift()?.(true)
    await settled()
    clock.advance(300)
    expect(answers).toHaveLength(1)
    // Refused once more, and then it leaves: the search for another is not waited for.
    watch.start('/dev/video0', 1_000)
    answers.pop()?.(false)
    await settled()
    clock.advance(999)
    expect(told).toEqual(['v4l2-ctl'])
    clock.advance(1)
    expect(told).toEqual(['v4l2-ctl', 'freed'])
    expect(clock.pending).toBe(0)
  })

  it('that another program took from its owner is watched for that one', async () => {
    const clock = new FakeClock()
    const told: string[] = []
    const owners = [OWNER, { pid: 43, name: 'cheese' }]
    let holder = OWNER.pid
    const watch = new BusyWatch({
      clock,
      lookup: { find: async () => owners.shift(), holds: async ({ pid }) => pid === holder },
      named: (found) => void told.push(found?.name ?? 'unknown'),
      freed: () => void told.push('freed'),
    })
    watch.start('/dev/video0', 1_000)
    await settled()
    holder = 43
    watch.start('/dev/video0', 1_000)
    await settled()
    expect(told).toEqual(['v4l2-ctl', 'cheese'])
    for (let looks = 0; looks < 5; looks++) {
      clock.advance(1_000)
      await settled()
    }
    expect(told).toEqual(['v4l2-ctl', 'cheese'])
    holder = 0
    clock.advance(1_000)
    await settled()
    expect(told).toEqual(['v4l2-ctl', 'cheese', 'freed'])
    expect(clock.pending).toBe(0)
  })

  it("that is tried again while its new owner is searched for: who left is not asked again, what is found late is nobody's", async () => {
    const clock = new FakeClock()
    const told: string[] = []
    const searches: ((found: DeviceOwner | undefined) => void)[] = []
    const watch = new BusyWatch({
      clock,
      lookup: { find: () => new Promise((resolve) => searches.push(resolve)), holds: async () => false },
      named: (found) => void told.push(found?.name ?? 'unknown'),
      freed: () => {
        told.push('freed')
        watch.stop()
      },
    })
    watch.start('/dev/video0', 1_000)
    searches.shift()?.(OWNER)
    await settled()
    watch.start('/dev/video0', 1_000)
    await settled()
    clock.advance(1_000)
    searches.shift()?.({ pid: 43, name: 'cheese' })
    await settled()
    expect(told).toEqual(['v4l2-ctl', 'freed'])
    // Refused again.
    watch.start('/dev/video0', 1_000)
    searches.shift()?.({ pid: 43, name: 'cheese' })
    await settled()
    expect(told).toEqual(['v4l2-ctl', 'freed', 'cheese'])
  })

  it('held by the same program as before is not searched for again', async () => {
    const clock = new FakeClock()
    const told: unknown[] = []
    let searches = 0
    const find = async (): Promise<DeviceOwner> => {
      searches += 1
      return OWNER
    }
    const watch = new BusyWatch({
      clock,
      lookup: { find, holds: async ({ pid }) => pid === OWNER.pid },
      named: (found) => void told.push(found?.name),
      freed: () => undefined,
    })
    for (let i = 0; i < 3; i++) {
      watch.start('/dev/video0', 1_000)
      await settled()
    }
    expect(told).toEqual(['v4l2-ctl', 'v4l2-ctl', 'v4l2-ctl'])
    expect(searches).toBe(1)
  })

  it('that was let alone meanwhile tells nothing', async () => {
    const { watch, clock, told } = setUp()
    watch.start('/dev/video0', 1_000)
    watch.stop()
    await settled()
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('13.20 says so with what is known of its owner, and is tried again ever more slowly', async () => {
    const { captures, clock, calls, starts, shown, status } = captureRig()
    captures.configure('camera0', { ...SETTINGS, onDemand: false })
    starts.shift()?.fail('CAMERA_BUSY', 16)
    await expect.poll(() => captures.state('camera0').lastError?.message).toMatch(/its name cannot be seen/)
    expect(captures.state('camera0')).toMatchObject({
      state: 'waiting',
      reason: 'busy',
      lastError: { code: 'CAMERA_BUSY', errno: 16 },
    })
    expect(status()).toBe('ERROR busy')
    expect(shown.at(-1)).toBe('default: (busy)')
    clock.advance(INTERVAL_MS)
    expect(calls).toHaveLength(2)
    starts.shift()?.fail('CAMERA_BUSY', 16)
    await settled()
    clock.advance(2 * INTERVAL_MS - 1)
    expect(calls).toHaveLength(2)
    clock.advance(1)
    expect(calls).toHaveLength(3)
  })
})
