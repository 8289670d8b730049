/** What the application tells `media/`. Required things first; defaults stand beside the optional ones. */

import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { Credentials } from './api/client.js'
import type { EncoderWord } from './publish/encoders.js'
import type { CameraFeeds } from './publish/feeds.js'
import { type CodecOptions, DEFAULT_CODEC } from './publish/ffmpeg-args.js'
import { DEFAULT_TEMPLATES, type LinkTemplates } from './streams/links.js'

export interface MediaOptions {
  readonly feeds: CameraFeeds
  readonly cameras: {
    /** Whether a camera of this id is known, present or not. */
    exists(device: string): boolean
  }
  readonly clock: Clock
  readonly logger: Logger
  /** Sockets go below `run/`, our server's files below `mediamtx/`. */
  readonly stateDir: string
  /** `PATH`, for programs and for children. */
  readonly searchPath: string
  /** `auto`: adopt one that answers, else run a program that is found. */
  readonly mode?: 'auto' | 'external' | 'managed' | 'off'
  readonly host?: string
  readonly apiPort?: number
  readonly rtspPort?: number
  readonly hlsPort?: number
  readonly webrtcPort?: number
  readonly webrtcUdpPort?: number
  /** `free`: our own server takes whatever ports are free instead of those above. */
  readonly ports?: 'fixed' | 'free'
  /** Interface on which our own server serves viewers; all when empty. */
  readonly listenHost?: string
  /** For the control API of a server that is not ours. */
  readonly apiCredentials?: Credentials
  /** Deadline of a write to the control API. */
  readonly apiTimeoutMs?: number
  /** For publishing to a server that is not ours. */
  readonly publishCredentials?: Credentials
  /** MediaMTX program; searched when absent. */
  readonly binary?: string
  readonly ffmpeg?: string
  /** `camera-notifier` as built; without it demand cannot be seen and cameras are published all the time. */
  readonly notifierFile?: string
  /** `publish_guard.so` as built; see `publish/guard.ts`. */
  readonly guardFile?: string
  readonly codec?: CodecOptions
  /** `auto`: hardware that proves itself, else software. */
  readonly encoder?: EncoderWord | 'auto'
  /** `auto`: while wanted, where the server can run the notifier, else always. */
  readonly publish?: 'auto' | 'always'
  /** Also take over paths of our names that somebody else configured. */
  readonly takeOverPaths?: boolean
  readonly compareIntervalMs?: number
  /** How long a reader waits for the first frame. */
  readonly startTimeoutMs?: number
  /** How long MediaMTX keeps its own demand after the last reader; at least 2 s. */
  readonly demandCloseAfterMs?: number
  /** How long a stream that MediaMTX fetches is fetched on after the last reader. Default: as `demandCloseAfterMs`. */
  readonly sourceCloseAfterMs?: number
  /** How long a publisher runs on after the last viewer. */
  readonly viewCloseAfterMs?: number
  /** How long the path of a camera that was unplugged goes on, with a dark picture. */
  readonly absentKeepMs?: number
  readonly links?: Partial<LinkTemplates>
}

/** Below it demand ends between DESCRIBE and SETUP of the first reader. */
const MIN_DEMAND_CLOSE_MS = 2_000

export type Settings = ReturnType<typeof withDefaults>

export function withDefaults(options: MediaOptions) {
  const demandCloseAfterMs = Math.max(MIN_DEMAND_CLOSE_MS, options.demandCloseAfterMs ?? 10_000)
  return {
    sourceCloseAfterMs: demandCloseAfterMs,
    mode: 'auto' as const,
    host: '127.0.0.1',
    apiPort: 9997,
    rtspPort: 8554,
    hlsPort: 8888,
    webrtcPort: 8889,
    webrtcUdpPort: 8189,
    ports: 'fixed' as const,
    listenHost: '',
    apiCredentials: undefined,
    apiTimeoutMs: 10_000,
    publishCredentials: undefined,
    binary: undefined,
    ffmpeg: 'ffmpeg',
    notifierFile: undefined,
    guardFile: undefined,
    codec: DEFAULT_CODEC,
    encoder: 'auto' as const,
    absentKeepMs: 10_000,
    publish: 'auto' as const,
    takeOverPaths: false,
    compareIntervalMs: 2_000,
    startTimeoutMs: 10_000,
    viewCloseAfterMs: 300_000,
    ...options,
    demandCloseAfterMs,
    links: { ...DEFAULT_TEMPLATES, ...options.links },
  }
}
