/** The writer that uses MediaMTX, against a stand-in for its recorder: files that come late, notices, death, and a server that lies. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { ServiceError } from '../../src/base/errors.js'
import type { RecordingMedia } from '../../src/recordings/index.js'
import { playThrough } from '../support/ffprobe.js'
import { tornFile } from '../support/torn-file.js'
import { until } from '../support/until.js'
import { openRecordings, type RecordingBench, recordersIn } from './recordings-bench.js'

type Wish = Parameters<RecordingMedia['setRecording']>[1]

/** A file that is being written. */
interface Open {
  readonly child: ChildProcess
  readonly file: string
  readonly writtenMs: () => number
}

/** Records a test picture where it is told to, as MediaMTX does: a file with its first part, notices from hooks, none from the dead. */
class RecorderDouble implements RecordingMedia {
  state: RecordingMedia['state'] = 'up'
  /** A server that stores the wish and writes nothing, or elsewhere. */
  writes = true
  /** So many files begin in the middle of a key frame, as of a stream that is joined there. */
  torn = 0
  /** Somebody removes the folder in which a file was just begun. */
  vanishes = false
  /** Hooks that cannot run: another container. */
  tells = true
  readonly wishes = new Map<string, Wish>()
  readonly #children = new Map<string, Open>()
  readonly #onState = new Set<(state: RecordingMedia['state']) => void>()
  readonly #onCreated = new Set<(device: string) => void>()
  readonly #onCompleted = new Set<(device: string, file: string, durationMs: number) => void>()
  #files = 0

  async setRecording(device: string, wish: Wish): Promise<void> {
    if (wish === undefined) this.wishes.delete(device)
    else this.wishes.set(device, wish)
    if (this.state !== 'up') throw new ServiceError('DEPENDENCY_FAILED', { data: { dependency: 'MediaMTX' } })
    if (wish === undefined) await this.#close(device)
    else {
      // Another pattern closes the file and opens the next.
      await this.#close(device)
      this.#open(device, wish)
    }
  }

