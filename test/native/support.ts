import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { Addon, CaptureRequest, Core, CoreOptions, FrameWish, NativeEvent } from '../../src/native/index.js'
import { loadNative } from '../../src/native/index.js'

/** For threads and processes that cannot load TypeScript: they use the addon's own functions. */
export const ADDON_FILE = fileURLToPath(new URL('../../build/Release/camera_core.node', import.meta.url))

export const SIZE = { width: 320, height: 240 } as const
export const REQUEST: CaptureRequest = { ...SIZE, fourcc: 'MJPG', interval: { num: 1, den: 30 } }
export const NEXT: FrameWish = { maxAgeMs: 0, timeoutMs: 5_000 }

/** A directory that is gone after `use`. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'native-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Options of a core that sees only virtual cameras. */
export function virtualOptions(count: number, changes: Partial<CoreOptions> = {}): CoreOptions {
  return {
    devDir: '/nonexistent/dev',
    sysfsDir: '/nonexistent/sys',
    deviceRange: [0, 255],
    discovery: 'poll',
    rescanMs: 60_000,
    uevents: false,
    virtualCameras: { count, ...SIZE, fps: 30 },
    encoderThreads: 1,
    jpegQuality: 80,
    ...changes,
  }
}

/** A core and everything it told so far. */
export class Watched {
  readonly core: Core
  readonly events: NativeEvent[] = []
  readonly #waiting = new Set<() => void>()

  constructor(options: CoreOptions, addon: Addon = loadNative()) {
    this.core = addon.open(options, (events) => {
      this.events.push(...events)
      for (const look of this.#waiting) look()
    })
  }

  /** The first event that fits, told already or still to come. */
  async seen(fits: (event: NativeEvent) => boolean, timeoutMs = 15_000): Promise<NativeEvent> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const found = this.events.find(fits)
      if (found !== undefined) return found
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`no such event within ${timeoutMs} ms; told: ${JSON.stringify(this.events.map(brief))}`)
      await new Promise<void>((resolve) => {
        const look = (): void => {
          clearTimeout(timer)
          this.#waiting.delete(look)
          resolve()
        }
        const timer = setTimeout(look, left)
        this.#waiting.add(look)
      })
    }
  }

  ready(source: string): Promise<NativeEvent> {
    return this.seen((event) => event.type === 'ready' && event.source === source)
  }

  async streaming(source = 'virtual:0'): Promise<void> {
    await this.ready(source)
    await this.core.startCapture(source, REQUEST)
  }

  /** Ends the core; the test fails when that takes long. */
  async end(): Promise<void> {
    await this.core.shutdown(2_000)
    this.core.detach()
  }
}

/** Runs `use` with a core that has ended afterwards. */
export async function withCore<T>(options: CoreOptions, use: (watched: Watched) => Promise<T>): Promise<T> {
  const watched = new Watched(options)
  try {
    return await use(watched)
  } finally {
    await watched.end()
  }
}

function brief(event: NativeEvent): string {
  return `${event.type}${'source' in event ? ` ${event.source}` : ''}${'state' in event ? ` ${event.state}` : ''}`
}

/** Size from the start-of-frame segment of a whole JPEG; throws when it is not one. */
export function jpegSize(jpeg: Uint8Array): { width: number; height: number } {
  const view = new DataView(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength)
  if (view.getUint16(0) !== 0xffd8) throw new Error('no start of image')
  if (view.getUint16(jpeg.byteLength - 2) !== 0xffd9) throw new Error('no end of image')
  for (let at = 2; at + 9 < jpeg.byteLength; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint16(at)
    if (marker >= 0xffc0 && marker <= 0xffc2) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) }
  }
  throw new Error('no start of frame')
}

export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length
}

/** Names of the threads that belong to cores. */
export function coreThreads(): string[] {
  return readdirSync('/proc/self/task')
    .map((task) => {
      try {
        return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim()
      } catch {
        return '' // ended meanwhile
      }
    })
    .filter((name) => name.startsWith('cam-'))
    .sort()
}

/** All that a child writes into one of its pipes. */
export function output(pipe: Readable | null): Promise<Buffer> {
  if (pipe === null) throw new Error('the child has no such pipe')
  return buffer(pipe)
}

/** Waits until `holds` without a fixed pause. */
export async function eventually(holds: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
