/** What can go wrong while a camera is recorded: each time the files play, the end is told, and nothing is left running. */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { ServiceError } from '../../src/base/errors.js'
import type { RecordingsOptions } from '../../src/recordings/index.js'
import { playThrough } from '../support/ffprobe.js'
import { stopwatch } from '../support/processor-wait.js'
import { until } from '../support/until.js'
import { openRecordings, type RecordingBench, recordersIn } from './recordings-bench.js'

let bench: RecordingBench | undefined

afterEach(async () => {
  const base = bench?.base
  await bench?.close()
  bench = undefined
  if (base !== undefined) expect(recordersIn(base)).toEqual([])
})

async function open(options: Partial<RecordingsOptions> = {}): Promise<RecordingBench> {
  bench = await openRecordings(options)
  return bench
}

/** Until the newest file has so many bytes more than a header. */
async function recorded({ recordings, dir, files }: RecordingBench, bytes = 60_000): Promise<void> {
  await until('bytes are on the disk', async () => {
    const { files: listed } = await recordings.files.list('recording', { limit: 1 })
    return files().length > 0 && existsSync(dir) && (listed[0]?.file_size ?? 0) >= bytes
  })
}

test('a camera that is unplugged ends its recording, and only its own', async () => {
  const { recordings, cameras, told, dir } = await open()
  const first = await recordings.startRecording({ device: 'camera0' })
  const second = await recordings.startRecording({ device: 'camera1' })
  cameras.unplug('camera0')
  await until('the end is told', () => told.some(({ event }) => event === 'failed'))
  expect(told.filter(({ event }) => event === 'failed')).toEqual([
    {
      event: 'failed',
      device: 'camera0',
      filename: first.filename,
      name: first.filename,
      startedMs: Date.parse(first.start_time),
      writer: 'ffmpeg',
      reason: 'device_disconnected',
      duration: expect.any(Number),
    },
  ])
  expect((await playThrough(join(dir, `${first.filename}.mp4`))).packets).toBeGreaterThan(1)
  await expect(recordings.startRecording({ device: 'camera0' })).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'DISCONNECTED' },
  })
  await expect(recordings.stopRecording('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE', data: { state: 'IDLE' } })
  expect(await recordings.stopRecording('camera1')).toMatchObject({ filename: second.filename, status: 'STOPPED' })
  cameras.plug('camera0')
  expect((await recordings.startRecording({ device: 'camera0' })).filename).not.toBe(first.filename)
})

test('a recorder that is killed is started again: its file is kept, a new one begun, the gap told', async () => {
  const opened = await open()
  const { recordings, told, dir, base } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await recorded(opened)
  for (const pid of recordersIn(base)) process.kill(pid, 'SIGKILL')
  await until('it goes on', () => told.filter(({ event }) => event === 'started').length === 2)
  expect(told.map((fact) => [fact.event, 'reason' in fact ? fact.reason : undefined])).toEqual([
    ['started', undefined],
    ['failed', 'writer_failed'],
    ['started', 'resumed'],
  ])
  const stopped = await recordings.stopRecording('camera0')
  expect(stopped).toMatchObject({ filename, status: 'STOPPED' })
  const { files } = await recordings.files.list('recording', {})
  expect(files).toHaveLength(2)
  for (const file of files) expect((await playThrough(join(dir, `${file.filename}.mp4`))).packets).toBeGreaterThan(3)
  expect(files.reduce((sum, { file_size }) => sum + file_size, 0)).toBe(stopped.file_size)
})

test('a recorder that never works is given up, and the caller told why', async () => {
  const opened = await open({ ffmpeg: '/nonexistent/ffmpeg' })
  await expect(opened.recordings.startRecording({ device: 'camera0' })).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'FFmpeg', detail: expect.stringContaining('cannot be started') },
  })
  expect(opened.files()).toEqual([])
  expect(readdirSync(join(opened.dir, '.under-way'))).toEqual([])
  expect(opened.told).toEqual([])
  expect(opened.cameras.feeds.openFeeds).toBe(0)
})

test('a camera that is busy is told with its own error, and nothing is left of the start', async () => {
  const opened = await open()
  const { recordings, cameras, files, told, dir } = opened
  const busy = new ServiceError('DEPENDENCY_FAILED', {
    data: { dependency: 'camera' },
    details: 'another program holds the camera',
  })
  cameras.beforeOpen = () => Promise.reject(busy)
  await expect(recordings.startRecording({ device: 'camera0' })).rejects.toBe(busy)
  expect([files(), readdirSync(join(dir, '.under-way')), told]).toEqual([[], [], []])
  cameras.beforeOpen = async () => undefined
  await recordings.startRecording({ device: 'camera0' })
  expect(await recordings.stopRecording('camera0')).toMatchObject({ status: 'STOPPED' })
})

