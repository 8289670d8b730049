/** Snapshots of cameras that give no pictures but H.264. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Lease } from '../../../src/cameras/index.js'
import type { CaptureStats, Core } from '../../../src/native/index.js'
import type { ConversionReply, ConvertJob } from '../../../src/snapshots/worker.js'
import { makeSnapshots } from './rig.js'

const facts = { width: 640, height: 360, capturedWallMs: 0, sizeBytes: 9 }

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapshots-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** `camera1` gives H.264; `camera0` may be its sibling. */
function setUp({ sibling = false, watched = false } = {}) {
  const way: string[] = []
  const held = new Set<string>()
  let fail: Error | undefined
  let reply: (job: ConvertJob) => ConversionReply = (job) => ({ converted: { ...facts, file: join(job.dir, job.name) } })
  const jobs: ConvertJob[] = []
  const core: Pick<Core, 'id' | 'saveFrame' | 'captureStats'> = {
    id: 1,
    captureStats: () => ({ retained: watched ? 1 : 0 }) as CaptureStats,
    saveFrame: async (source, _wish, folder, name) => {
      way.push(`saved from ${source}`)
      if (fail !== undefined) throw fail
      return { ...facts, sequence: 1, capturedAtUs: 1, file: join(folder, name) }
    },
  }
  const snapshots = makeSnapshots({
    core: core as Core,
    cameras: {
      sibling: () => (sibling ? 'camera0' : undefined),
      lease: async (device) => {
        held.add(device)
        const info = { width: 640, height: 360, fourcc: device === 'camera1' ? 'H264' : 'MJPG', interval: { num: 1, den: 10 } }
        return { source: device, info, release: () => void held.delete(device) } as unknown as Lease
      },
    },
    openWorkers: async () => ({
      run: async (job) => {
        jobs.push(job)
        const { from } = job
        if ('source' in from) way.push(`${from.decode === undefined ? 'converted' : 'decoded'} from ${from.source}`)
        return reply(job)
      },
      destroy: async () => undefined,
    }),
    dir,
  })
  const take = (params: object = {}) => snapshots.take({ device: 'camera1', ...params }, new AbortController().signal)
  return {
    take,
    way,
    jobs,
    held,
    failSave: (given: Error) => (fail = given),
    failDecode: (message: string) => (reply = () => ({ failure: { message, members: { code: 'DECODE_FAILED' } } })),
  }
}

const native = (code: string) => Object.assign(new Error(code), { code, errno: 0, call: 'grab', node: '' })

describe('a snapshot of a camera in H.264', () => {
  it('is decoded from a key frame, and says so', async () => {
    const { take, way, jobs, held } = setUp()
    const shot = await take({ filename: 'a' })
    expect(shot).toMatchObject({ device: 'camera1', filename: 'a.jpg', capture_method: 'ffmpeg_decode' })
    expect(way).toEqual(['decoded from camera1'])
    expect(jobs[0]).toMatchObject({
      conversion: undefined,
      from: { decode: { ffmpeg: 'ffmpeg', searchPath: '/bin', timeoutMs: 1_000 } },
    })
    expect(held.size).toBe(0)
  })

  it('is converted in the same go', async () => {
    const { take, jobs } = setUp()
    expect((await take({ filename: 'a.png' })).filename).toBe('a.png')
    expect(jobs[0]).toMatchObject({ conversion: { format: 'png' }, from: { decode: { ffmpeg: 'ffmpeg' } } })
  })

  it('takes a picture that is decoded for viewers anyway', async () => {
    const { take, way } = setUp({ watched: true })
    expect((await take()).capture_method).toBe('ffmpeg_decode')
    expect(way).toEqual(['saved from camera1'])
  })

  it('comes from a sibling that gives pictures, under its own name', async () => {
    const { take, way, held } = setUp({ sibling: true })
    const shot = await take()
    expect(shot).toMatchObject({ device: 'camera1', capture_method: 'mjpeg_sibling' })
    expect(shot.filename).toMatch(/^camera1_/)
    expect(way).toEqual(['saved from camera0'])
    expect(held.size).toBe(0)
  })

  it.each(['CAMERA_BUSY', 'TIMEOUT', 'NO_BANDWIDTH'])('is decoded when the sibling cannot be had (%s)', async (code) => {
    const { take, way, failSave } = setUp({ sibling: true })
    failSave(native(code))
    expect((await take()).capture_method).toBe('ffmpeg_decode')
    expect(way).toEqual(['saved from camera0', 'decoded from camera1'])
  })

  it('is not tried again when the disk is full', async () => {
    const { take, way, failSave } = setUp({ sibling: true })
    failSave(native('DISK_FULL'))
    await expect(take()).rejects.toMatchObject({ data: { state: 'STORAGE_FULL' } })
    expect(way).toEqual(['saved from camera0'])
  })

  it('names the program that failed', async () => {
    const { take, failDecode } = setUp()
    failDecode('no such decoder')
    await expect(take()).rejects.toMatchObject({
      code: 'DEPENDENCY_FAILED',
      data: { dependency: 'FFmpeg', detail: expect.stringContaining('no such decoder') },
    })
  })
})
