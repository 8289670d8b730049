/** What errors give away while the folders and MediaMTX cannot be used (reliability-security S-53). */

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const PLACE =
  /\/(?:home|root|tmp|usr|var|work|dev|proc|opt|etc)\b|127\.0\.0\.1|localhost:|https?:|rtsp:|\bat \S+ \(|\.[jt]s:\d|ffmpeg -/
const DEVICE = { device: 'camera0' }
const CALLS: readonly (readonly [string, object])[] = [
  ['take_snapshot', DEVICE],
  ['take_snapshot', { ...DEVICE, format: 'png' }],
  ['get_snapshot_info', { filename: 'camera0.jpg' }],
  ['get_recording_info', { filename: 'camera0.mp4' }],
  ['list_snapshots', {}],
  ['list_recordings', {}],
  ['start_recording', DEVICE],
  ['get_stream_url', DEVICE],
  ['get_stream_status', DEVICE],
  ['get_streams', {}],
  ['start_streaming', DEVICE],
  ['stop_streaming', DEVICE],
]

let service: RunningService
beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_LOGGING_LEVEL: 'debug',
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(await freePort()),
    },
  })
  for (const folder of ['snapshots', 'recordings']) {
    const path = join(service.stateDir, folder)
    await rm(path, { recursive: true, force: true })
    await writeFile(path, 'no folder')
  }
})
afterAll(() => service.stop())

it.each(['viewer', 'operator'] as const)(
  'S-53 a %s hears no path, device or address of the machine, and why it fails',
  async (role) => {
    const client = await RpcClient.connect(service.url)
    await client.login(service.token(role))
    const told: string[] = []
    for (const [method, params] of CALLS) {
      const { error } = await client.request({ method, params })
      if (error !== undefined) told.push(`${method}: ${JSON.stringify(error)}`)
    }
    await client.close()
    expect(told.filter((error) => PLACE.test(error) || error.includes(service.stateDir))).toEqual([])
    // Every method that needs a folder or MediaMTX has failed, not for want of a right.
    const failed = told.filter((error) => /-32050|-32603/.test(error)).map((error) => error.slice(0, error.indexOf(':')))
    expect(failed).toEqual(expect.arrayContaining(['get_snapshot_info', 'get_recording_info', 'get_stream_url', 'get_streams']))
    if (role === 'operator')
      expect(failed).toEqual(expect.arrayContaining(['take_snapshot', 'start_recording', 'start_streaming']))
    expect(told.join()).toContain('nothing answers at …')
  },
)

it('S-53 what they do not hear is in the log', () => {
  expect(service.log()).toContain(join(service.stateDir, 'snapshots'))
  expect(service.log()).toMatch(/nothing answers at 127\.0\.0\.1:\d+/)
})
