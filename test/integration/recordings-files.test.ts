/** The files of a recording that goes on: taken away by others, cut by their size, and what is noted about them. */

import { existsSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { RecordingsOptions } from '../../src/recordings/index.js'
import { playThrough } from '../support/ffprobe.js'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'
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

const reasons = ({ told }: RecordingBench) => told.map((fact) => [fact.event, 'reason' in fact ? fact.reason : undefined])

test('a file that is deleted while it is written is missed at once: a new one begins, and what is lost is a gap', async () => {
  const opened = await open()
  const { recordings, dir } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await until('it has two seconds', () => (recordings.status('camera0')?.duration ?? 0) >= 2)
  rmSync(join(dir, `${filename}.mp4`))
  await until('it goes on', () => opened.told.length === 3)
  expect(reasons(opened)).toEqual([
    ['started', undefined],
    ['failed', 'file_lost'],
    ['started', 'resumed'],
  ])
  const next = recordings.currentFile('camera0') ?? ''
  expect(next).not.toBe(filename)
  await until('pictures are in the new one', () => statSync(join(dir, `${next}.mp4`)).size > 60_000)
  const stopped = await recordings.stopRecording('camera0')
  // The name is that of the start, the figures are those of what is there.
  expect(stopped).toMatchObject({ filename, status: 'STOPPED', file_size: statSync(join(dir, `${next}.mp4`)).size })
  const played = await playThrough(join(dir, `${next}.mp4`))
  expect(Math.abs(stopped.duration - played.span)).toBeLessThanOrEqual(1)
  expect(opened.files()).toEqual([`${next}.mp4`])
  const details = await recordings.files.recordingFacts(next)
  expect(details).toMatchObject({ files: [next], gaps: [{ reason: 'file_lost' }] })
  const [gap] = details.gaps ?? []
  expect(Date.parse(gap?.to ?? '') - Date.parse(gap?.from ?? '')).toBeGreaterThan(1_000)
})

test('a file that is renamed while it is written is kept under its new name, and a new one begins', async () => {
  const opened = await open()
  const { recordings, dir, told } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await until('it has a second', () => (recordings.status('camera0')?.duration ?? 0) >= 1)
  renameSync(join(dir, `${filename}.mp4`), join(dir, 'theirs.mp4'))
  await until('it goes on', () => told.length === 3)
  await recordings.stopRecording('camera0')
  expect(opened.files()).toHaveLength(2)
  for (const name of opened.files()) expect((await playThrough(join(dir, name))).packets).toBeGreaterThan(0)
})

test('files are cut by their size with no picture missing between them', async () => {
  const opened = await open({ maxFileBytes: 50_000 })
  const { recordings, dir, told } = opened
  const { filename } = await recordings.startRecording({ device: 'camera0' })
  await until('three files', () => opened.files().length >= 3, 30_000)
  const stopped = await recordings.stopRecording('camera0')
  expect(stopped.filename).toBe(filename)
  // Nothing was interrupted.
  expect(told.map(({ event }) => event)).toEqual(['started', 'stopped'])
  const read = async () => await recordings.files.recordingFacts(filename)
  await until('its end is noted', async () => (await read()).end_reason === 'stopped')
  const details = await read()
  expect(details.gaps).toEqual([])
  let untilMs = Number.NaN
  for (const name of details.files ?? []) {
    const { span, longestPause } = await playThrough(join(dir, `${name}.mp4`))
    const { created_time } = await recordings.files.recordingInfo(name)
    const fromMs = Date.parse(created_time)
    // The next begins before the last one ends; a camera that paused then shows it in the next.
    if (!Number.isNaN(untilMs)) expect(fromMs).toBeLessThan(untilMs + Math.max(200, longestPause * 1_000))
    untilMs = fromMs + span * 1_000
  }
})

test('what was recorded by what, when and with which gaps is told of each of its files, over restarts', async () => {
  const opened = await open({ segmentMs: 1_000 })
  const { filename } = await opened.recordings.startRecording({ device: 'camera0' })
  await until('three files', () => opened.files().length >= 3)
  await opened.recordings.stopRecording('camera0')
  await opened.recordings.stop()
  const again = await opened.again()
  const { files } = await again.recordings.files.list('recording', {})
  const names = files.map((file) => file.filename)
  for (const name of names) {
    expect(await again.recordings.files.recordingFacts(name)).toEqual({
      ...{ device: 'camera0', identity: 'usb-camera0', format: 'fmp4', writer: 'ffmpeg' },
      ...{ codec: 'jpeg', width: 320, height: 240, fps: 15 },
      start_time: expect.stringMatching(/Z$/),
      end_time: expect.stringMatching(/Z$/),
      end_reason: 'stopped',
      gaps: [],
      files: [...names].reverse(),
    })
  }
  expect(names.at(-1)).toBe(filename)
  // Of a file that somebody put there nothing is known.
  writeFileSync(join(again.dir, 'theirs.mp4'), 'x')
  expect(await again.recordings.files.recordingFacts('theirs')).toEqual({})
  await again.recordings.stop()
})

test('snapshots are limited in age and number, recordings are not, and nothing is while the policy is manual', async () => {
  const opened = await open({ snapshotLimits: { intervalMs: 200, maxAgeMs: 3_600_000, maxCount: 3 } })
  const { recordings, base, dir } = opened
  const nowS = Date.now() / 1_000
  const make = (folder: string, name: string, ageS: number) => {
    writeFileSync(join(folder, name), 'x')
    utimesSync(join(folder, name), nowS - ageS, nowS - ageS)
  }
  const snapshots = join(base, 'snapshots')
  await until(
    'the folder is there',
    async () => (await recordings.files.list('snapshot', {})).total === 0 && existsSync(snapshots),
  )
  for (let age = 0; age < 5; age += 1) make(snapshots, `young_${age}.jpg`, age)
  make(snapshots, 'old.jpg', 4_000)
  for (let age = 0; age < 5; age += 1) make(dir, `clip_${age}.mp4`, 10_000 + age)
  const names = async () => (await recordings.files.list('snapshot', {})).files.map(({ filename }) => filename)
  await until(
    'all are listed',
    async () => (await recordings.files.list('recording', {})).total === 5 && (await names()).length === 6,
  )
  // Manual: nothing goes by itself. One more interval passes before that is believed.
  await recordings.cleaner.setPolicy({ policy_type: 'manual', enabled: true })
  const seen = opened.clock.nowMs()
  await until('two intervals', () => opened.clock.nowMs() - seen > 450)
  expect(await names()).toHaveLength(6)
  await recordings.cleaner.setPolicy({ policy_type: 'age', max_age_days: 30, enabled: true })
  await until('only the newest are left', async () => (await names()).join() === 'young_0.jpg,young_1.jpg,young_2.jpg')
  expect((await recordings.files.list('recording', {})).total).toBe(5)
})

test('the whole service cuts files by their size out of one capture, and each frame is in one of them', {
  timeout: 60_000,
}, async () => {
  const service = await startService({
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_RECORDING_MAX_SEGMENT_SIZE: '1000000',
      CAMERA_SERVICE_COMPATIBILITY_EXTRA_MEMBERS: 'true',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
    },
  })
  const client = await RpcClient.connect(service.url)
  try {
    await client.login(service.token('admin'))
    await client.call('subscribe_events', { topics: ['recording.error', 'recording.start'] })
    const { filename } = await client.call<{ filename: string }>('start_recording', { device: 'camera0', format: 'mkv' })
    await until('three files', async () => (await client.call<{ total: number }>('list_recordings')).total >= 3, 40_000)
    expect(await client.call('stop_recording', { device: 'camera0' })).toMatchObject({ filename })
    interface Facts {
      readonly files: readonly string[]
      readonly gaps: readonly unknown[]
      readonly created_time: string
    }
    const info = (name: string) => client.call<Facts>('get_recording_info', { filename: name })
    const { files, gaps } = await info(filename)
    expect(gaps).toEqual([])
    let untilMs = Number.POSITIVE_INFINITY
    for (const name of files) {
      const { span, longestPause } = await playThrough(join(service.stateDir, 'recordings', `${name}.mkv`))
      const fromMs = Date.parse((await info(name)).created_time)
      // A camera that paused at the change of files shows it in the new one, which has begun before.
      expect(fromMs).toBeLessThan(untilMs + longestPause * 1_000)
      untilMs = fromMs + span * 1_000
    }
    expect(client.messages.filter(({ method }) => method?.startsWith('recording.')).map(({ method }) => method)).toEqual([
      'recording.start',
    ])
  } finally {
    await client.close()
    await service.stop()
  }
})
