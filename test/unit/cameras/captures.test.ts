import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/base/logger.js'
import { Captures } from '../../../src/cameras/captures.js'
import { CameraRegistry } from '../../../src/cameras/registry.js'
import type { CaptureInfo, Core, NativeEvent } from '../../../src/native/index.js'
import { EventTape, state } from '../../support/devices.js'
import { FakeClock } from '../../support/fake-clock.js'

const LINGER_MS = 3_000
const INFO: CaptureInfo = { width: 1280, height: 720, fourcc: 'MJPG', interval: { num: 1, den: 30 }, buffers: 4, session: 1 }

function setUp() {
  const clock = new FakeClock()
  clock.advance(1_000)
  const logger = createLogger({ level: 'silent', format: 'json' })
  const registry = new CameraRegistry({
    clock,
    logger,
    pins: new Map(),
    modeWish: () => ({}),
    quietMs: 50,
    maxMs: 250,
    ids: new Map(),
    onIds: () => undefined,
    links: () => ({}),
  })
  const tape = new EventTape()
  const camera = state()
  registry.handle([tape.ready(camera)])

  /** Starts under way, oldest first. */
  const starts: { succeed(): void; fail(code: string): void }[] = []
  const calls: string[] = []
  const core: Pick<Core, 'startCapture' | 'stopCapture'> = {
    startCapture: () => {
      calls.push('start')
      return new Promise((resolve, reject) => {
        starts.push({
          succeed: () => resolve(INFO),
          fail: (code) => reject(Object.assign(new Error(code), { code, errno: 16, call: 'open', node: camera.node })),
        })
      })
    },
    stopCapture: async () => {
      calls.push('stop')
    },
  }
  const captures = new Captures({ core: core as Core, registry, clock, logger, lingerMs: LINGER_MS, random: () => 0 })
  const tell = (word: 'started' | 'failed' | 'gone', code?: string): void => {
    const fault = code === undefined ? {} : { fault: { code, errno: 5, call: 'VIDIOC_DQBUF' } }
    const event = { type: 'capture', source: camera.source, state: word, atUs: 0, seq: 0, ...fault } as unknown as NativeEvent
    registry.handle([event])
    captures.handle([event])
  }
  const running = async () => {
    const lease = captures.lease('camera0')
    starts.shift()?.succeed()
    tell('started')
    return await lease
  }
  const status = (): string => {
    const { status: word, reason } = registry.get('camera0')
    return reason === undefined ? word : `${word} ${reason}`
  }
  return { captures, clock, calls, starts, tape, tell, running, status }
}

/** Lets promises that have settled tell it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('captures', () => {
  it('run on for the linger time after the last lease, and a new lease keeps them', async () => {
    const { captures, clock, calls, running } = setUp()
    const first = await running()
    first.release()
    first.release()
    clock.advance(LINGER_MS - 1)
    const second = await captures.lease('camera0')
    clock.advance(10 * LINGER_MS)
    expect(calls).toEqual(['start'])
    second.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'stop'])
    expect(clock.pending).toBe(0)
  })

  it('are shared by leases that come while the start is under way', async () => {
    const { captures, clock, calls, starts } = setUp()
    const leases = [captures.lease('camera0'), captures.lease('camera0')]
    starts.shift()?.succeed()
    const [first, second] = await Promise.all(leases)
    expect(calls).toEqual(['start'])
    first?.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start'])
    second?.release()
    clock.advance(LINGER_MS)
    expect(calls).toEqual(['start', 'stop'])
  })

  it.each(['event first', 'promise first'])('try anew with the next lease after a start that failed (%s)', async (order) => {
    const { captures, clock, calls, starts, tell, status } = setUp()
    const refused = expect(captures.lease('camera0')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    if (order === 'event first') tell('failed', 'CAMERA_BUSY')
    starts.shift()?.fail('CAMERA_BUSY')
    await refused
    if (order === 'promise first') tell('failed', 'CAMERA_BUSY')
    expect(status()).toBe('ERROR busy')
    clock.advance(100)
    expect(clock.pending, 'timers left by a capture nobody wants').toBe(0)

    const again = captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.succeed()
    expect((await again).info).toBe(INFO)
    expect(status()).toBe('CONNECTED')
  })

  it('come back for those who still hold a lease, ever more slowly', async () => {
    const { clock, calls, starts, tell, running, status } = setUp()
    await running()
    tell('failed', 'IO')
    expect(status()).toBe('ERROR capture_failed')
    clock.advance(499)
    expect(calls).toEqual(['start'])
    clock.advance(1)
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.fail('CAMERA_BUSY')
    await settled()
    clock.advance(999)
    expect(calls).toHaveLength(2)
    clock.advance(1)
    expect(calls).toHaveLength(3)
    starts.shift()?.succeed()
    await settled()
    expect(status()).toBe('CONNECTED')
    expect(clock.pending).toBe(0)

    // Frames came, so the next failure is a first one again.
    tell('failed', 'IO')
    clock.advance(500)
    expect(calls).toHaveLength(4)
  })

  it('come back at once when somebody asks in between, for the others too', async () => {
    const { captures, clock, calls, starts, tell, running } = setUp()
    await running()
    tell('failed', 'IO')
    const asked = captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
    starts.shift()?.fail('CAMERA_BUSY')
    await expect(asked).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    // The failed question must not cost the first lease its next try.
    clock.advance(1_000)
    expect(calls).toEqual(['start', 'start', 'start'])
  })

  it('are not tried again once the last lease has gone', async () => {
    const { captures, clock, calls, tell, running } = setUp()
    const lease = await running()
    tell('failed', 'IO')
    lease.release()
    clock.advance(60_000)
    expect(calls).toEqual(['start'])
    void captures.lease('camera0')
    expect(calls).toEqual(['start', 'start'])
  })

  it('notice a failure that is heard before the start has answered', async () => {
    const { captures, clock, calls, starts, tell } = setUp()
    const lease = captures.lease('camera0')
    tell('started')
    tell('failed', 'IO')
    starts.shift()?.succeed()
    await lease
    clock.advance(500)
    expect(calls).toEqual(['start', 'start'])
  })

  it('all end when the service stops', async () => {
    const { captures, clock, calls, running } = setUp()
    await running()
    await captures.stop()
    expect(calls).toEqual(['start', 'stop'])
    expect(clock.pending).toBe(0)
  })

  it.each(['capture', 'device'])('end with an unplugged camera, whatever its leases do (heard of by the %s)', async (by) => {
    const { captures, clock, calls, tape, tell, running } = setUp()
    const lease = await running()
    if (by === 'capture') tell('gone', 'CAMERA_GONE')
    else captures.handle([tape.gone(state())])
    lease.release()
    clock.advance(60_000)
    expect(calls).toEqual(['start'])
    expect(clock.pending).toBe(0)
  })
})
