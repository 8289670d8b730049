/** Pipes of frames for child processes: a lease on the capture plus a feed of the hub, closed together. */

import { ServiceError } from '../../base/errors.js'
import type { Core, FeedStats, NativeEvent } from '../../native/index.js'
import { captureError } from '../capture/capture-fault.js'
import type { Captures, Lease } from '../capture/captures.js'

export interface FeedWish {
  /** `newest` (default) for live readers, `every` for recorders: see FeedOptions of the core. */
  readonly policy?: 'newest' | 'every'
  /** In place of the usual time for a child that takes nothing: a disk may pause for longer than a player. */
  readonly stallMs?: number
  /** A pipe whose child goes on with this feed where another ended. */
  readonly into?: { readonly fd: number; readonly codec: CameraFeed['codec'] }
}

/** Frames that a recorder was too slow for. */
export interface FeedGap {
  readonly missed: number
  /** Capture of the first missing one, microseconds of the monotonic clock. */
  readonly atUs: number
}

export interface CameraFeed {
  /** Read end for the child's stdin; -1 with `into`. Throws INVALID_STATE once frames have ended: the number may be another file's by then. */
  readonly readFd: number
  /** JPEGs one after the other, or access units with start codes from a key frame on. */
  readonly codec: 'jpeg' | 'h264'
  readonly width: number
  readonly height: number
  readonly fps: number
  /** Closes our copy of the read end: to be called once the child has it. */
  spawned(): void
  stats(): FeedStats | undefined
  /** Called for each gap in a feed of every frame. */
  onGap(listener: (gap: FeedGap) => void): void
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

const H264 = 'H264'

interface Open {
  readonly device: string
  readonly source: string
  readonly codec: CameraFeed['codec']
  gap(gap: FeedGap): void
  end(reason: string): void
}

export class CameraFeeds {
  readonly #options: FeedsOptions
  readonly #open = new Map<number, Open>()

  constructor(options: FeedsOptions) {
    this.#options = options
  }

  /** Throws as `Captures.lease` does, and INVALID_STATE when the camera gives something else than the child of `into` reads. */
  async open(device: string, wish: FeedWish = {}): Promise<CameraFeed> {
    const { core, captures, stallMs } = this.#options
    const lease = await captures.lease(device)
    const codec = codecOf(lease)
    if (wish.into !== undefined && wish.into.codec !== codec) {
      lease.release()
      throw new ServiceError('INVALID_STATE', { details: `${device} gives ${codec} now` })
    }
    let feed: ReturnType<Core['openFeed']>
    try {
      const how = { stallMs: wish.stallMs ?? stallMs, codec, policy: wish.policy ?? 'newest' } as const
      feed = core.openFeed(lease.source, { ...how, ...intoOf(wish) })
    } catch (thrown) {
      lease.release()
      throw captureError(thrown)
    }

    const isOpen = (): boolean => this.#open.has(feed.id)
    let listener: ((reason: string) => void) | undefined
    let gapListener: ((gap: FeedGap) => void) | undefined
    const close = (): void => {
      if (!this.#open.delete(feed.id)) return
      core.closeReadEnd(feed.id)
      core.closeFeed(feed.id)
      lease.release()
    }
    this.#open.set(feed.id, {
      device,
      source: lease.source,
      codec,
      gap: (gap) => gapListener?.(gap),
      end: (reason) => {
        // Whoever closed it while others were being ended or compared wants to hear nothing more.
        if (!isOpen()) return
        close()
        listener?.(reason)
      },
    })
    return {
      get readFd() {
        if (isOpen()) return feed.readFd
        throw new ServiceError('INVALID_STATE', { details: `the frames of ${device} have ended` })
      },
      codec,
      width: lease.info.width,
      height: lease.info.height,
      fps: lease.info.interval.den / lease.info.interval.num,
      spawned: () => core.closeReadEnd(feed.id),
      stats: () => core.feedStats(feed.id),
      onGap: (given) => {
        gapListener = given
      },
      onEnded: (given) => {
        listener = given
      },
      close,
    }
  }

  /** Takes the core's events. */
  handle(events: readonly NativeEvent[]): void {
    for (const event of events) {
      if (event.type === 'feed_gap') this.#open.get(event.feed)?.gap({ missed: event.missed, atUs: event.atUs })
      if (event.type === 'feed_ended') this.#open.get(event.feed)?.end(event.reason)
      if (event.type === 'capture' && event.state === 'started') void this.#compare(event.source)
      if (event.type === 'resync') this.#lookAnew(new Set(event.devices.map(({ source }) => source)))
      const gone = event.type === 'gone' || (event.type === 'capture' && event.state === 'gone')
      if (gone) this.#gone(event.source)
    }
  }

  /** Events may have been lost. */
  #lookAnew(present: ReadonlySet<string>): void {
    for (const source of new Set([...this.#open.values()].map((feed) => feed.source))) {
      if (present.has(source)) void this.#compare(source)
      else this.#gone(source)
    }
  }

  #gone(source: string): void {
    for (const feed of [...this.#open.values()]) if (feed.source === source) feed.end('camera_gone')
  }

  /** A child that was promised H.264 can do nothing with JPEGs, nor the other way round. */
  async #compare(source: string): Promise<void> {
    for (const feed of [...this.#open.values()].filter((open) => open.source === source)) {
      // At once while it runs; whatever else happens to the capture is told by events.
      const lease = await this.#options.captures.lease(feed.device).catch(() => undefined)
      lease?.release()
      if (lease?.source === source && codecOf(lease) !== feed.codec) feed.end('mode_changed')
    }
  }
}

function intoOf({ into }: FeedWish): { readonly intoFd?: number } {
  return into === undefined ? {} : { intoFd: into.fd }
}

function codecOf(lease: Lease): CameraFeed['codec'] {
  return lease.info.fourcc === H264 ? 'h264' : 'jpeg'
}