test('a recorder that keeps dying ends the recording after so many tries', async () => {
  const opened = await open({ maxRestarts: 2 })
  const { recordings, told, base } = opened
  await recordings.startRecording({ device: 'camera0' })
  const killing = setInterval(() => {
    for (const pid of recordersIn(base)) process.kill(pid, 'SIGKILL')
  }, 20)
  await until('it is given up', () =>
    told.some((fact) => fact.event === 'failed' && fact.reason === 'writer_failed' && !recordings.currentFile('camera0')),
  )
  clearInterval(killing)
  await expect(recordings.stopRecording('camera0')).rejects.toMatchObject({ data: { state: 'IDLE' } })
})

test('a camera that begins to deliver something else goes on in a new file', async () => {
  const opened = await open()
  const { recordings, cameras, told, dir } = opened
  await recordings.startRecording({ device: 'camera0' })
  await recorded(opened, 20_000)
  cameras.feeds.codec = 'h264'
  cameras.endFeeds('camera0', 'mode_changed')
  await until('it goes on', () => told.filter(({ event }) => event === 'started').length === 2)
  await recorded(opened, 5_000)
  await recordings.stopRecording('camera0')
  const { files } = await recordings.files.list('recording', {})
  const codecs = await Promise.all(files.map(async ({ filename }) => (await playThrough(join(dir, `${filename}.mp4`))).codec))
  expect(codecs).toEqual(['h264', 'mjpeg'])
})

test('a date that is set goes on in a new file, and neither file has a hole', async () => {
  const opened = await open()
  const { recordings, clock, told, dir } = opened
  await recordings.startRecording({ device: 'camera0', duration: 3600 })
  await recorded(opened, 20_000)
  clock.step(-86_400_000)
  await until('it goes on', () => told.filter(({ event }) => event === 'started').length === 2)
  clock.step(10 * 365 * 86_400_000)
  await until('it goes on again', () => told.filter(({ event }) => event === 'started').length === 3)
  await recordings.stopRecording('camera0')
  const { files } = await recordings.files.list('recording', {})
  expect(new Set(files.map(({ filename }) => filename)).size).toBe(3)
  for (const { filename } of files) expect((await playThrough(join(dir, `${filename}.mp4`))).span).toBeLessThan(20)
})

test('files are cut by their length, and each plays from its first frame', async () => {
  const { recordings, dir, files } = await open({ segmentMs: 1_000 })
  const { filename } = await recordings.startRecording({ device: 'camera0', filename: 'shift', format: 'mkv' })
  await until('three files', () => files().length >= 3)
  await recordings.stopRecording('camera0')
  expect(filename).toBe('shift')
  expect(files()).toEqual(expect.arrayContaining(['shift.mkv', 'shift-2.mkv', 'shift-3.mkv']))
  for (const name of files()) {
    const played = await playThrough(join(dir, name))
    expect(played.span).toBeLessThan(1.6)
    const { duration } = await recordings.files.recordingInfo(name)
    expect(Math.abs(duration - played.span)).toBeLessThanOrEqual(1)
  }
})

test('an H.264 camera is copied', async () => {
  const opened = await open()
  opened.cameras.feeds.codec = 'h264'
  const { filename } = await opened.recordings.startRecording({ device: 'camera0' })
  await recorded(opened, 10_000)
  await opened.recordings.stopRecording('camera0')
  expect(await playThrough(join(opened.dir, `${filename}.mp4`))).toMatchObject({ codec: 'h264', width: 320, height: 240 })
})

test('fifty starts and stops at once end with nothing running and every file whole', async () => {
  const { recordings, cameras, dir, files, base } = await open()
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, (_one, at) =>
      at % 2 === 0 ? recordings.startRecording({ device: 'camera0' }) : recordings.stopRecording('camera0'),
    ),
  )
  for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'INVALID_STATE' })
  await recordings.stopRecording('camera0').catch(() => undefined)
  await until('no recorder is left', () => recordersIn(base).length === 0)
  expect(cameras.feeds.openFeeds).toBe(0)
  for (const name of files()) await playThrough(join(dir, name))
  // It is as good as new.
  await recordings.startRecording({ device: 'camera0' })
  expect(await recordings.stopRecording('camera0')).toMatchObject({ status: 'STOPPED' })
})

