/** Recordings of virtual cameras by the whole service, without MediaMTX: calls over the socket, files on the disk, ffprobe. */

import { readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playThrough } from '../support/ffprobe.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

interface Started {
  readonly filename: string
  readonly start_time: string
}

interface Listed {
  readonly files: readonly { readonly filename: string; readonly file_size: number; readonly download_url: string }[]
  readonly total: number
}

let service: RunningService
let client: RpcClient

beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '2'],
    env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000' },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
})

afterAll(async () => {
  await client.close()
  await service.stop()
})

function folder(): string {
  return join(service.stateDir, 'recordings')
}

async function seconds(count: number): Promise<void> {
  // Recorded time is real time; the service itself says when enough has passed.
  await client.call('subscribe_events', { topics: ['recording.progress'] })
  await client.next((message) => message.method === 'recording.progress' && Number(message.params?.duration) >= count)
  await client.call('unsubscribe_events')
}

describe('without MediaMTX', () => {
  it.each(['fmp4', 'mp4', 'mkv'])('records %s: started, listed under the name answered, stopped, and plays', async (format) => {
    expect(await client.call('get_recording_status', { device: 'camera0' })).toBeNull()
    const started = await client.call<Started>('start_recording', { device: 'camera0', format })
    expect(await client.call('get_recording_status', { device: 'camera0' })).toMatchObject({
      ...{ device: 'camera0', filename: started.filename, status: 'active', recording_id: expect.any(String) },
      duration: expect.any(Number),
    })
    expect(await client.failure('get_recording_status', { device: 'camera99' })).toMatchObject({ code: -32010 })
    expect(started).toEqual({
      device: 'camera0',
      filename: expect.stringMatching(/^camera0_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d(-\d+)?$/),
      status: 'RECORDING',
      start_time: expect.stringMatching(/Z$/),
      format,
    })
    const name = `${started.filename}.${format === 'mkv' ? 'mkv' : 'mp4'}`
    expect(statSync(join(folder(), name)).size).toBeGreaterThan(1_000)
    const during = await client.call<Listed>('list_recordings')
    expect(during.files[0]).toMatchObject({ filename: started.filename, download_url: `/files/recordings/${name}` })

    await seconds(2)
    const stopped = await client.call<{ duration: number; file_size: number }>('stop_recording', { device: 'camera0' })
    expect(stopped).toMatchObject({ filename: started.filename, status: 'STOPPED', start_time: started.start_time, format })
    const played = await playThrough(join(folder(), name))
    expect(played.codec).toBe('mjpeg')
    expect(Math.abs(stopped.duration - played.span)).toBeLessThanOrEqual(1)
    // But for the one time when the machine may have paused.
    expect(played.packets / (played.span - played.longestPause)).toBeGreaterThan(20)
    expect(stopped.file_size).toBe(statSync(join(folder(), name)).size)
    expect(await client.call('get_recording_info', { filename: started.filename })).toEqual({
      filename: started.filename,
      file_size: stopped.file_size,
      duration: stopped.duration,
      created_time: expect.stringMatching(/Z$/),
      download_url: `/files/recordings/${name}`,
    })
    expect(readdirSync(join(folder(), '.under-way'))).toEqual([])
  })
})

