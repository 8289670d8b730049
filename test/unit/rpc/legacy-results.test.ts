/** Members beyond the documented ones: for legacy logins, and with the compatibility switch (C-28). */

import { describe, expect, it } from 'vitest'
import { type BenchOptions, createBench } from '../../support/rpc-session.js'

const forLegacy = { for_legacy: { recording_id: 'first', start_time: '2030-04-01T08:15:00.000Z' } }

function open(spelling: 'token' | 'auth_token', options: BenchOptions = {}) {
  const bench = createBench(options)
  const caller = bench.open()
  caller.call('authenticate', { [spelling]: bench.token('admin') })
  caller.received.length = 0
  async function result(method: string, params: object = {}): Promise<Record<string, unknown>> {
    caller.call(method, params)
    await expect.poll(() => caller.received.at(-1)?.id).toBeDefined()
    return caller.received.at(-1)?.result as Record<string, unknown>
  }
  return { bench, caller, result }
}

describe('a legacy login', () => {
  it('finds path and link in cameras', async () => {
    const { result } = open('token')
    const legacy = { device_path: 'camera0', stream_url: 'rtsp://cam-host:8554/camera0' }
    expect(await result('get_camera_status', { device: 'camera0' })).toMatchObject({ device: 'camera0', ...legacy })
    expect((await result('get_camera_list')).cameras).toMatchObject([{ device: 'camera0', ...legacy }, { device: 'camera2' }])
  })

  it('finds success and the recording in what it started', async () => {
    const { result } = open('token')
    expect(await result('take_snapshot', { device: 'camera0' })).toMatchObject({ success: true, status: 'SUCCESS' })
    const started = await result('start_recording', { device: 'camera0' })
    expect(started).toMatchObject({
      ...{ success: true, device: 'camera0', device_path: 'camera0', recording_id: started.filename },
      recording: { recording_id: started.filename, filename: started.filename, status: 'RECORDING' },
    })
  })

  it('finds its own names in notifications', () => {
    const { bench, caller } = open('token')
    bench.rpc.publish('camera.status_change', { device: 'camera0', old_status: 'ERROR', new_status: 'CONNECTED' })
    bench.rpc.publish('recording.start', { device: 'camera0', filename: 'a', ...forLegacy })
    expect(caller.received.map(({ params }) => params)).toEqual([
      {
        ...{ device: 'camera0', device_path: 'camera0', status: 'CONNECTED', name: expect.any(String) },
        ...{ resolution: expect.any(String), fps: 25, streams: expect.any(Object) },
        ...{ stream_url: 'rtsp://cam-host:8554/camera0', capabilities: ['MJPG'] },
      },
      {
        ...{ device: 'camera0', device_path: 'camera0', status: 'STARTED', filename: 'a', duration: 0 },
        ...{ recording_id: 'first', start_time: '2030-04-01T08:15:00.000Z' },
      },
    ])
  })

  it('is none any more after a login in the present spelling', async () => {
    const { bench, caller, result } = open('token')
    caller.call('authenticate', { auth_token: bench.token('admin') })
    expect(await result('take_snapshot', { device: 'camera0' })).not.toHaveProperty('success')
  })
})

describe('any other login', () => {
  it('hears nothing of what is for legacy logins', () => {
    const { bench, caller } = open('auth_token')
    caller.call('subscribe_events', { topics: ['recording.start', 'camera_status_update'] })
    caller.received.length = 0
    bench.rpc.publish('recording.start', { device: 'camera0', filename: 'a', ...forLegacy })
    bench.rpc.publish('camera.status_change', { device: 'camera0', old_status: 'ERROR', new_status: 'CONNECTED' })
    expect(caller.received.map(({ params }) => Object.keys(params ?? {}))).toEqual([
      ['device', 'filename', 'timestamp'],
      ['device', 'status', 'name', 'resolution', 'fps', 'streams'],
    ])
  })

  it('gets the documented members and no others', async () => {
    const { result } = open('auth_token')
    const camera = ['device', 'status', 'name', 'resolution', 'fps', 'streams']
    expect(Object.keys(await result('get_camera_status', { device: 'camera0' }))).toEqual(camera)
    expect(await result('get_camera_capabilities', { device: 'camera0' })).not.toHaveProperty('frame_rates')
    expect(await result('get_metrics')).not.toHaveProperty('cpu_usage')
  })

  it('gets those that suites look for when the switch is on', async () => {
    const { result } = open('auth_token', { extraMembers: true })
    expect(await result('get_camera_capabilities', { device: 'camera0' })).toMatchObject({ frame_rates: ['30.000'] })
    expect(await result('get_metrics')).toMatchObject({
      ...{ timestamp: expect.any(String), cpu_usage: 1, memory_usage: 2 },
      disk_usage: { total: 100, used: 3, available: 97, percentage: 3 },
      network_stats: { connections: 1, bytes_sent: 2, bytes_received: 3 },
    })
    expect(await result('take_snapshot', { device: 'camera0' })).toMatchObject({ success: true })
  })
})

it('get_server_info is for admins only when the switch says so (C-3)', async () => {
  const bench = createBench({ serverInfoRole: 'admin' })
  const caller = bench.open()
  caller.login('viewer')
  expect(caller.call('get_server_info')?.error).toMatchObject({
    code: -32002,
    data: { required_role: 'admin', have_role: 'viewer' },
  })
  caller.login('admin')
  expect(caller.call('get_server_info')?.result).toMatchObject({ name: 'MediaMTX Camera Service' })
})