test('a stop while it starts ends the start, and leaves nothing', async () => {
  const { recordings, cameras, files, dir } = await open()
  let opened: () => void = () => undefined
  cameras.beforeOpen = () =>
    new Promise((resolve) => {
      opened = resolve
    })
  const starting = recordings.startRecording({ device: 'camera0' })
  await until(
    'the camera is asked',
    () => existsSync(join(dir, '.under-way')) && readdirSync(join(dir, '.under-way')).length === 1,
  )
  await expect(recordings.stopRecording('camera0')).rejects.toMatchObject({ data: { state: 'STARTING' } })
  opened()
  await expect(starting).rejects.toMatchObject({ code: 'INVALID_STATE' })
  expect(files()).toEqual([])
  expect(readdirSync(join(dir, '.under-way'))).toEqual([])
})

test('names that are taken get a number, whatever the extension; nothing is written over', async () => {
  const { recordings, dir } = await open()
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'desk.mkv'), 'kept')
  const one = await recordings.startRecording({ device: 'camera0', filename: 'desk.mp4' })
  const two = await recordings.startRecording({ device: 'camera1', filename: 'desk' })
  expect([one.filename, two.filename].sort()).toEqual(['desk-2', 'desk-3'])
  for (const { device, filename } of [one, two]) expect(recordings.status(device)?.filename).toBe(filename)
  expect((await recordings.stopRecording('camera0')).filename).toBe(one.filename)
  expect((await recordings.stopRecording('camera1')).filename).toBe(two.filename)
  expect(readdirSync(dir).sort()).toEqual(['.under-way', 'desk-2.mp4', 'desk-3.mp4', 'desk.mkv'])
})

test.each([
  '../x',
  'a/b',
  'a\\b',
  'a\0b',
  '%Y',
  '%2e%2e%2fetc',
  '.hidden',
  '',
  '.mp4',
  'x'.repeat(256),
  'ä'.repeat(130),
  'a:b',
  'a\nb',
  'a\u0085b',
  'a\ud800b',
])('the name %j is refused, and nothing happens', async (filename) => {
  const { recordings, files, told } = await open()
  await expect(recordings.startRecording({ device: 'camera0', filename })).rejects.toMatchObject({
    code: 'INVALID_PARAMS',
    data: { param: 'filename', rule: expect.any(String), hint: expect.any(String) },
  })
  expect([files(), told]).toEqual([[], []])
})

test('R-33: beyond the limit a start is refused, and a recording ends', async () => {
  const { recordings, files } = await open({ storage: { warnPercent: 0, blockPercent: 0 } })
  await expect(recordings.startRecording({ device: 'camera0' })).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'STORAGE_FULL', legacy_code: -1010 },
  })
  expect(files()).toEqual([])
})

test('a folder that cannot be used is told by name, and used again when it can', async () => {
  const { recordings, dir } = await open()
  rmSync(dir, { recursive: true })
  writeFileSync(dir, 'a file in its place')
  await expect(recordings.startRecording({ device: 'camera0' })).rejects.toMatchObject({
    code: 'DEPENDENCY_FAILED',
    data: { dependency: 'storage' },
    suggestion: expect.stringContaining('recordings_path'),
  })
  rmSync(dir)
  await recordings.startRecording({ device: 'camera0' })
  await recordings.stopRecording('camera0')
  chmodSync(dir, 0o755)
})

test('a file that is written is not deleted, and one that is downloaded neither', async () => {
  const { recordings, dir } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await expect(recordings.files.delete('recording', filename)).rejects.toMatchObject({
    code: 'INVALID_STATE',
    data: { state: 'RECORDING' },
  })
  await recordings.stopRecording('camera0')
  const held = await recordings.files.hold('recording', `${filename}.fmp4`)
  expect(held).toMatchObject({ path: join(dir, `${filename}.mp4`), name: `${filename}.mp4` })
  await expect(recordings.files.delete('recording', filename)).rejects.toMatchObject({ data: { state: 'DOWNLOADING' } })
  held.release()
  held.release()
  expect(await recordings.files.delete('recording', filename)).toEqual({
    filename,
    deleted: true,
    message: 'Recording file deleted successfully',
  })
  await expect(recordings.files.delete('recording', filename)).rejects.toMatchObject({ code: 'RECORDING_NOT_FOUND' })
})

test('what the retention policy deletes is counted', async () => {
  const { recordings, dir } = await open()
  mkdirSync(dir, { recursive: true })
  for (const name of ['one.mp4', 'two.mp4']) writeFileSync(join(dir, name), 'x'.repeat(1_000))
  await until('both are listed', async () => (await recordings.files.list('recording', {})).total === 2)
  expect(recordings.cleaner.figures).toEqual({ files: 0, bytes: 0, failed: 0 })
  await recordings.cleaner.setPolicy({ policy_type: 'size', max_size_gb: 1e-9, enabled: true })
  await recordings.cleaner.cleanup()
  await recordings.cleaner.cleanup()
  expect(recordings.cleaner.figures).toEqual({ files: 2, bytes: 2_000, failed: 0 })
})

