/** What recordings ask of the cameras. Declared here, given by the application. */

export interface RecordedCamera {
  /** Stable key of the hardware. */
  readonly identity: string
  readonly name: string
  /** Its frames pass through our hub; a stream of another machine is known to MediaMTX only. */
  readonly hasHub: boolean
}

/** Every frame of one camera in a pipe, in order. */
export interface RecordingFeed {
  /** Read end, for the child's stdin. */
  readonly readFd: number
  readonly codec: 'jpeg' | 'h264'
  readonly width: number
  readonly height: number
  readonly fps: number
  /** The child has its copy: closes ours. */
  spawned(): void
  /** Frames were left out because the child or the disk was too slow. */
  onGap(listener: (gap: { readonly missed: number }) => void): void
  /** Called once when frames end by themselves: `camera_gone`, `mode_changed`, `stalled`, … */
  onEnded(listener: (reason: string) => void): void
  close(): void
}

export interface RecordingCameras {
  /** Throws CAMERA_NOT_FOUND, and INVALID_STATE while it is unplugged. */
  get(device: string): RecordedCamera
  /** Starts the capture when needed. Rejects with a ServiceError when the camera cannot deliver. */
  openFeed(device: string): Promise<RecordingFeed>
  /** Calls `listener` after each unplugging; the function returned ends it. */
  onGone(listener: (device: string) => void): () => void
}
