/** S-62: the service under what its unit allows: the same system calls, no capabilities, everything but its state read-only. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { METHODS } from '../../src/rpc/index.js'
import { MjpegViewer } from '../support/mjpeg-viewer.js'
import { RpcClient } from '../support/rpc-client.js'
import { startService } from '../support/service.js'

const UNIT = join(import.meta.dirname, '../../systemd/camera-service.service')
const SANDBOX = ['python3', join(import.meta.dirname, '../support/sandbox.py'), UNIT]
const DEADLINE = { timeout: 30_000, interval: 50 }
/** What nobody is refused for: MediaMTX is away, or the feature is off, or there is nothing of the name. */
const EXPECTED = new Set([undefined, -32050, -32030, -32010, -32020])

const cannot = whyNot()
if (cannot !== undefined) console.error(`S-62 is NOT tested: ${cannot}`)

function whyNot(): string | undefined {
  const state = mkdtempSync(join(tmpdir(), 'sandbox-'))
  const [command = '', ...words] = [...SANDBOX, 'true']
  const { status, stderr, error } = spawnSync(command, words, {
    env: { ...process.env, CAMERA_SERVICE_STATE_DIR: state },
    encoding: 'utf8',
  })
  rmSync(state, { recursive: true })
  if (error !== undefined) return error.message
  if (status === 77) return stderr.trim()
  // Whatever else fails is no reason to leave the test out.
  return undefined
}

it.skipIf(cannot !== undefined)(
  'S-62: in the sandbox of the unit everything works, and nothing is refused',
  async () => {
    const service = await startService({ args: ['--virtual-cameras', '1'], camera: true, wrapper: SANDBOX })
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8')
    expect(status).toMatch(/^Seccomp:\t2$/m)
    expect(status).toMatch(/^CapBnd:\t0+$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)

    const client = await RpcClient.connect(service.url)
    const token = service.token('admin')
    await client.login(token)
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    const device = 'camera0'
    for (const format of ['jpg', 'png']) {
      expect(await client.call('take_snapshot', { device, format })).toMatchObject({ status: 'SUCCESS' })
    }
    for (const format of ['fmp4', 'mkv']) {
      const { filename } = await client.call<{ filename: string }>('start_recording', { device, format })
      expect(await client.call('stop_recording', { device })).toMatchObject({ status: 'STOPPED', filename })
    }
    const { files } = await client.call<{ files: { download_url: string; filename: string }[] }>('list_recordings')
    expect(files.length).toBe(2)
    const file = await fetch(`http://127.0.0.1:${service.port}${files[0]?.download_url}`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    expect([file.status, (await file.arrayBuffer()).byteLength > 1_000]).toEqual([200, true])

    const given: Readonly<Record<string, object>> = {
      authenticate: { auth_token: token },
      set_camera_controls: { device, controls: { brightness: 1 } },
      get_recording_info: { filename: files[0]?.filename },
      delete_recording: { filename: files[1]?.filename },
      get_snapshot_info: { filename: 'none.jpg' },
      delete_snapshot: { filename: 'none.jpg' },
      set_retention_policy: { policy_type: 'age', enabled: true, max_age_days: 7 },
      subscribe_events: { topics: ['system.error'] },
      add_external_stream: { stream_url: 'rtsp://192.0.2.1/a', stream_name: 'a' },
      remove_external_stream: { stream_url: 'rtsp://192.0.2.1/a' },
      set_discovery_interval: { scan_interval: 0 },
    }
    const codes: Record<string, number | undefined> = {}
    for (const { name, params } of METHODS) {
      const wantsDevice = (params.required ?? []).includes('device')
      codes[name] = (await client.request({ method: name, params: given[name] ?? (wantsDevice ? { device } : {}) })).error?.code
    }
    expect(Object.entries(codes).filter(([, code]) => !EXPECTED.has(code))).toEqual([])
    expect(Object.values(codes).filter((code) => code === undefined).length).toBeGreaterThan(25)

    const viewer = await MjpegViewer.open(service.cameraPort, '/video_feed')
    await vi.waitFor(() => expect(viewer.frames).toBeGreaterThan(5), DEADLINE)
    viewer.close()
    for (const [port, path] of [
      [service.healthPort, '/health/detailed'],
      [service.port, '/metrics'],
      [service.cameraPort, '/status'],
    ] as const) {
      expect((await fetch(`http://127.0.0.1:${port}${path}`)).status).toBe(200)
    }
    process.kill(service.pid, 'SIGHUP')
    expect(await client.call('ping')).toBe('pong')
    await client.close()
    expect(await service.stop()).toBe(0)
    expect(service.log()).not.toMatch(/EPERM|EROFS|EACCES|EAFNOSUPPORT|not permitted|Read-only/i)
  },
  120_000,
)