test('R-37: a cleanup takes the oldest finished file first, and none that is written or downloaded', async () => {
  const { recordings, dir, files } = await open()
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  for (const [age, name] of ['new.mp4', 'held.mp4', 'old.mp4'].entries()) {
    writeFileSync(join(dir, name), name.repeat(100_000))
    utimesSync(join(dir, name), 1_000_000 - age, 1_000_000 - age)
  }
  await until('all are listed', async () => (await recordings.files.list('recording', {})).total === 4)
  const held = await recordings.files.hold('recording', 'held')
  const reader = await openFile(held.path)
  // Everything is too old and too much.
  await recordings.cleaner.setPolicy({ policy_type: 'size', max_size_gb: 1e-9, enabled: true })
  expect(await recordings.cleaner.cleanup()).toMatchObject({ files_deleted: 2 })
  expect(files().sort()).toEqual([`${filename}.mp4`, 'held.mp4'].sort())
  expect((await reader.readFile('utf8')).length).toBe('held.mp4'.length * 100_000)
  await reader.close()
  held.release()
  expect(await recordings.cleaner.cleanup()).toMatchObject({ files_deleted: 1 })
  await recordings.stopRecording('camera0')
  expect((await playThrough(join(dir, `${filename}.mp4`))).packets).toBeGreaterThan(1)
})

test('a time without pictures is told as a gap after five seconds, and its end too; the file is the same', async () => {
  const opened = await open()
  const { recordings, told, base } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await recorded(opened, 20_000)
  const [recorder = 0] = recordersIn(base)
  process.kill(recorder, 'SIGSTOP')
  const [haltedMs, took] = [performance.now(), stopwatch()]
  await until('it is told', () => told.some(({ event }) => event === 'failed'))
  expect(performance.now() - haltedMs).toBeGreaterThan(4_000)
  expect(took()).toBeLessThan(8_000)
  expect(told.at(-1)).toMatchObject({ event: 'failed', device: 'camera0', filename, reason: 'no_pictures' })
  process.kill(recorder, 'SIGCONT')
  await until('it goes on', () => told.at(-1)?.event === 'started')
  expect(told.at(-1)).toMatchObject({ device: 'camera0', filename, reason: 'resumed' })
  await recordings.stopRecording('camera0')
  const facts = await recordings.files.recordingFacts(filename)
  expect(facts).toMatchObject({ files: [filename], gaps: [{ reason: 'no_pictures' }] })
  const [gap] = facts.gaps ?? []
  expect(Date.parse(gap?.to ?? '') - Date.parse(gap?.from ?? '')).toBeGreaterThan(4_000)
})

test('after its duration it stops by itself', async () => {
  const { recordings, told, dir } = await open()
  const [beganMs, took] = [performance.now(), stopwatch()]
  const { filename } = await recordings.startRecording({ device: 'camera0', duration: 2 })
  await until('it stopped', () => told.some(({ event }) => event === 'stopped'))
  const keptS = (performance.now() - beganMs - took()) / 1_000
  expect(told.at(-1)).toMatchObject({ event: 'stopped', device: 'camera0', filename, reason: 'duration_reached' })
  const { span } = await playThrough(join(dir, `${filename}.mp4`))
  expect(span + keptS).toBeGreaterThan(1)
  expect(span - keptS).toBeLessThan(3)
})

test('the end of the service closes the files', async () => {
  const opened = await open()
  const { recordings, dir } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await recorded(opened, 20_000)
  await recordings.stop()
  expect((await playThrough(join(dir, `${filename}.mp4`))).packets).toBeGreaterThan(3)
  const again = await opened.again()
  expect(again.told).toEqual([])
  expect(await again.recordings.files.recordingInfo(filename)).toMatchObject({ filename })
  await again.recordings.stop()
})

test('a recording that was cut off and whose folder cannot be written any more ends with the next start', async () => {
  const opened = await open()
  const { recordings, base, dir } = opened
  const journal = join(base, 'recordings-under-way.json')
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await recorded(opened, 20_000)
  const cutOff = readFileSync(journal)
  await recordings.stop()
  writeFileSync(journal, cutOff)
  rmSync(join(dir, '.under-way'), { recursive: true })
  writeFileSync(join(dir, '.under-way'), '')
  const again = await opened.again()
  await until('the end is told', () => again.told.some(({ event }) => event === 'failed'))
  expect(again.told.at(-1)).toMatchObject({ event: 'failed', device: 'camera0', name: filename, reason: 'storage_failed' })
  await again.recordings.stop()
  expect((await playThrough(join(dir, `${filename}.mp4`))).packets).toBeGreaterThan(3)
})
