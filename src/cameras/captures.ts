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
  /** Settles with the start under way or done. */
  started: Promise<CaptureInfo>
  attempt: number
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

    const running = this.#running.get(source) ?? this.#begin(camera, source)
    running.leases += 1
    running.cancelTimer?.()
    running.cancelTimer = undefined
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      this.#release(running)
    }
    try {
      return { camera, source, info: await running.started, release }
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
      if (event.state === 'started' || event.state === 'restarted') registry.setCaptureFault(event.source, undefined)
      if (event.state === 'stalled') registry.setCaptureFault(event.source, 'STALLED')
      if (event.state === 'failed') this.#failed(event.source, event.fault?.code ?? 'INTERNAL')
      if (event.state === 'gone') this.#forget(event.source)
    }
  }

  /** Ends everything; leases given out are dead afterwards. */
  async stop(): Promise<void> {
    const sources = [...this.#running.keys()]
    for (const source of sources) this.#forget(source)
    await Promise.allSettled(sources.map((source) => this.#options.core.stopCapture(source)))
  }

  #begin(camera: Camera, source: string): Running {
    const running: Running = {
      camera,
      source,
      leases: 0,
      started: this.#start(camera, source),
      attempt: 0,
      cancelTimer: undefined,
    }
    this.#running.set(source, running)
    // A capture that never ran is not retried for its own sake: the next lease tries anew.
    running.started.catch(() => {
      if (this.#running.get(source) === running && running.attempt === 0) this.#running.delete(source)
    })
    return running
  }

  async #start(camera: Camera, source: string): Promise<CaptureInfo> {
    const { mode } = camera
    if (mode === undefined) throw unusable(camera)
    try {
      const info = await this.#options.core.startCapture(source, mode)
      this.#options.registry.setCaptureFault(source, undefined)
      return info
    } catch (thrown) {
      const code = nativeCode(thrown)
      if (code !== undefined && code !== 'CAMERA_GONE' && code !== 'ABORTED') this.#options.registry.setCaptureFault(source, code)
      throw thrown
    }
  }

  #release(running: Running): void {
    running.leases -= 1
    if (running.leases > 0 || this.#running.get(running.source) !== running) return
    running.cancelTimer?.()
    running.cancelTimer = this.#options.clock.after(this.#options.lingerMs, () => this.#end(running))
  }

  #end(running: Running): void {
    this.#forget(running.source)
    this.#options.core.stopCapture(running.source).catch((thrown: unknown) => {
      this.#options.logger.warn({ device: running.camera.device, error: String(thrown) }, 'capture did not stop in time')
    })
  }

  #forget(source: string): void {
    const running = this.#running.get(source)
    running?.cancelTimer?.()
    this.#running.delete(source)
  }

  /** The core gave up on a running capture: tried again while somebody needs it, ever more slowly. */
  #failed(source: string, code: NonNullable<ReturnType<typeof nativeCode>>): void {
    this.#options.registry.setCaptureFault(source, code)
    const running = this.#running.get(source)
    if (running === undefined) return
    if (running.leases === 0) {
      this.#forget(source)
      return
    }
    const delayMs = backoffMs(running.attempt, { ...RETRY, random: this.#options.random })
    running.attempt += 1
    running.cancelTimer?.()
    running.cancelTimer = this.#options.clock.after(delayMs, () => {
      running.cancelTimer = undefined
      running.started = this.#start(running.camera, source)
      running.started.then(
        () => {
          running.attempt = 0
        },
        (thrown: unknown) => {
          if (this.#running.get(source) === running) this.#failed(source, nativeCode(thrown) ?? 'INTERNAL')
        },
      )
    })
  }
}

function unusable(camera: Camera): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: camera.status, allowed_states: ['CONNECTED'] },
    details: camera.source === undefined ? 'the camera is not plugged in' : 'the camera offers no format that can be used',
  })
}
