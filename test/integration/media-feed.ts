/** A camera feed without cameras: one ffmpeg per open writes a moving test picture, as JPEGs or in H.264, into a pipe. */

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CAMERA_GONE, type CameraFeedHandle, type CameraFeeds, type FeedCamera, type FeedPipe } from '../../src/media/index.js'

const OUTPUT = {
  jpeg: ['-q:v', '5', '-f', 'mjpeg'],
  // Not the profile that our own encoder uses.
  h264: [
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-pix_fmt', 'yuv420p'],
    ...['-g', '10', '-bf', '0', '-f', 'h264'],
  ],
}

export class PatternFeeds implements CameraFeeds {
  readonly #listeners = new Set<() => void>()
  /** What unplugs the feeds that are open. */
  readonly #feeds = new Map<string, Set<() => void>>()
  #cameras: FeedCamera[]
  /** Of feeds that are opened from now on. */
  codec: 'jpeg' | 'h264' = 'jpeg'
  /** Feeds open now. */
  openFeeds = 0

  constructor(devices: readonly string[]) {
    this.#cameras = devices.map((device) => ({ device, width: 320, height: 240, fps: 15 }))
  }

  list(): readonly FeedCamera[] {
    return this.#cameras
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setDevices(devices: readonly string[]): void {
    const before = this.#cameras
    this.#cameras = devices.map((device) => ({ device, width: 320, height: 240, fps: 15 }))
    for (const { device } of before.filter((camera) => !devices.includes(camera.device))) {
      for (const unplug of this.#feeds.get(device) ?? []) unplug()
    }
    for (const listener of this.#listeners) listener()
  }

  async open(device: string, _signal: AbortSignal, into?: FeedPipe): Promise<CameraFeedHandle> {
    const dir = mkdtempSync(join(tmpdir(), 'media-feed-'))
    const fifo = join(dir, 'frames')
    execFileSync('mkfifo', [fifo])
    const source = 'testsrc=size=320x240:rate=15'
    const { codec } = this
    const input = ['-y', '-nostdin', '-loglevel', 'quiet', '-re', '-f', 'lavfi', '-i', source]
    const args = [...input, ...OUTPUT[codec], into === undefined ? fifo : 'pipe:1']
    // A pipe that is there is written to by another end of it, which blocks.
    const writeEnd = into && (await open(`/proc/self/fd/${into.fd}`, 'w'))
    const child = spawn('ffmpeg', args, { stdio: ['ignore', writeEnd?.fd ?? 'ignore', 'ignore'] })
    await writeEnd?.close()
    const readEnd = await open(into === undefined ? fifo : '/dev/null', 'r')
    rmSync(dir, { recursive: true })
    this.openFeeds++
    let closed = false
    let handed = false
    const giveAway = () => {
      if (!handed) void readEnd.close()
      handed = true
    }
    let onEnded: ((reason: string) => void) | undefined
    const close = () => {
      giveAway()
      if (!closed) this.openFeeds--
      closed = true
      feeds.delete(unplug)
      child.kill('SIGKILL')
    }
    const unplug = () => {
      close()
      onEnded?.(CAMERA_GONE)
    }
    const feeds = this.#feeds.get(device) ?? new Set()
    this.#feeds.set(device, feeds.add(unplug))
    return {
      readFd: readEnd.fd,
      codec,
      width: 320,
      height: 240,
      fps: 15,
      spawned: giveAway,
      stats: () => undefined,
      onEnded: (listener) => {
        onEnded = listener
      },
      close,
    }
  }
}
