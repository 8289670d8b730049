/** Viewers of MJPEG streams. Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970. */

/** How one viewer wants its stream. */
export interface ViewerOptions {
  /** The head of the HTTP response, sent first as it is; at most 2048 bytes. */
  readonly head: string
  /** At most so many frames per second, 0.1 to 240; absent or 0: all. */
  readonly maxFps?: number
  /** Frames older than this are never begun for this viewer; the channel's limit holds as well. Absent or 0: only that. */
  readonly maxAgeMs?: number
  /** After each picture the boundary and the headers of the next part at once; parts then carry nothing but their type. */
  readonly advanceHeaders?: boolean
  /** A picture that is not followed by another is sent once more. */
  readonly dualFinalFrames?: boolean
  /** `X-Frame-...` headers in each part; without effect beside `advanceHeaders`. */
  readonly extraHeaders?: boolean
  /** Shown in the statistics, at most 256 bytes each. */
  readonly label?: string
  readonly remote?: string
}

export interface ViewerStats {
  readonly viewer: number
  readonly label: string
  readonly remote: string
  readonly sinceWallMs: number
  /** Frames and placeholders that were sent whole. */
  readonly frames: number
  /** All that the socket took, heads included. */
  readonly bytes: number
  /** Frames that this viewer was too slow for; those left out for its `maxFps` do not count. */
  readonly skipped: number
  /** `behind`: a frame is half sent. `ending`: the stream is being closed. */
  readonly state: 'keeping_up' | 'behind' | 'ending'
}

/** Of all viewers that there are and were; grows only. */
export type ViewerTotals = Pick<ViewerStats, 'frames' | 'skipped'>

export interface ViewerEnd {
  readonly viewer: number
  readonly channel: string
  /** `closed`: by the viewer. `stalled`: it took no byte for 10 s. `ended`: by us. */
  readonly reason: 'closed' | 'stalled' | 'error' | 'ended'
  readonly frames: number
  readonly bytes: number
  readonly skipped: number
}

/** What viewers see instead of video. */
export interface PlaceholderPicture {
  /** 16 to 16384 pixels; very large ones are drawn smaller in the same shape. */
  readonly width: number
  readonly height: number
  /** The reason in a few words: letters, digits and `: . - #`, shown as capitals; lines are broken at blanks. */
  readonly text: string
}