describe('two cameras', () => {
  it('are recorded independently, told by their own events', async () => {
    await client.call('subscribe_events', { topics: ['recording.start', 'recording.stop', 'recording.progress'] })
    const from = client.messages.length
    const one = await client.call<Started>('start_recording', { device: 'camera0' })
    const two = await client.call<Started>('start_recording', { device: '/dev/video1', duration: 2 })
    expect(await client.failure('start_recording', { device: 'camera0' })).toMatchObject({
      code: -32020,
      message: 'Invalid state',
      data: { state: 'RECORDING', allowed_states: ['IDLE'] },
    })
    const stopped = await client.notification('recording.stop')
    expect(stopped).toMatchObject({ device: 'camera1', filename: two.filename, reason: 'duration_reached' })
    const result = await client.call('stop_recording', { device: 'camera0' })
    expect(result).toMatchObject({ device: 'camera0', filename: one.filename })
    expect(await client.failure('stop_recording', { device: 'camera0' })).toMatchObject({
      code: -32020,
      data: { state: 'IDLE', allowed_states: ['RECORDING'] },
    })
    const told = client.messages.slice(from).filter(({ method }) => method !== undefined)
    expect(told.filter(({ method }) => method === 'recording.start').map(({ params }) => params?.device)).toEqual([
      'camera0',
      'camera1',
    ])
    for (const { params } of told.filter(({ method }) => method === 'recording.progress')) {
      expect(params).toEqual({
        device: expect.stringMatching(/^camera[01]$/),
        filename: expect.any(String),
        duration: expect.any(Number),
        file_size: expect.any(Number),
        timestamp: expect.stringMatching(/Z$/),
      })
    }
    await client.call('unsubscribe_events')
    for (const { filename } of [one, two]) await playThrough(join(folder(), `${filename}.mp4`))
  })
})

const LONG = 'x'.repeat(256)
const NAMES: readonly unknown[] = [
  '',
  LONG,
  '../etc/passwd',
  'a/b',
  'a\\b',
  '..',
  'a\u0000b',
  'a\nb',
  'a:b',
  'a|b',
  'a?b',
  'a*b',
  'a"b',
  '<a>',
  5,
  null,
  true,
  ['a'],
  {},
]
const DEVICES: readonly unknown[] = [
  '',
  'camera',
  'Camera0',
  'camera0 ',
  'camera-1',
  '/dev/../video0',
  '/dev/video0/x',
  'a\u0000',
  LONG,
  0,
  null,
  true,
  [],
  {},
]

describe('wrong parameters', () => {
  const cases: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
    ...['start_recording', 'stop_recording'].flatMap((method) => [
      [method, 'device', {}] as const,
      ...DEVICES.map((device) => [method, 'device', { device }] as const),
    ]),
    ...[0, -1, 86_401, 1.5, '5', null, true, [], {}].map(
      (duration) => ['start_recording', 'duration', { device: 'camera0', duration }] as const,
    ),
    ...['', 'avi', 'MP4', 'mp4 ', 1, null, []].map(
      (format) => ['start_recording', 'format', { device: 'camera0', format }] as const,
    ),
    ...[...NAMES, '%Y', '.x'].map((filename) => ['start_recording', 'filename', { device: 'camera0', filename }] as const),
    ...['list_recordings', 'list_snapshots'].flatMap((method) => [
      ...[0, -1, 1001, 1.5, '10', null, true, []].map((limit) => [method, 'limit', { limit }] as const),
      ...[-1, 0.5, '0', null, false, {}, 2 ** 60].map((offset) => [method, 'offset', { offset }] as const),
    ]),
    ...['get_recording_info', 'get_snapshot_info', 'delete_recording', 'delete_snapshot'].flatMap((method) => [
      [method, 'filename', {}] as const,
      ...NAMES.map((filename) => [method, 'filename', { filename }] as const),
    ]),
    ...[undefined, '', 'Age', 'none', 1, null, []].map(
      (policy_type) =>
        ['set_retention_policy', 'policy_type', { policy_type, enabled: true, max_age_days: 5, max_size_gb: 1 }] as const,
    ),
    ...[undefined, 'true', 1, null].map(
      (enabled) => ['set_retention_policy', 'enabled', { policy_type: 'manual', enabled }] as const,
    ),
    ...[undefined, 0, 366, 1.5, '7', null, -1].map(
      (max_age_days) => ['set_retention_policy', 'max_age_days', { policy_type: 'age', enabled: true, max_age_days }] as const,
    ),
    ...[undefined, 0, -1, 1000.1, '1', null].map(
      (max_size_gb) => ['set_retention_policy', 'max_size_gb', { policy_type: 'size', enabled: true, max_size_gb }] as const,
    ),
  ]

  it(`are refused, each by its name (${cases.length}), and change nothing`, async () => {
    const before = readdirSync(folder())
    const wrong: string[] = []
    for (const [method, param, params] of cases) {
      const { error, result } = await client.request({ method, params })
      const right = error?.code === -32602 && error.data.param === param && typeof error.data.rule === 'string'
      if (!right) wrong.push(`${method} ${JSON.stringify(params).slice(0, 80)}: ${JSON.stringify(error ?? result).slice(0, 200)}`)
    }
    expect(wrong).toEqual([])
    expect(readdirSync(folder())).toEqual(before)
    expect(service.log()).not.toContain('ERROR')
  })

  it.each([
    ['get_recording_info', 'Recording not found', 'recording'],
    ['delete_recording', 'Recording not found', 'recording'],
    ['get_snapshot_info', 'Snapshot not found', 'snapshot'],
    ['delete_snapshot', 'Snapshot not found', 'snapshot'],
  ])('%s of a name that is not there', async (method, message, resource) => {
    for (const filename of ['nothing', '%2e%2e%2fjwt-secret', 'jwt-secret', '.under-way', 'camera0', 'ünïcode', ' ']) {
      expect(await client.failure(method, { filename })).toMatchObject({
        code: -32010,
        message,
        data: { resource, id: filename },
      })
    }
  })

  it('a camera that is not there', async () => {
    for (const method of ['start_recording', 'stop_recording']) {
      expect(await client.failure(method, { device: 'camera9' })).toMatchObject({
        code: -32010,
        message: 'Camera not found',
        data: { resource: 'camera', id: 'camera9' },
      })
    }
  })
})

