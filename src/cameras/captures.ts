/**
 * Who needs frames: captures run while somebody holds a lease, and a linger time beyond (starting a camera takes up to seconds).
 * The core stays the one owner of the device; this decides when it is one.
 */

import { type BackoffOptions, backoffMs } from '../base/backoff.js'
import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import type { CaptureInfo, Core, NativeEvent } from '../native/index.js'
import { captureError, nativeCode } from './capture-fault.js'
import type { CameraRegistry } from './registry.js'
import type { Camera } from './types.js'

export interface Lease {
  readonly camera: Camera
  readonly source: string
  readonly info: CaptureInfo
  /** Idempotent. */
  release(): void
}

export interface CapturesOptions {
  readonly core: Core
  readonly registry: CameraRegistry
  readonly clock: Clock
  readonly logger: Logger
  readonly lingerMs: number
  readonly random: () => number
}

interface Running {
  readonly camera: Camera
  readonly source: string
  leases: number
  /** The start under way or done; undefined while a capture that failed waits for its next try. */
  started: Promise<CaptureInfo> | undefined
  /** Frames came, and no failure has been heard of since. */
  up: boolean
  /** Failures since frames came last. */
  failures: number
  /** The one timer: of the next try while somebody waits for frames, else of the end. */
  cancelTimer: (() => void) | undefined
}

const RETRY: Omit<BackoffOptions, 'random'> = { firstMs: 500, maxMs: 30_000, jitter: 0.2 }

export class Captures {
  readonly #options: CapturesOptions
  readonly #running = new Map<string, Running>()

  constructor(options: CapturesOptions) {
    this.#options = options
  }

  /**
   * Frames of a camera for as long as the lease is held; starts the capture when none runs. Throws CAMERA_NOT_FOUND, INVALID_STATE
   * (unplugged, or nothing usable offered), DEPENDENCY_FAILED (the camera refused).
   */
  async lease(device: string): Promise<Lease> {
    const camera = this.#options.registry.get(device)
    const { source } = camera
    if (source === undefined || camera.mode === undefined) throw unusable(camera)

    const running = this.#running.get(source) ?? this.#add(camera, source)
    running.leases += 1
    // Whoever asks while the next try is waited for has it made at once: a lease on a capture that is down would be worth nothing.
    const started = running.started ?? this.#start(running)
    this.#disarm(running)
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#release(running)
    }
    try {
      return { camera, source, info: await started, release }
    } catch (thrown) {
      release()
      throw captureError(thrown)
    }
  }

  /** Takes the core's events, after the registry had them. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.type === 'gone') this.#forget(event.source)
      if (event.type !== 'capture') continue
      const { registry } = this.#options
      const running = this.#running.get(event.source)
      if (event.state === 'started' || event.state === 'restarted') {
        registry.setCaptureFault(event.source, undefined)
        if (running?.started !== undefined) running.up = true
      }
      if (event.state === 'stalled') registry.setCaptureFault(event.source, 'STALLED')
      if (event.state === 'failed') {
        registry.setCaptureFault(event.source, event.fault?.code ?? 'INTERNAL')
        // The failure of a start is told by its promise, and the two come in either order.
        if (running?.up === true) this.#down(running)
      }
      if (event.state === 'gone') this.#forget(event.source)
    }
  }

  /** Ends everything; leases given out are dead afterwards. */
  async stop(): Promise<void> {
    const sources = [...this.#running.keys()]
    for (const source of sources) this.#forget(source)
    await Promise.allSettled(sources.map((source) => this.#options.core.stopCapture(source)))
  }

  #add(camera: Camera, source: string): Running {
    const running: Running = {
      camera,
      source,
      leases: 0,
      started: undefined,
      up: false,
      failures: 0,
      cancelTimer: undefined,
    }
    this.#running.set(source, running)
    return running
  }

  /** Settles after the record has been brought up to date. */
  #start(running: Running): Promise<CaptureInfo> {
    const started = this.#capture(running).then(
      (info) => {
        if (running.started === started) {
          running.up = true
          running.failures = 0
        }
        return info
      },
      (thrown: unknown) => {
        if (running.started === started) this.#down(running)
        throw thrown
      },
    )
    running.started = started
    return started
  }

  async #capture({ camera, source }: Running): Promise<CaptureInfo> {
    const { mode } = camera
    if (mode === undefined) throw unusable(camera)
    const { core, registry } = this.#options
    try {
      const info = await core.startCapture(source, mode)
      registry.setCaptureFault(source, undefined)
      return info
    } catch (thrown) {
      const code = nativeCode(thrown)
      if (code !== undefined && code !== 'CAMERA_GONE' && code !== 'ABORTED') registry.setCaptureFault(source, code)
      throw thrown
    }
  }

  /** No frames come any more: tried again while somebody needs them, ever more slowly. */
  #down(running: Running): void {
    running.started = undefined
    running.up = false
    if (this.#running.get(running.source) !== running) return
    if (running.leases === 0) {
      this.#forget(running.source)
      return
    }
    const delayMs = backoffMs(running.failures, { ...RETRY, random: this.#options.random })
    running.failures += 1
    this.#arm(running, delayMs, () => {
      // Its failure has been dealt with when it rejects.
      this.#start(running).catch(() => undefined)
    })
  }

  #release(running: Running): void {
    running.leases -= 1
    if (running.leases > 0 || this.#running.get(running.source) !== running) return
    // A capture that does not run is not tried again for its own sake, and nothing of it has to linger.
    if (running.started === undefined) this.#forget(running.source)
    else this.#arm(running, this.#options.lingerMs, () => this.#end(running))
  }

  #end(running: Running): void {
    this.#forget(running.source)
    this.#options.core.stopCapture(running.source).catch((thrown: unknown) => {
      this.#options.logger.warn({ device: running.camera.device, error: String(thrown) }, 'capture did not stop in time')
    })
  }

  #forget(source: string): void {
    const running = this.#running.get(source)
    if (running === undefined) return
    this.#disarm(running)
    this.#running.delete(source)
  }

  #arm(running: Running, delayMs: number, task: () => void): void {
    this.#disarm(running)
    running.cancelTimer = this.#options.clock.after(delayMs, () => {
      running.cancelTimer = undefined
      task()
    })
  }

  #disarm(running: Running): void {
    running.cancelTimer?.()
    running.cancelTimer = undefined
  }
}

function unusable(camera: Camera): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: camera.status, allowed_states: ['CONNECTED'] },
    details: camera.source === undefined ? 'the camera is not plugged in' : 'the camera offers no format that can be used',
  })
}
