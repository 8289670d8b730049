/** A media service under test with everything it touches, and the waits its tests use. */

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { systemClock } from '../../src/base/clock.js'
import { createLogger } from '../../src/base/logger.js'
import { createMedia, type MediaOptions, type MediaService } from '../../src/media/index.js'
import { until } from '../support/until.js'
import { PatternFeeds } from './media-feed.js'

const BUILT = join(import.meta.dirname, '../../build/Release')

export const NOTIFIER_FILE = join(BUILT, 'camera-notifier')
export const GUARD_FILE = join(BUILT, 'publish_guard.so')

export interface MediaBench {
  readonly media: MediaService
  readonly feeds: PatternFeeds
  readonly stateDir: string
  /** Log lines so far. */
  readonly log: readonly string[]
  /** Ends the service and looks that nothing is left. */
  close(): Promise<void>
}

export function openBench(options: Partial<MediaOptions>, devices: readonly string[] = ['camera0']): MediaBench {
  const stateDir = mkdtempSync(join(tmpdir(), 'media-state-'))
  const feeds = new PatternFeeds(devices)
  const log: string[] = []
  const media = createMedia({
    feeds,
    cameras: { exists: (device) => /^camera[0-3]$/.test(device) || devices.includes(device) },
    clock: systemClock,
    logger: createLogger({ level: 'debug', format: 'json', write: (line) => log.push(line) }),
    stateDir,
    searchPath: process.env.PATH ?? '',
    notifierFile: NOTIFIER_FILE,
    guardFile: GUARD_FILE,
    ...options,
  })
  return {
    media,
    feeds,
    stateDir,
    log,
    close: async () => {
      await media.stop()
      try {
        await until('no process is left behind', () => processesOf(stateDir).length === 0)
      } finally {
        rmSync(stateDir, { recursive: true })
      }
      if (feeds.openFeeds > 0) throw new Error(`${feeds.openFeeds} feeds left open`)
    },
  }
}

/** The real program, when `MEDIAMTX_BIN` or `PATH` has one. */
export function realMediamtx(): string | undefined {
  const places = (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'mediamtx'))
  return [process.env.MEDIAMTX_BIN, ...places].find((file) => file !== undefined && existsSync(file))
}

/** Processes that were started for this state directory: its name or its mark is in what they were started with. */
export function processesOf(stateDir: string): number[] {
  const mark = `CAMERA_SERVICE_CHILD=${createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12)}:`
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => {
      const words = readProc(pid, 'cmdline') + readProc(pid, 'environ')
      return words.includes(stateDir) || words.includes(mark)
    })
}

export function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

export interface Packet {
  readonly seconds: number
  readonly key: boolean
}

const OVER_TCP = ['-rtsp_transport', 'tcp']

/** Reads a stream like a player over RTSP for so many seconds, or a file (`[]` for its options). Empty when it cannot. */
export function play(url: string, seconds: number, options: readonly string[] = OVER_TCP): Promise<Packet[]> {
  const args = ['-v', 'error', ...options, '-read_intervals', `%+${seconds}`]
  const wanted = ['-select_streams', 'v', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', url]
  return new Promise((settle) => {
    execFile('ffprobe', [...args, ...wanted], { timeout: 20_000 }, (_error, stdout) => {
      const lines = stdout.split('\n').filter((line) => /^\d/.test(line))
      settle(lines.map((line) => ({ seconds: Number.parseFloat(line), key: line.includes('K') })))
    })
  })
}