describe('files', () => {
  it('are listed in pages, newest first, and found with and without their extension', async () => {
    for (const [age, name] of ['old.mp4', 'older.mkv', 'oldest.ts'].entries()) {
      writeFileSync(join(folder(), name), 'x')
      utimesSync(join(folder(), name), 1_000_000 - age, 1_000_000 - age)
    }
    const all = await eventually(async () => {
      const list = await client.call<Listed>('list_recordings', { limit: 1000 })
      return list.files.at(-1)?.filename === 'oldest' ? list : undefined
    })
    expect(all.files.slice(-3).map(({ filename }) => filename)).toEqual(['old', 'older', 'oldest'])
    const page = await client.call<Listed>('list_recordings', { limit: 2, offset: all.total - 2 })
    expect(page).toEqual({ files: all.files.slice(-2), total: all.total, limit: 2, offset: all.total - 2 })
    expect(await client.call('list_recordings', { offset: 100_000 })).toEqual({
      files: [],
      total: all.total,
      limit: 50,
      offset: 100_000,
    })
    for (const filename of ['older', 'older.mkv', 'older.mp4', 'older.fmp4']) {
      expect(await client.call('get_recording_info', { filename })).toMatchObject({
        filename: 'older',
        file_size: 1,
        duration: 0,
        download_url: '/files/recordings/older.mkv',
      })
    }
    for (const filename of ['old.fmp4', 'older', 'oldest']) {
      expect(await client.call('delete_recording', { filename })).toMatchObject({
        deleted: true,
        message: 'Recording file deleted successfully',
      })
    }
    expect(await client.call('list_recordings', { limit: 1 })).toMatchObject({ total: all.total - 3 })
    expect(readdirSync(folder()).filter((name) => name.startsWith('old'))).toEqual([])
  })

  it('R-38: a snapshot is listed with the next call, and only whole ones ever', async () => {
    const snapshots = join(service.stateDir, 'snapshots')
    const PICTURES = 1_000
    let listed = 0
    const look = async () => {
      const { files } = await client.call<Listed>('list_snapshots', { limit: 20 })
      for (const { filename, file_size } of files) {
        const bytes = readFileSync(join(snapshots, filename))
        expect([bytes.readUInt16BE(0), bytes.readUInt16BE(bytes.length - 2), bytes.length]).toEqual([0xffd8, 0xffd9, file_size])
        listed += 1
      }
    }
    for (let asked = 0; asked < PICTURES; asked += 10) {
      const taking = Promise.all(Array.from({ length: 10 }, () => client.call('take_snapshot', { device: 'camera0' })))
      let isTaking = true
      const taken = taking.finally(() => {
        isTaking = false
      })
      // At least once beside each ten, however slow the machine is.
      do await look()
      while (isTaking)
      await taken
    }
    expect(listed).toBeGreaterThan(PICTURES)
    expect(await client.call('list_snapshots', { limit: 1 })).toMatchObject({ total: PICTURES })
    const { filename } = await client.call<{ filename: string }>('take_snapshot', { device: 'camera1' })
    expect((await client.call<Listed>('list_snapshots', { limit: 1 })).files[0]?.filename).toBe(filename)
    expect(await client.call('get_snapshot_info', { filename })).toEqual({
      filename,
      file_size: statSync(join(snapshots, filename)).size,
      created_time: expect.stringMatching(/Z$/),
      download_url: `/files/snapshots/${filename}`,
    })
    expect(await client.call('delete_snapshot', { filename })).toEqual({
      filename,
      deleted: true,
      message: 'Snapshot file deleted successfully',
    })
    expect(await client.failure('get_snapshot_info', { filename })).toMatchObject({ code: -32010 })
  })

  it('are summed up with the room there is', async () => {
    const info = await client.call<Record<string, number | boolean>>('get_storage_info')
    expect(Object.keys(info)).toEqual([
      ...['total_space', 'used_space', 'available_space', 'usage_percentage', 'recordings_size', 'snapshots_size'],
      'low_space_warning',
    ])
    const size = (dir: string) =>
      readdirSync(join(service.stateDir, dir)).reduce(
        (sum, name) => sum + (name.startsWith('.') ? 0 : statSync(join(service.stateDir, dir, name)).size),
        0,
      )
    expect(info.recordings_size).toBe(size('recordings'))
    expect(info.snapshots_size).toBe(size('snapshots'))
    expect(Number(info.usage_percentage)).toBeLessThan(100)
  })
})

