/** The recordings by themselves, in this process: pattern cameras that can be unplugged, a clock that can be set, real ffmpeg. */

import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { ServiceError } from '../../src/base/errors.js'
import { createLogger } from '../../src/base/logger.js'
import {
  type RecordedCamera,
  type RecordingCameras,
  type RecordingEvents,
  type RecordingFeed,
  Recordings,
  type RecordingsOptions,
} from '../../src/recordings/index.js'
import type { FileIndexOptions } from '../../src/recordings/index-store/client.js'
import { IndexEngine } from '../../src/recordings/index-store/engine.js'
import { PatternFeeds } from './media-feed.js'

/** Real time, and a date that somebody can set. */
export class SettableClock implements Clock {
  readonly nowMs = systemClock.nowMs
  readonly after = systemClock.after
  readonly every = systemClock.every
  #stepMs = 0

  wallMs = (): number => Date.now() + this.#stepMs

  step(byMs: number): void {
    this.#stepMs += byMs
  }
}

export class PatternCameras implements RecordingCameras {
  readonly feeds: PatternFeeds
  readonly #present: Set<string>
  readonly #gone = new Set<(device: string) => void>()
  readonly #open = new Map<RecordingFeed, { readonly device: string; end: (reason: string) => void }>()
  /** Called before each opening: a camera may need its time, or fail. */
  beforeOpen: () => Promise<void> = async () => undefined

  constructor(devices: readonly string[]) {
    this.feeds = new PatternFeeds(devices)
    this.#present = new Set(devices)
  }

  get(device: string): RecordedCamera {
    if (!/^camera[0-9]$/.test(device)) throw new ServiceError('CAMERA_NOT_FOUND', { data: { resource: 'camera', id: device } })
    if (!this.#present.has(device)) throw new ServiceError('INVALID_STATE', { data: { state: 'DISCONNECTED' } })
    return { identity: `usb-${device}`, name: device, hasHub: true }
  }

  async openFeed(device: string): Promise<RecordingFeed> {
    await this.beforeOpen()
    this.get(device)
    const handle = await this.feeds.open(device, new AbortController().signal)
    const opened = { device, end: (_reason: string): void => undefined }
    const feed: RecordingFeed = {
      ...handle,
      onGap: () => undefined,
      onEnded: (listener) => {
        opened.end = listener
      },
      close: () => {
        this.#open.delete(feed)
        handle.close()
      },
    }
    this.#open.set(feed, opened)
    return feed
  }

  onGone(listener: (device: string) => void): () => void {
    this.#gone.add(listener)
    return () => this.#gone.delete(listener)
  }

  unplug(device: string): void {
    this.#present.delete(device)
    this.endFeeds(device, 'camera_gone')
    for (const listener of this.#gone) listener(device)
  }

  plug(device: string): void {
    this.#present.add(device)
  }

  /** Frames end, as the hub tells it. */
  endFeeds(device: string, reason: string): void {
    for (const [feed, opened] of [...this.#open]) {
      if (opened.device !== device) continue
      feed.close()
      opened.end(reason)
    }
  }
}

export type Told = {
  readonly [Name in keyof RecordingEvents]: { readonly event: Name } & RecordingEvents[Name]
}[keyof RecordingEvents]

export interface RecordingBench {
  readonly recordings: Recordings
  readonly cameras: PatternCameras
  readonly clock: SettableClock
  readonly base: string
  /** Folder of recordings. */
  readonly dir: string
  /** Everything told, progress left out. */
  readonly told: Told[]
  readonly log: string[]
  files(): string[]
  /** A later run of the service on the same folders. */
  again(options?: Partial<RecordingsOptions>): Promise<RecordingBench>
  close(): Promise<void>
}

export async function openRecordings(
  options: Partial<RecordingsOptions> = {},
  given: { base?: string; cameras?: PatternCameras } = {},
): Promise<RecordingBench> {
  const base = given.base ?? mkdtempSync(join(tmpdir(), 'recordings-'))
  const cameras = given.cameras ?? new PatternCameras(['camera0', 'camera1'])
  const clock = new SettableClock()
  const log: string[] = []
  const told: Told[] = []
  const dir = join(base, 'recordings')
  const recordings = new Recordings({
    cameras,
    media: undefined,
    clock,
    logger: createLogger({ level: 'debug', format: 'json', write: (line) => log.push(line) }),
    stateDir: base,
    recordingsDir: dir,
    snapshotsDir: join(base, 'snapshots'),
    deviceSubdirs: false,
    filePattern: '%path_%Y-%m-%d_%H-%M-%S',
    segmentMs: 3_600_000,
    mediamtxSegmentMs: 3_600_000,
    maxFileBytes: 1e12,
    startTimeoutMs: 15_000,
    maxDurationMs: 86_400_000,
    progressMs: 100,
    maxRestarts: 3,
    ffmpeg: 'ffmpeg',
    searchPath: process.env.PATH ?? '',
    storage: { warnPercent: 99, blockPercent: 100 },
    retention: { type: 'manual', enabled: true, maxAgeDays: 7, maxSizeGb: 1 },
    autoCleanup: false,
    cleanupIntervalMs: 86_400_000,
    openThread: engineHere,
    ...options,
  })
  for (const event of ['started', 'stopped', 'failed', 'storageChanged'] as const) {
    recordings.events.on(event, (fact) => told.push({ event, ...fact } as Told))
  }
  await recordings.start()
  return {
    ...{ recordings, cameras, clock, base, dir, told, log },
    files: () => readdirSync(dir).filter((name) => !name.startsWith('.')),
    again: (more = {}) => openRecordings({ ...options, ...more }, { base, cameras }),
    async close() {
      await recordings.stop()
      rmSync(base, { recursive: true, force: true })
    },
  }
}

/** The index in this thread: sources are not compiled for one of its own. */
const engineHere: NonNullable<FileIndexOptions['openThread']> = (options) => {
  const engine = new IndexEngine(options)
  let listener: Parameters<ReturnType<NonNullable<FileIndexOptions['openThread']>>['onMessage']>[0] = () => undefined
  return {
    postMessage({ id, method, args }) {
      if (method === 'close') engine.close()
      const call = method === 'close' ? () => undefined : (engine[method] as (...args: unknown[]) => unknown)
      Promise.resolve()
        .then(() => call.apply(engine, [...args]))
        .then(
          (value) => listener({ id, value }),
          (thrown: unknown) => listener({ id, failure: { message: String(thrown) } }),
        )
    },
    onMessage: (given) => {
      listener = given
    },
    onEnd: () => undefined,
    end: async () => undefined,
  }
}

/** Process ids of recorders that work in `base`. */
export function recordersIn(base: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, 'latin1').includes('segment_list') && linkOf(entry).startsWith(base)
      } catch {
        return false
      }
    })
    .map(Number)
}

function linkOf(entry: string): string {
  return readlinkSync(`/proc/${entry}/cwd`)
}
