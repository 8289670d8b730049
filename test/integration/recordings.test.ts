/** Recordings of virtual cameras by the whole service, without MediaMTX: calls over the socket, files on the disk, ffprobe. */

import { readdirSync, statSync } from 'node:fs'
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
  service = await startService({ args: ['--virtual-cameras', '2'] })
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
    const started = await client.call<Started>('start_recording', { device: 'camera0', format })
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
    expect(played.packets / played.span).toBeGreaterThan(20)
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
