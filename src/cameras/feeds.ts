/** Pipes of JPEGs for child processes: a lease on the capture plus a feed of the hub, closed together. */

import type { Core, FeedStats, NativeEvent } from '../native/index.js'
import { captureError } from './capture-fault.js'
import type { Captures } from './captures.js'

export interface CameraFeed {
  /** Read end for the child's stdin. */
  readonly readFd: number
  readonly width: number
  readonly height: number
  readonly fps: number
  /** Closes our copy of the read end: to be called once the child has it. */
  spawned(): void
  stats(): FeedStats | undefined
  /** Called once when frames end for a reason of ours or the camera's; never after `close`. */
  onEnded(listener: (reason: string) => void): void
  close(): void
}

export interface FeedsOptions {
  readonly core: Core
  readonly captures: Captures
  /** A child that takes nothing for so long is given up. */
  readonly stallMs: number
}

interface Open {
  readonly source: string
  end(reason: string): void
}

export class CameraFeeds {
  readonly #options: FeedsOptions
  readonly #open = new Map<number, Open>()

  constructor(options: FeedsOptions) {
    this.#options = options
  }

  /** Throws as `Captures.lease` does. */
  async open(device: string): Promise<CameraFeed> {
    const { core, captures, stallMs } = this.#options
    const lease = await captures.lease(device)
    let feed: ReturnType<Core['openFeed']>
    try {
      feed = core.openFeed(lease.source, { stallMs })
    } catch (thrown) {
      lease.release()
      throw captureError(thrown)
    }

    let listener: ((reason: string) => void) | undefined
    const close = (): void => {
      if (!this.#open.delete(feed.id)) return
      core.closeReadEnd(feed.id)
      core.closeFeed(feed.id)
      lease.release()
    }
    this.#open.set(feed.id, {
      source: lease.source,
      end: (reason) => {
        close()
        listener?.(reason)
      },
    })
    return {
      readFd: feed.readFd,
      width: lease.info.width,
      height: lease.info.height,
      fps: lease.info.interval.den / lease.info.interval.num,
      spawned: () => core.closeReadEnd(feed.id),
      stats: () => core.feedStats(feed.id),
      onEnded: (given) => {
        listener = given
      },
      close,
    }
  }

  /** Takes the core's events. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.type === 'feed_ended') this.#open.get(event.feed)?.end(event.reason)
      const gone = event.type === 'gone' || (event.type === 'capture' && event.state === 'gone')
      if (!gone) continue
      for (const feed of [...this.#open.values()]) if (feed.source === event.source) feed.end('camera_gone')
    }
  }
}