describe('retention', () => {
  it('deletes what is too old, then what is too much, the oldest first, and nothing while it is off', async () => {
    await client.call('set_retention_policy', { policy_type: 'age', max_age_days: 30, enabled: false })
    expect(await client.failure('cleanup_old_files')).toMatchObject({ code: -32020, data: { state: 'RETENTION_DISABLED' } })
    const policy = { policy_type: 'age', max_age_days: 30, enabled: true }
    expect(await client.call('set_retention_policy', policy)).toEqual({ ...policy, message: expect.any(String) })
    const day = 86_400
    const now = Date.now() / 1000
    for (const [name, days] of [
      ['a', 40],
      ['b', 31],
      ['c', 29],
      ['d', 20],
    ] as const) {
      // With its size and its date at once: between the two it would be a new file.
      const made = join(service.stateDir, `${name}.mp4`)
      writeFileSync(made, 'x'.repeat(1_000_000))
      utimesSync(made, now - days * day, now - days * day)
      renameSync(made, join(folder(), `${name}.mp4`))
    }
    await eventually(async () => {
      const { files } = await client.call<Listed>('list_recordings')
      const sizes = new Map(files.map(({ filename, file_size }) => [filename, file_size]))
      return ['a', 'b', 'c', 'd'].every((name) => sizes.get(name) === 1_000_000) ? true : undefined
    })
    expect(await client.call('cleanup_old_files')).toEqual({
      cleanup_executed: true,
      files_deleted: 2,
      space_freed: 2_000_000,
      message: expect.any(String),
    })
    const { recordings_size, snapshots_size } = await client.call<Record<string, number>>('get_storage_info')
    const bytes = Number(recordings_size) + Number(snapshots_size)
    await client.call('set_retention_policy', { policy_type: 'size', max_size_gb: (bytes - 1_500_000) / 1e9, enabled: true })
    expect(await client.call('cleanup_old_files')).toMatchObject({ files_deleted: 2, space_freed: 2_000_000 })
    await client.call('set_retention_policy', { policy_type: 'manual', enabled: true })
    expect(await client.call('cleanup_old_files')).toMatchObject({ cleanup_executed: true, files_deleted: 0, space_freed: 0 })
  })
})

async function eventually<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  const startedMs = performance.now()
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() - startedMs > 15_000) throw new Error('not within 15 s')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