  onState = (listener: (state: RecordingMedia['state']) => void) => added(this.#onState, listener)
  onSegmentCreated = (listener: (device: string) => void) => added(this.#onCreated, listener)
  onSegmentCompleted = (listener: (device: string, file: string, durationMs: number) => void) =>
    added(this.#onCompleted, listener)

  /** Nobody publishes any more: the file is closed, with a notice, and recording stays on. */
  async loseStream(device: string): Promise<void> {
    await this.#close(device)
  }

  /** Somebody publishes again. */
  regainStream(device: string): void {
    const wish = this.wishes.get(device)
    if (wish !== undefined) this.#open(device, wish)
  }

  /** kill -9. */
  async die(): Promise<void> {
    const ended = [...this.#children.values()].map(async ({ child }) => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    })
    this.#children.clear()
    await Promise.all(ended)
    this.#set('down')
  }

  /** Back, and told again what is wanted. */
  rise(): void {
    this.#set('up')
    for (const [device, wish] of this.wishes) if (wish !== undefined) this.#open(device, wish)
  }

  #open(device: string, wish: NonNullable<Wish>): void {
    if (!this.writes) return
    this.#files += 1
    const file = `${wish.recordPath.replace('%path', device).replace(/%f$/, String(this.#files)).replaceAll('%', '')}.mp4`
    mkdirSync(dirname(file), { recursive: true })
    if (this.vanishes) {
      rmSync(dirname(dirname(file)), { recursive: true })
      for (const listener of this.#onCreated) listener(device)
      return
    }
    if (this.torn > 0) {
      this.torn -= 1
      writeFileSync(file, TORN)
      if (this.tells) for (const listener of this.#onCreated) listener(device)
      return
    }
    const source = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=15', '-c:v', 'libx264', '-g', '15', '-bf', '0']
    const parts = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof', '-flush_packets', '1', '-f', 'mp4', file]
    const args = ['-y', '-loglevel', 'quiet', '-progress', 'pipe:1', ...source, ...parts]
    const child = spawn('ffmpeg', args, { stdio: ['pipe', 'pipe', 'ignore'] })
    let progress = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      progress = (progress + text).slice(-2_000)
    })
    // As much as was written, however late a loaded machine began to.
    const writtenMs = () =>
      Math.round(
        Number(
          progress
            .match(/out_time_us=(\d+)/g)
            ?.at(-1)
            ?.slice(12) ?? 0,
        ) / 1_000,
      )
    this.#children.set(device, { child, file, writtenMs })
    if (this.tells) for (const listener of this.#onCreated) listener(device)
  }

  async #close(device: string): Promise<void> {
    const open = this.#children.get(device)
    if (open === undefined) return
    this.#children.delete(device)
    open.child.stdin?.end('q')
    await once(open.child, 'close')
    if (!this.tells) return
    for (const listener of this.#onCompleted) listener(device, open.file, open.writtenMs())
  }

  #set(state: RecordingMedia['state']): void {
    this.state = state
    for (const listener of this.#onState) listener(state)
  }
}

/** A second of a stream whose first key frame lacks its first slices. */
const TORN = tornFile(
  execFileSync('ffmpeg', [
    ...['-loglevel', 'error', '-f', 'lavfi', '-i', 'testsrc=size=320x240:rate=15:duration=1', '-c:v', 'libx264', '-g', '15'],
    ...[
      '-bf',
      '0',
      '-x264-params',
      'slices=4',
      '-movflags',
      '+frag_keyframe+empty_moov+default_base_moof',
      '-f',
      'mp4',
      'pipe:1',
    ],
  ]),
)

let bench: RecordingBench | undefined
let double: RecorderDouble

afterEach(async () => {
  const base = bench?.base
  await bench?.close()
  bench = undefined
  await double.die()
  if (base !== undefined) expect(recordersIn(base)).toEqual([])
})

async function open(): Promise<RecordingBench> {
  double = new RecorderDouble()
  bench = await openRecordings({ media: double })
  return bench
}

test('fmp4 is written by MediaMTX, the others by ffmpeg; the name answered is the name on the disk at once', async () => {
  const { recordings, cameras, told, dir, files } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  expect(files()).toEqual([`${filename}.mp4`])
  expect(cameras.feeds.openFeeds).toBe(0)
  expect(double.wishes.get('camera0')).toMatchObject({
    recordPath: expect.stringMatching(/\/recordings\/\.under-way\/camera0-.*%path.*%f$/),
    format: 'fmp4',
    segmentDurationMs: 3_600_000,
  })
  await recordings.startRecording({ device: 'camera1', format: 'mkv' })
  expect(cameras.feeds.openFeeds).toBe(1)
  expect(told.map((fact) => 'writer' in fact && fact.writer)).toEqual(['mediamtx', 'ffmpeg'])
  expect(await recordings.stopRecording('camera0')).toMatchObject({ filename, status: 'STOPPED' })
  expect(double.wishes.size).toBe(0)
  expect((await playThrough(join(dir, `${filename}.mp4`))).codec).toBe('h264')
})

test('a start whose folder goes while its first file is told fails, and nothing else does', async () => {
  const { recordings, files } = await open()
  const unheard = vi.fn()
  process.on('unhandledRejection', unheard)
  double.vanishes = true
  await expect(recordings.startRecording({ device: 'camera0' })).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'storage' },
  })
  expect(files()).toEqual([])
  double.vanishes = false
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  expect(await recordings.stopRecording('camera0')).toMatchObject({ filename, status: 'STOPPED' })
  process.off('unhandledRejection', unheard)
  expect(unheard).not.toHaveBeenCalled()
})

test('R-08 killed in the middle: the file is kept, a new one begun when it is back, the gap told', async () => {
  const { recordings, told, dir } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await double.die()
  expect(told.at(-1)).toMatchObject({ event: 'failed', filename, writer: 'mediamtx', reason: 'mediamtx_lost' })
  double.rise()
  await until('it goes on', () => told.at(-1)?.event === 'started')
  expect(told.at(-1)).toMatchObject({ reason: 'resumed', filename: expect.not.stringMatching(new RegExp(`^${filename}$`)) })
  const stopped = await recordings.stopRecording('camera0')
  const { files } = await recordings.files.list('recording', {})
  expect(files).toHaveLength(2)
  for (const file of files) {
    const { span } = await playThrough(join(dir, `${file.filename}.mp4`))
    expect(Math.abs((await recordings.files.recordingInfo(file.filename)).duration - span)).toBeLessThanOrEqual(1)
  }
  expect(stopped.file_size).toBe(files.reduce((sum, { file_size }) => sum + file_size, 0))
})

test('a publisher that dies under a MediaMTX that is well: the file is closed, a new one begun, the gap told', async () => {
  const { recordings, told, dir } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await until('it has a second', () => (recordings.status('camera0')?.duration ?? 0) >= 1)
  await double.loseStream('camera0')
  await until('its end is told', () => told.at(-1)?.event === 'failed')
  expect(told.at(-1)).toMatchObject({ filename, writer: 'mediamtx', reason: 'stream_lost' })
  double.regainStream('camera0')
  await until('it goes on', () => told.at(-1)?.event === 'started')
  expect(told.at(-1)).toMatchObject({ reason: 'resumed' })
  await recordings.stopRecording('camera0')
  const { files } = await recordings.files.list('recording', {})
  expect(files).toHaveLength(2)
  for (const file of files) expect((await playThrough(join(dir, `${file.filename}.mp4`))).packets).toBeGreaterThan(3)
  expect(await recordings.files.recordingFacts(filename)).toMatchObject({ gaps: [{ reason: 'stream_lost' }] })
  expect(told.map(({ event }) => event)).toEqual(['started', 'failed', 'started', 'stopped'])
})

test('a file that is deleted while MediaMTX writes it is missed, and a new one begun', async () => {
  const { recordings, told, dir, files } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  rmSync(join(dir, `${filename}.mp4`))
  await until('it goes on', () => told.length === 3)
  expect(told.map((fact) => ('reason' in fact ? fact.reason : undefined))).toEqual([undefined, 'file_lost', 'resumed'])
  await recordings.stopRecording('camera0')
  expect(files()).toHaveLength(1)
  expect((await playThrough(join(dir, files()[0] ?? ''))).packets).toBeGreaterThan(0)
})

test('a file that begins in the middle of a picture is none: the next one is, from its first to its last frame', async () => {
  const { recordings, told, dir, files } = await open()
  double.torn = 2
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  expect(files()).toEqual([`${filename}.mp4`])
  await until('it has a second', () => (recordings.status('camera0')?.duration ?? 0) >= 1)
  // So it is when the stream was lost, too.
  double.torn = 1
  await double.loseStream('camera0')
  double.regainStream('camera0')
  await until('it goes on', () => told.at(-1)?.event === 'started' && told.length === 3)
  await recordings.stopRecording('camera0')
  expect(files()).toHaveLength(2)
  for (const name of files()) expect((await playThrough(join(dir, name))).packets).toBeGreaterThan(0)
})

test('a stream whose key frames always look torn is recorded as it is', async () => {
  const { recordings, files } = await open()
  double.torn = Number.POSITIVE_INFINITY
  await recordings.startRecording({ device: 'camera0' })
  await recordings.stopRecording('camera0')
  expect(files()).toHaveLength(1)
})

test('stopped while MediaMTX is away: what was written is closed, and nothing is wanted any more', async () => {
  const { recordings, dir } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await double.die()
  expect(await recordings.stopRecording('camera0')).toMatchObject({ filename, status: 'STOPPED' })
  expect(double.wishes.size).toBe(0)
  expect((await playThrough(join(dir, `${filename}.mp4`))).packets).toBeGreaterThan(3)
})

test('a server whose hooks cannot run is believed by its files', async () => {
  const { recordings, dir } = await open()
  double.tells = false
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  const stopped = await recordings.stopRecording('camera0')
  const { span } = await playThrough(join(dir, `${filename}.mp4`))
  expect(Math.abs(stopped.duration - span)).toBeLessThanOrEqual(1)
})

test('a server that says yes and writes nothing: ffmpeg does', { timeout: 40_000 }, async () => {
  const { recordings, told, cameras } = await open()
  double.writes = false
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  expect(told).toEqual([
    { event: 'started', device: 'camera0', filename, name: filename, startedMs: expect.any(Number), writer: 'ffmpeg' },
  ])
  expect(double.wishes.size).toBe(0)
  expect(cameras.feeds.openFeeds).toBe(1)
  await recordings.stopRecording('camera0')
})

test('an unplugged camera ends its recording here too', async () => {
  const { recordings, cameras, told } = await open()
  await recordings.startRecording({ device: 'camera0' })
  cameras.unplug('camera0')
  await until('the end is told', () => told.at(-1)?.event === 'failed')
  expect(told.at(-1)).toMatchObject({ reason: 'device_disconnected', writer: 'mediamtx' })
  expect(double.wishes.size).toBe(0)
})

function added<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
