/** Viewers of MJPEG streams: the core sends them the pictures, and a camera captures for as long as it has some. */

import { TypedEvents } from '../../base/events.js'
import type { Logger } from '../../base/logger.js'
import type { Core, NativeEvent, ViewerEnd, ViewerOptions, ViewerStats, ViewerTotals } from '../../native/index.js'
import { DEFAULT_CAMERA } from '../capture/capture-types.js'
import type { Captures } from '../capture/captures.js'

export interface CameraViewersOptions {
  readonly core: Pick<
    Core,
    'addViewer' | 'endViewer' | 'endViewers' | 'viewers' | 'viewerCount' | 'viewerTotals' | 'limitViewerRate'
  >
  readonly captures: Pick<Captures, 'want' | 'defaultDevice'>
  readonly logger: Logger
}

export type ViewerEvents = { ended: ViewerEnd }

export class CameraViewers {
  readonly events: TypedEvents<ViewerEvents>
  readonly #options: CameraViewersOptions
  readonly #wants = new Map<number, { release(): void }>()

  constructor(options: CameraViewersOptions) {
    this.#options = options
    this.events = new TypedEvents((thrown) => options.logger.error({ error: String(thrown) }, 'a listener of viewers failed'))
  }

  /**
   * The core duplicates the socket and sends `options.head`, then the pictures of the camera; `default`: of whichever is the default
   * camera at the time. Throws CAMERA_NOT_FOUND, and the core's errors when it cannot take the socket.
   */
  add(fd: number, device: string, options: ViewerOptions): number {
    const { core, captures } = this.#options
    // First the demand: it fails for a camera never heard of, before anything was taken.
    const want = captures.want(device)
    try {
      const viewer = core.addViewer(fd, device, options)
      this.#wants.set(viewer, want)
      return viewer
    } catch (thrown) {
      want.release()
      throw thrown
    }
  }

  end(viewer: number): void {
    this.#options.core.endViewer(viewer)
  }

  /** Each with its closing boundary. */
  endAll(): void {
    this.#options.core.endViewers()
  }

  /** Of all cameras. */
  get total(): number {
    return this.#wants.size
  }

  /** Frames that all of them were sent and were too slow for, since the start. */
  get totals(): ViewerTotals {
    return this.#options.core.viewerTotals()
  }

  /** No viewer gets more frames per second, whatever it asked for; 0: no such limit. */
  limitRate(maxFps: number): void {
    this.#options.core.limitViewerRate(maxFps)
  }

  count(device: string): number {
    return this.#channels(device).reduce((sum, channel) => sum + this.#options.core.viewerCount(channel), 0)
  }

  list(device: string): readonly ViewerStats[] {
    return this.#channels(device).flatMap((channel) => this.#options.core.viewers(channel))
  }

  /** Takes the core's events. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.type !== 'viewer_ended') continue
      this.#wants.get(event.viewer)?.release()
      this.#wants.delete(event.viewer)
      this.events.emit('ended', event)
    }
  }

  #channels(device: string): readonly string[] {
    return device === this.#options.captures.defaultDevice ? [device, DEFAULT_CAMERA] : [device]
  }
}
