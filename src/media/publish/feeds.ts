/** What `media/` asks of the cameras: who there is, and their frames in a pipe. Declared here, given by the application. */

/** The reason of a feed whose camera was unplugged. */
export const CAMERA_GONE = 'camera_gone'

/** The reason of a feed whose child closed its end. */
export const CHILD_GONE = 'broken_pipe'

export interface FeedCamera {
  /** Wire id, which is also the name of the path. */
  readonly device: string
  readonly width: number
  readonly height: number
  /** Nominal frames per second. */
  readonly fps: number
}

export interface FeedStats {
  readonly frames: number
  readonly bytes: number
  readonly dropped: number
}

/** One camera's frames in one pipe. The writer never waits for a slow reader: it drops frames. */
export interface CameraFeedHandle {
  /** Read end, for the child's stdin; meaningless for a feed into a pipe that is there. Throws once the feed has ended. */
  readonly readFd: number
  /** JPEGs one after the other, or H.264 access units with start codes from a key frame on. */
  readonly codec: 'jpeg' | 'h264'
  readonly width: number
  readonly height: number
  readonly fps: number
  /** The child has its copy: closes ours. */
  spawned(): void
  /** Ends the feed and frees all descriptors. Idempotent. */
  close(): void
  stats(): FeedStats | undefined
  /** Called once when the feed ends by itself: camera gone (CAMERA_GONE), child dead (CHILD_GONE) or stuck. */
  onEnded(listener: (reason: string) => void): void
}

/** A pipe whose child goes on with another feed. */
export interface FeedPipe {
  /** Any end of it that is open here. */
  readonly fd: number
  readonly codec: CameraFeedHandle['codec']
}

export interface CameraFeeds {
  /** Cameras that can be fed now. */
  list(): readonly FeedCamera[]
  /** Calls `listener` after each change of the list; the function returned removes it. */
  onChange(listener: () => void): () => void
  /** Starts the capture when needed. Frames go into a new pipe, or into that of a feed that ended. Rejects with a ServiceError when the camera cannot deliver. */
  open(device: string, signal: AbortSignal, into?: FeedPipe): Promise<CameraFeedHandle>
}
