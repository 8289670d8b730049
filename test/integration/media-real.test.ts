/** Whole flows against a real MediaMTX: run when `MEDIAMTX_BIN` or `PATH` has one. */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MediaOptions, MediaService } from '../../src/media/index.js'
import { freePlaces } from '../../src/media/server/free-ports.js'
import { until } from '../support/until.js'
import { type MediaBench, openBench, type Packet, play, processesOf, readProc, realMediamtx } from './media-bench.js'

const binary = realMediamtx()
if (binary === undefined) {
  process.stderr.write('SKIPPED: flows against a real MediaMTX; set MEDIAMTX_BIN or put mediamtx on PATH to run them\n')
}

describe.skipIf(binary === undefined)('our own MediaMTX', { timeout: 60_000 }, () => {
  let bench: MediaBench

  beforeEach(async () => {
    bench = openBench({ mode: 'managed', ports: 'free', ...(binary === undefined ? {} : { binary }) })
    await bench.media.start(new AbortController().signal)
    await until('MediaMTX is up', () => bench.media.state === 'up')
  })

  afterEach(async () => await bench.close())

  test('a started stream plays for 5 s: frames move, a key frame each second, no B-frames', async () => {
    const { media } = bench
    const started = await media.startStreaming('camera0', '127.0.0.1')
    expect(started).toMatchObject({ device: 'camera0', stream_name: 'camera0', status: 'STARTED', auto_close_after: '300s' })
    expect(started.stream_url).toMatch(/^rtsp:\/\/127\.0\.0\.1:\d+\/camera0$/)
    expect(Date.now() - Date.parse(started.start_time)).toBeLessThan(10_000)

    const packets = await play(started.stream_url, 5)
    expect(spanSeconds(packets)).toBeGreaterThan(4)
    expect(packets.length).toBeGreaterThan(50)
    expect(packets.every((packet, at) => at === 0 || packet.seconds > (packets[at - 1]?.seconds ?? 0))).toBe(true)
    const keys = packets.filter((packet) => packet.key).map((packet) => packet.seconds)
    expect(keys.length).toBeGreaterThan(3)
    for (const [at, key] of keys.entries()) if (at > 0) expect(key - (keys[at - 1] ?? 0)).toBeLessThan(1.1)

    const again = await media.startStreaming('camera0', 'camera.example')
    expect(again.start_time).toBe(started.start_time)
    expect(again.stream_url).toContain('//camera.example:')

    const status = await media.streamStatus('camera0')
    expect(status).toMatchObject({ status: 'ACTIVE', ready: true, start_time: started.start_time })
    expect(status.ffmpeg_process.running).toBe(true)
    expect(status.metrics.frames_sent).toBeGreaterThan(50)
    expect(status.metrics.bytes_sent).toBeGreaterThan(10_000)
    expect((await media.streams()).value).toEqual([
      expect.objectContaining({ name: 'camera0', source: 'rtspSession', ready: true }),
    ])

    const { pid } = status.ffmpeg_process
    expect(await media.stopStreaming('camera0')).toMatchObject({ status: 'STOPPED', stream_continues: false })
    expect(readProc(pid, 'cmdline')).toBe('')
    await expect(media.streamStatus('camera0')).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' })
    await expect(media.stopStreaming('camera0')).rejects.toMatchObject({ code: 'INVALID_STATE' })
  })

  test('the picture is H.264 4:2:0 main', async () => {
    const { stream_url } = await bench.media.startStreaming('camera0', '127.0.0.1')
    const shown = await probeStream(stream_url)
    expect(shown).toMatchObject({
      codec_name: 'h264',
      profile: 'Main',
      pix_fmt: 'yuv420p',
      has_b_frames: 0,
      width: 320,
      height: 240,
    })
  })

  test('the H.264 of a camera is copied, not encoded: profile and size are its own', async () => {
    bench.feeds.codec = 'h264'
    const { stream_url, ffmpeg_command } = await bench.media.startStreaming('camera0', '127.0.0.1')
    expect(ffmpeg_command).toContain('-c:v copy')
    const shown = await probeStream(stream_url)
    expect(shown).toMatchObject({ codec_name: 'h264', profile: 'High', has_b_frames: 0, width: 320, height: 240 })
    const packets = await play(stream_url, 3)
    expect(spanSeconds(packets)).toBeGreaterThan(2)
    expect(packets.every((packet, at) => at === 0 || packet.seconds > (packets[at - 1]?.seconds ?? 0))).toBe(true)
    expect(packets.filter((packet) => packet.key).length).toBeGreaterThan(2)
  })

  test('a reader alone starts the publisher, without any call', async () => {
    const { stream_url } = await bench.media.streamUrl('camera0', '127.0.0.1')
    expect(spanSeconds(await play(stream_url, 2))).toBeGreaterThan(1)
  })

  test('after kill -9 of MediaMTX the stream can be read again, without any call', async () => {
    const { media } = bench
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    const before = media.serverPid ?? 0
    process.kill(before, 'SIGKILL')
    await until('MediaMTX is seen to be gone', () => media.state === 'down', 1_000)
    await expect(media.streams()).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED', data: { dependency: 'MediaMTX' } })
    await until('another MediaMTX is up', () => media.state === 'up' && media.serverPid !== before)
    const { stream_url: now } = await media.streamUrl('camera0', '127.0.0.1')
    expect(spanSeconds(await play(now, 2))).toBeGreaterThan(1)
    expect(now).not.toBe(stream_url)
  })

  test('after kill -9 of ffmpeg the stream can be read again, without any call', async () => {
    const { media } = bench
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    const { pid } = (await media.streamStatus('camera0')).ffmpeg_process
    process.kill(pid, 'SIGKILL')
    await until('another ffmpeg publishes', async () => {
      const status = await media.streamStatus('camera0')
      return status.status === 'ACTIVE' && status.ffmpeg_process.running && status.ffmpeg_process.pid !== pid
    })
    expect(spanSeconds(await play(stream_url, 2))).toBeGreaterThan(1)
  })

  test('a MediaMTX that hangs is replaced', async () => {
    const { media } = bench
    const before = media.serverPid ?? 0
    process.kill(before, 'SIGSTOP')
    await until('the hang is seen', () => media.state === 'down', 5_000)
    await until('another MediaMTX is up', () => media.state === 'up' && media.serverPid !== before, 20_000)
  })

  test('the HLS address plays', async () => {
    const { media } = bench
    await media.startStreaming('camera0', '127.0.0.1')
    const { hls = '' } = media.streamLinks('camera0', '127.0.0.1')
    expect(hls).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/camera0\/index\.m3u8$/)
    // The first seconds go into making the first segments.
    await until('it plays', async () => spanSeconds(await play(hls, 3, [])) > 1.5, 30_000)
  })

  test('the WebRTC address has a page for people, and WHEP for players', async () => {
    const { media } = bench
    await media.startStreaming('camera0', '127.0.0.1')
    const { webrtc = '' } = media.streamLinks('camera0', '127.0.0.1')
    const page = await fetch(webrtc)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain('<video')
    expect((await fetch(`${webrtc}whep`, { method: 'OPTIONS' })).status).toBeLessThan(300)
  })

  test('a wish to record makes files, told as they begin and end, and comes back after kill -9', async () => {
    const { media, stateDir } = bench
    const created: string[] = []
    const completed: { file: string; durationMs: number }[] = []
    media.events.on('segmentCreated', ({ device, file }) => device === 'camera0' && created.push(file))
    media.events.on('segmentCompleted', ({ file, durationMs }) => completed.push({ file, durationMs }))
    const recordPath = join(stateDir, 'recorded files', '%path', '%Y-%m-%d_%H-%M-%S-%f')
    await media.setRecording('camera0', { recordPath, format: 'fmp4', segmentDurationMs: 60_000, partDurationMs: 500 })
    await until('a file is there', () => created.length === 1)
    expect(created[0]).toContain(join(stateDir, 'recorded files', 'camera0'))

    const before = media.serverPid ?? 0
    process.kill(before, 'SIGKILL')
    await until('another file is there', () => created.length === 2)
    expect(media.serverPid).not.toBe(before)
    expect(await durationOf(created[0] ?? '')).toBeGreaterThan(0.3)

    await media.setRecording('camera0', undefined)
    await until('the second is complete', () => completed.length === 1)
    expect(completed[0]?.file).toBe(created[1])
    expect(await durationOf(created[1] ?? '')).toBeCloseTo((completed[0]?.durationMs ?? 0) / 1000, 0)
    await until('nothing publishes any more', () => media.path('camera0')?.available === false)
  })

  test('a stream from elsewhere becomes a path that plays, and goes when it is withdrawn', async () => {
    const { media } = bench
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    await media.setSource('uav/eo', { url: stream_url, onDemand: true, transport: 'tcp' })
    const copy = stream_url.replace('camera0', 'uav/eo')
    expect(spanSeconds(await play(copy, 2))).toBeGreaterThan(1)
    await media.setSource('uav/eo', undefined)
    await until('it is gone', () => media.path('uav/eo') === undefined)
    expect(await play(copy, 1)).toEqual([])
  })

  test('who reads a camera that is unplugged sees ten seconds more, and then the end', async () => {
    const { stream_url } = await bench.media.startStreaming('camera0', '127.0.0.1')
    const reading = play(stream_url, 60)
    await until('it is read', async () => (await bench.media.streamStatus('camera0')).mediamtx_path.readers > 0)
    const begin = performance.now()
    bench.feeds.setDevices([])
    const packets = await reading
    expect(performance.now() - begin).toBeGreaterThan(9_000)
    expect(performance.now() - begin).toBeLessThan(15_000)
    expect(spanSeconds(packets)).toBeGreaterThan(8)
    await until('its path is gone', () => bench.media.path('camera0') === undefined)
  })

  test('nobody publishes without our password, and no password is seen in an argument list or a log', async () => {
    const { media, stateDir, log } = bench
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    expect(await publishPattern(stream_url)).toContain('401')
    const file = readFileSync(join(stateDir, 'mediamtx', 'mediamtx.json'), 'utf8')
    expect(file).toMatch(/"pass": "sha256:/)
    const ffmpeg = (await media.streamStatus('camera0')).ffmpeg_process.pid
    expect(readProc(ffmpeg, 'cmdline')).toContain(stream_url)
    for (const pid of [...everyPid(), ffmpeg]) expect(readProc(pid, 'cmdline')).not.toMatch(/publisher:\S+@/)
    expect(log.join('')).not.toMatch(/publisher:\S+@/)
  })

  test('a stopped service leaves no process', async () => {
    const { media, stateDir } = bench
    await media.startStreaming('camera0', '127.0.0.1')
    expect(processesOf(stateDir).length).toBeGreaterThan(0)
    await media.stop()
    expect(processesOf(stateDir)).toEqual([])
  })
})

