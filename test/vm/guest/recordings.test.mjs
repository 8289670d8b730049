// Cameras of the kernel are recorded, pulled in the middle, and recorded again.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ensureVivid, unplugVivid } from './support/drivers.mjs'
import { startService } from './support/service.mjs'
import { eventually } from './support/wait.mjs'

const run = promisify(execFile)
/** An emulated processor takes its time for the start of ffmpeg alone. */
const TOLD_MS = 60_000

describe('recordings', () => {
  let service
  let client
  before(async () => {
    service = await startService({
      yaml: 'recording:\n  start_timeout: 80s\ncamera:\n  modes:\n    camera0: "YUYV 320x180@10"\n    camera1: "YUYV 320x180@10"\n',
    })
    client = await service.client()
    await allConnected()
    await client.call('subscribe_events', {
      topics: ['recording.start', 'recording.stop', 'recording.error', 'recording.progress'],
    })
  })
  after(async () => {
    await service?.stop()
    await ensureVivid()
  })

  const allConnected = () =>
    eventually('the cameras are connected', async () => (await client.call('get_camera_list')).connected >= 3, {
      timeoutMs: 60_000,
    })

  test('pulled in the middle, both recordings end with what was recorded, and begin anew when the cameras are back', async () => {
    const first = [
      await client.call('start_recording', { device: 'camera0' }),
      await client.call('start_recording', { device: 'camera1', format: 'mkv' }),
    ]
    for (const { device } of first) {
      await client.notification('recording.progress', (fact) => fact.device === device && fact.duration >= 3, {
        timeoutMs: TOLD_MS,
      })
    }
    await unplugVivid()
    for (const { device, filename } of first) {
      // On a machine this slow a camera may have given nothing for a while before.
      const isEnd = (fact) => fact.device === device && fact.reason === 'device_disconnected'
      const { params } = await client.notification('recording.error', isEnd, { timeoutMs: TOLD_MS })
      assert.equal(params.filename, filename)
    }
    await assert.rejects(client.call('start_recording', { device: 'camera0' }), { code: -32020 })
    await assert.rejects(client.call('stop_recording', { device: 'camera0' }), { code: -32020 })
    await ensureVivid()
    await allConnected()
    const again = await client.call('start_recording', { device: 'camera0' })
    const stopped = await client.call('stop_recording', { device: 'camera0' })
    assert.equal(stopped.filename, again.filename)
    const { files } = await client.call('list_recordings')
    assert.deepEqual(files.map(({ filename }) => filename).sort(), [...first, again].map(({ filename }) => filename).sort())
    const headers = { Authorization: `Bearer ${await service.token()}` }
    for (const { download_url } of files) {
      const file = join(service.stateDir, 'recordings', download_url.split('/').at(-1))
      const fields = ['-show_entries', 'stream=width,nb_read_packets', '-count_packets', '-of', 'csv=p=0']
      const { stdout, stderr } = await run('ffprobe', ['-v', 'error', ...fields, file])
      const [width, packets] = stdout.trim().split(',').map(Number)
      assert.deepEqual([stderr, width], ['', 320])
      assert.ok(packets > 1, `${file}: ${packets} pictures`)
      const downloaded = await fetch(new URL(download_url, `http://127.0.0.1:${service.port}`), { headers })
      assert.equal(downloaded.status, 200)
      assert.ok((await readFile(file)).equals(Buffer.from(await downloaded.arrayBuffer())), `${file} is downloaded as it is`)
    }
    assert.deepEqual(await readdir(join(service.stateDir, 'recordings', '.under-way')), [])
  })
})
