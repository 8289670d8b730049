/** What the core tells by itself. Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970. */

import type { DeviceState } from './device-types.js'
import type { DeviceFault } from './error-types.js'
import type { ViewerEnd } from './viewer-types.js'

interface EventBase {
  /** Gap-free per core. */
  readonly seq: number
  /** When the kernel told it (or the scan found it). */
  readonly atUs: number
}

export type NativeEvent = EventBase &
  /** `present`: there, and not known yet; left out when it is `ready`, known, at once. */
  (
    | ({ readonly type: 'present' | 'ready' | 'changed' } & DeviceState)
    | { readonly type: 'gone'; readonly source: string; readonly node: string }
    | { readonly type: 'flapping'; readonly source: string; readonly node: string }
    /** Earlier events may be lost: `devices` is all that is present now; captures and feeds are to be looked at anew. */
    | { readonly type: 'resync'; readonly devices: readonly DeviceState[] }
    | {
        readonly type: 'capture'
        readonly source: string
        /**
         * `started`: the device streams; `delivering`: its first good frame; `stalled`: no frame for 2 s or 5 frame intervals,
         * whichever is longer; `restarted`: frames again. `failed` and `gone`: the device is closed.
         */
        readonly state: 'started' | 'delivering' | 'stalled' | 'restarted' | 'failed' | 'stopped' | 'gone'
        /** As in CaptureInfo. */
        readonly session: number
        readonly fault?: DeviceFault
      }
    | {
        readonly type: 'feed_ended'
        readonly feed: number
        readonly source: string
        readonly reason: 'closed' | 'broken_pipe' | 'stalled'
      }
    /** A feed left out frames for its slow reader; told when the first one after them is sent. `atUs`: capture of the first missing. */
    | { readonly type: 'feed_gap'; readonly feed: number; readonly source: string; readonly missed: number }
    /** Somebody waits for JPEGs of a camera that gives H.264, or nobody any more: a decoder (openFeed) makes them. */
    | { readonly type: 'jpeg_demand'; readonly source: string; readonly wanted: boolean }
    | ({ readonly type: 'viewer_ended' } & ViewerEnd)
  )
