/** Wire shapes of the streaming methods (contract §9.4). `stream_name` is the path's real name, the camera's id. */

export interface StartedStream {
  readonly device: string
  readonly stream_name: string
  readonly stream_url: string
  readonly status: 'STARTED'
  /** UTC. */
  readonly start_time: string
  /** `300s`: how long it runs without readers. */
  readonly auto_close_after: string
  /** For display. */
  readonly ffmpeg_command: string
}

export interface StoppedStream {
  readonly device: string
  readonly stream_name: string
  readonly status: 'STOPPED'
  readonly start_time: string
  readonly end_time: string
  /** Whole seconds. */
  readonly duration: number
  /** Others still read it. */
  readonly stream_continues: boolean
  readonly message?: string
}

export interface StreamUrl {
  readonly device: string
  readonly stream_name: string
  readonly stream_url: string
  readonly available: boolean
  readonly active_consumers: number
  readonly stream_status: 'READY' | 'NOT_READY' | 'ERROR'
}

export interface StreamStatus {
  readonly device: string
  readonly stream_name: string
  readonly status: 'ACTIVE' | 'INACTIVE' | 'ERROR' | 'STARTING' | 'STOPPING'
  readonly ready: boolean
  readonly ffmpeg_process: { readonly running: boolean; readonly pid: number; readonly uptime: number }
  readonly mediamtx_path: { readonly exists: boolean; readonly ready: boolean; readonly readers: number }
  readonly metrics: {
    readonly bytes_sent: number
    readonly frames_sent: number
    /** Bits per second into MediaMTX. */
    readonly bitrate: number
    readonly fps: number
  }
  readonly start_time: string
  /** Why it does not run as it should. */
  readonly error?: string
}

export interface StreamEntry {
  readonly name: string
  /** Kind of what feeds the path, empty when nothing does. */
  readonly source: string
  readonly ready: boolean
  readonly readers: number
  readonly bytes_sent: number
}