describe.skipIf(binary === undefined)('a MediaMTX that runs already', { timeout: 60_000 }, () => {
  let bench: MediaBench
  let server: ChildProcess
  let api: string
  let run: () => ChildProcess

  afterEach(async () => {
    // First the server: its notifiers are its own and end with it.
    server.kill('SIGKILL')
    await bench.close()
  })

  async function open(options: Partial<MediaOptions> = {}, devices: readonly string[] = ['camera0']): Promise<MediaService> {
    const places = await freePlaces('127.0.0.1')
    api = `http://127.0.0.1:${places.apiPort}/v3`
    bench = openBench({ mode: 'external', apiPort: places.apiPort, ...options }, devices)
    const file = join(bench.stateDir, 'foreign.json')
    const config = {
      ...{ api: true, apiAddress: `127.0.0.1:${places.apiPort}`, rtspAddress: `127.0.0.1:${places.rtspPort}` },
      ...{ hls: false, webrtc: false, rtmp: false, srt: false },
      paths: { mine: { source: 'publisher' } },
    }
    writeFileSync(file, JSON.stringify(config))
    const env = { MTX_MOQ: 'no', MTX_RTSPTRANSPORTS: 'tcp', PATH: process.env.PATH ?? '' }
    run = () => spawn(binary ?? '', [file], { stdio: 'ignore', env })
    await bench.media.start(new AbortController().signal)
    return bench.media
  }

  test('it is adopted, told of our cameras, asked for demand, and met again after its restart', async () => {
    const media = await open()
    await until('its absence is told', () => media.state === 'down')
    await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    server = run()
    await until('it is adopted', () => media.state === 'up')
    const { stream_url } = await media.streamUrl('camera0', '127.0.0.1')
    expect(spanSeconds(await play(stream_url, 2))).toBeGreaterThan(1)

    server.kill('SIGKILL')
    await until('its end is seen', () => media.state === 'down', 1_000)
    server = run()
    await until('it is up', () => media.state === 'up')
    expect(spanSeconds(await play(stream_url, 2))).toBeGreaterThan(1)
  })

  test('R-02: 116 paths that a restart forgot are back within 1.2 s', async () => {
    const cameras = Array.from({ length: 16 }, (_, at) => `camera${at}`)
    const media = await open({}, cameras)
    server = run()
    await until('it is adopted', () => media.state === 'up')
    const source = (at: number) => ({ url: `rtsp://127.0.0.1:1/${at}`, onDemand: true, transport: 'tcp' }) as const
    await Promise.all(Array.from({ length: 100 }, (_, at) => media.setSource(`uav/${at}`, source(at))))
    const paths = async () => {
      const reply = await fetch(`${api}/config/paths/list?itemsPerPage=1000`)
      return ((await reply.json()) as { itemCount: number }).itemCount
    }
    expect(await paths()).toBe(117)
    server.kill('SIGKILL')
    await until('its end is seen', () => media.state === 'down', 1_000)
    server = run()
    await until('it answers', () =>
      fetch(`${api}/info`).then(
        () => true,
        () => false,
      ),
    )
    const begin = performance.now()
    await until('all paths are back', async () => (await paths()) === 117, 5_000)
    const tookMs = performance.now() - begin
    expect(tookMs).toBeLessThanOrEqual(1_200)
  })

  test('R-03: stopped, it is degraded within 5 s; going on, it is healthy within 2 s', async () => {
    const media = await open()
    server = run()
    await until('it is adopted', () => media.state === 'up')
    server.kill('SIGSTOP')
    await until('it is down', () => media.state === 'down', 5_000)
    const begin = performance.now()
    while (performance.now() - begin < 8_000) {
      await expect(media.streams()).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    server.kill('SIGCONT')
    await until('it is up', () => media.state === 'up', 2_000)
  })

  test('R-09: a path that others replace a hundred times has one publisher in the end, and it plays', async () => {
    const media = await open({ demandCloseAfterMs: 2_000, viewCloseAfterMs: 3_000 })
    server = run()
    await until('it is adopted', () => media.state === 'up')
    const { stream_url } = await media.startStreaming('camera0', '127.0.0.1')
    for (let round = 0; round < 100; round++) {
      const body = JSON.stringify({ maxReaders: 1 + (round % 2) })
      expect((await fetch(`${api}/config/paths/replace/camera0`, { method: 'POST', body })).status).toBe(200)
    }
    await until('it plays', async () => spanSeconds(await play(stream_url, 2)) > 1, 20_000)
    expect(ffmpegsOf(bench.stateDir)).toHaveLength(1)
    await until('none is left when nobody reads any more', () => ffmpegsOf(bench.stateDir).length === 0, 15_000)
  })
})

/** Publishers of this bench: everything it started says so in its environment. */
function ffmpegsOf(stateDir: string): number[] {
  return processesOf(stateDir).filter((pid) => readProc(pid, 'comm').startsWith('ffmpeg'))
}

function spanSeconds(packets: readonly Packet[]): number {
  return (packets.at(-1)?.seconds ?? 0) - (packets[0]?.seconds ?? 0)
}

function probeStream(url: string): Promise<Record<string, unknown>> {
  const args = ['-v', 'error', '-rtsp_transport', 'tcp', '-show_streams', '-of', 'json', url]
  return new Promise((resolve, reject) => {
    execFile('ffprobe', args, { timeout: 20_000 }, (error, stdout) => {
      if (error === null) resolve((JSON.parse(stdout) as { streams: Record<string, unknown>[] }).streams[0] ?? {})
      else reject(error)
    })
  })
}

/** Seconds from the first to the last packet, read to the end. */
async function durationOf(file: string): Promise<number> {
  return spanSeconds(await play(file, 3_600, []))
}

/** What ffmpeg says when it tries to publish without credentials. */
function publishPattern(url: string): Promise<string> {
  const source = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=64x64:rate=5', '-t', '2', '-c:v', 'libx264', '-bf', '0']
  return new Promise((resolve) => {
    execFile('ffmpeg', ['-v', 'error', ...source, '-f', 'rtsp', '-rtsp_transport', 'tcp', url], (_error, _stdout, stderr) =>
      resolve(stderr),
    )
  })
}

function everyPid(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}
