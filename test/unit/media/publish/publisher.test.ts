import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import type { CameraFeedHandle } from '../../../../src/media/index.js'
import { SOFTWARE } from '../../../../src/media/publish/encoders.js'
import { CAMERA_GONE, type FeedPipe } from '../../../../src/media/publish/feeds.js'
import { DEFAULT_CODEC } from '../../../../src/media/publish/ffmpeg-args.js'
import { Publisher, type PublisherOptions, type PublisherState } from '../../../../src/media/publish/publisher.js'
import { FakeClock } from '../../../support/fake-clock.js'

let dir: string
let clock: FakeClock
let publisher: Publisher
let states: PublisherState[]
let log: string[]
let opened: number
let closed: number
let framesIn: number
let encoderFailures: number
let codec: 'jpeg' | 'h264'
let endFeed: (reason: string) => void

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'publisher-'))
  clock = new FakeClock()
  states = []
  log = []
  opened = closed = framesIn = encoderFailures = 0
  codec = 'jpeg'
})

afterEach(async () => {
  const stopped = publisher.stop()
  await vi.waitFor(
    () => {
      clock.advance(1_000)
      expect(publisher.status().state).toBe('idle')
    },
    { timeout: 5_000 },
  )
  await stopped
  expect(closed).toBe(opened)
  rmSync(dir, { recursive: true })
})

test('a child that encodes is running, one that is not wanted any more ends', async () => {
  start('echo frame=3 >&3; echo fps=15 >&3; echo progress=continue >&3; exec sleep 60')
  await state('running')
  expect(publisher.status().progress).toEqual({ frames: 3, fps: 15 })
  const { pid } = publisher.status()
  await publisher.stop()
  expect(() => process.kill(pid ?? 0, 0)).toThrow()
  expect(states).toEqual(['starting', 'running', 'stopping', 'idle'])
})

test('the first failure is repaired at once, further ones wait longer and longer', async () => {
  start('echo broken >&2; exit 1')
  await runs(2)
  await state('waiting')
  expect(publisher.status().failure).toBe('broken')
  for (const [failures, mostMs] of [500, 1_000, 2_000].entries()) {
    clock.advance(mostMs / 2 - 1)
    expect(runCount()).toBe(failures + 2)
    clock.advance(mostMs / 2 + 1)
    await runs(failures + 3)
    await state('waiting')
  }
})

test.each([
  'Could not write header for output file #0 (incorrect codec parameters ?): Server returned 400 Bad Request',
  'Could not write header for output file #0 (incorrect codec parameters ?): Invalid data found when processing input',
])('what MediaMTX refuses during the handshake is repeated at once, a few times: %s', async (complaint) => {
  start(`echo "${complaint}" >&2; exit 1`)
  await runs(5)
  await state('waiting')
  expect(runCount()).toBe(5)
})

test('after good health a failure counts as the first', async () => {
  start('sleep 0.05; exit 1')
  await runs(2)
  await vi.waitFor(() => expect(publisher.status().state).toBe('waiting'))
  clock.advance(500)
  await runs(3)
  // It lasts 10 s by this clock.
  clock.advance(10_000)
  await vi.waitFor(() => expect(runCount()).toBeGreaterThanOrEqual(4))
})

test('a pause is over when somebody says that the server is back', async () => {
  start('exit 1')
  await runs(2)
  await state('waiting')
  publisher.wake()
  await runs(3)
})

test('without a server nothing is started', async () => {
  let there = false
  start('exec sleep 60', { target: () => (there ? { url: 'rtsp://127.0.0.1/camera0', environment: {} } : undefined) })
  await state('waiting')
  clock.advance(100_000)
  expect(runCount()).toBe(0)
  there = true
  publisher.wake()
  await runs(1)
})

test('a child that takes frames and gives none is killed and told so', async () => {
  start('trap "" TERM; echo frame=1 >&3; while :; do sleep 1; done')
  await state('running')
  for (let half = 0; half < 12; half++) {
    framesIn += 15
    clock.advance(500)
  }
  await vi.waitFor(() => {
    clock.advance(1)
    expect(log.join()).toContain('does not encode')
  })
})

test('a child that is slow to begin has more time than one that stops', async () => {
  start('trap "" TERM; while :; do sleep 1; done')
  await runs(1)
  const deliver = (halfSeconds: number): void => {
    for (let half = 0; half < halfSeconds; half++) {
      framesIn += 15
      clock.advance(500)
    }
  }
  deliver(29)
  expect(log.join()).not.toContain('does not encode')
  deliver(3)
  await vi.waitFor(() => {
    clock.advance(1)
    expect(log.join()).toContain('does not encode')
  })
})

test('a camera that delivers nothing is not the child’s fault', async () => {
  start('echo frame=1 >&3; exec sleep 60')
  await state('running')
  clock.advance(60_000)
  expect(publisher.status().state).toBe('running')
})

test('a feed that ends takes its child along', async () => {
  start('echo frame=1 >&3; exec sleep 60')
  await state('running')
  endFeed('camera gone')
  await vi.waitFor(() => expect(log.join()).toContain('feed ended: camera gone'))
})

test('a camera that was unplugged is stood in for by a picture, for ten seconds, then the child ends', async () => {
  const pictures = join(dir, 'pictures')
  start(`: > ${pictures}; echo frame=1 >&3; exec cat >> ${pictures}`)
  await state('running')
  endFeed(CAMERA_GONE)
  const sinceMs = clock.nowMs()
  expect(publisher.status()).toMatchObject({ absent: true, state: 'running' })
  await vi.waitFor(() => expect(readFileSync(pictures).length).toBeGreaterThan(100))
  const one = readFileSync(pictures).length
  await vi.waitFor(() => {
    clock.advance(500)
    expect(readFileSync(pictures).length).toBeGreaterThanOrEqual(2 * one)
  })
  expect(clock.nowMs() - sinceMs).toBeLessThan(9_500)
  clock.advance(sinceMs + 9_500 - clock.nowMs())
  expect(publisher.status()).toMatchObject({ absent: true, state: 'running' })
  expect(log).toEqual([])
  clock.advance(500)
  await vi.waitFor(() => expect(log.join()).toContain('the camera was unplugged'))
})

test('a camera that is back within that time goes on in the same pipe: the child notices nothing', async () => {
  const into: unknown[] = []
  const open = async (_device: string, _signal: AbortSignal, pipe?: FeedPipe) => {
    if (pipe !== undefined) into.push(pipe.codec)
    return feed()
  }
  start('echo frame=1 >&3; exec cat > /dev/null', { feeds: { open } })
  await state('running')
  const { pid } = publisher.status()
  endFeed(CAMERA_GONE)
  clock.advance(9_000)
  publisher.cameraBack()
  await vi.waitFor(() => expect(publisher.status().absent).toBe(false))
  clock.advance(5_000)
  expect(publisher.status()).toMatchObject({ state: 'running', pid })
  expect(into).toEqual(['jpeg'])
  // And once more.
  endFeed(CAMERA_GONE)
  expect(publisher.status().absent).toBe(true)
  publisher.cameraBack()
  await vi.waitFor(() => expect(publisher.status().absent).toBe(false))
  publisher.cameraBack()
  expect(into).toHaveLength(2)
  expect(publisher.status().pid).toBe(pid)
})

test('a pipe into which a camera is still being opened stays the same, though its child has ended', async () => {
  const file = (fd: number) => readlinkSync(`/proc/self/fd/${fd}`)
  const asked: FeedPipe[] = []
  let come: () => void = () => undefined
  let opensInto = ''
  const open = async (_device: string, _signal: AbortSignal, pipe?: FeedPipe) => {
    if (pipe === undefined) return feed()
    asked.push(pipe)
    await new Promise<void>((resolve) => {
      come = resolve
    })
    opensInto = file(pipe.fd)
    throw new Error('nobody reads it')
  }
  start('echo frame=1 >&3; exec cat > /dev/null', { feeds: { open } })
  await state('running')
  endFeed(CAMERA_GONE)
  publisher.cameraBack()
  await vi.waitFor(() => expect(asked).toHaveLength(1))
  const pipe = file(asked[0]?.fd ?? -1)
  await publisher.stop()
  come()
  await vi.waitFor(() => expect(opensInto).toBe(pipe))
  await vi.waitFor(() => expect(heldFiles()).not.toContain(pipe))
})

test('a camera that is back and cannot be opened, or gives H.264, is published anew', async () => {
  let works = true
  const open = async () => {
    if (!works) throw new Error('camera is busy')
    return feed()
  }
  start('echo frame=1 >&3; exec cat > /dev/null', { feeds: { open } })
  await state('running')
  endFeed(CAMERA_GONE)
  works = false
  publisher.cameraBack()
  await vi.waitFor(() => expect(log.join()).toContain('cannot be opened: camera is busy'))
  works = true
  codec = 'h264'
  publisher.wake()
  await vi.waitFor(() => {
    publisher.wake()
    expect(runCount()).toBe(2)
  })
  await state('running')
  endFeed(CAMERA_GONE)
  publisher.cameraBack()
  await runs(3)
})

test('a camera that gives nothing for a while is stood in for until it goes on', async () => {
  const pictures = join(dir, 'pictures')
  start(`: > ${pictures}; echo frame=1 >&3; exec cat >> ${pictures}`)
  await state('running')
  framesIn = 1
  for (let half = 0; half < 6; half++) clock.advance(500)
  expect(readFileSync(pictures).length).toBe(0)
  clock.advance(500)
  await vi.waitFor(() => expect(readFileSync(pictures).length).toBeGreaterThan(100))
  const shown = readFileSync(pictures).length
  for (let half = 0; half < 4; half++) {
    framesIn++
    clock.advance(500)
  }
  expect(readFileSync(pictures).length).toBe(shown)
})

test('an unplugged camera that was never shown has nothing to be stood in for', async () => {
  start('exec cat > /dev/null')
  await vi.waitFor(() => expect(publisher.status().pid).toBeDefined())
  await vi.waitFor(() => endFeed(CAMERA_GONE))
  await vi.waitFor(() => expect(log.join()).toContain('feed ended: camera_gone'))
})

test('an encoder that gave nothing is told so, one that gave something is not', async () => {
  start('exit 1')
  await runs(2)
  await vi.waitFor(() => expect(encoderFailures).toBe(2))
  await publisher.stop()
  start('echo frame=1 >&3; exit 1')
  await runs(4)
  await state('waiting')
  expect(encoderFailures).toBe(2)
})

test('a complaint shows no credentials', async () => {
  start('echo "rtsp://publisher:secret@127.0.0.1/camera0: 401" >&2; exit 1')
  await state('waiting')
  expect(publisher.status().failure).toBe('rtsp://127.0.0.1/camera0: 401')
})

test('a child that ends tells why itself, though its pipe breaks first', async () => {
  start('sleep 0.2; echo "401 Unauthorized" >&2; exit 1')
  await vi.waitFor(() => expect(publisher.status().pid).toBeDefined())
  endFeed('broken_pipe')
  await vi.waitFor(() => expect(publisher.status().failure).toBe('401 Unauthorized'))
})

test('a child that ignores the request to end is killed', async () => {
  start('trap "" TERM; echo frame=1 >&3; while :; do sleep 1; done')
  await state('running')
  const { pid } = publisher.status()
  const stopped = publisher.stop()
  await vi.waitFor(() => {
    clock.advance(2_000)
    expect(() => process.kill(pid ?? 0, 0)).toThrow()
  })
  await stopped
})

test('a program that is not there is told', async () => {
  start('', { ffmpeg: join(dir, 'nothing') })
  await vi.waitFor(() => expect(publisher.status().failure).toMatch(/ffmpeg cannot be started: .*ENOENT/))
})

test('a camera that cannot be opened is told', async () => {
  start('', { feeds: { open: () => Promise.reject(new Error('camera is busy')) } })
  await vi.waitFor(() => expect(publisher.status().failure).toBe('camera is busy'))
})

/** What the descriptors of this process lead to. */
function heldFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)]
    } catch {
      return []
    }
  })
}

/** `script` stands in for ffmpeg. */
function start(script: string, options: Partial<PublisherOptions> = {}): void {
  const ffmpeg = join(dir, 'ffmpeg')
  writeFileSync(ffmpeg, `#!/bin/sh\necho run >> ${dir}/runs\n${script}\n`)
  chmodSync(ffmpeg, 0o755)
  publisher = new Publisher({
    device: 'camera0',
    ffmpeg,
    codec: DEFAULT_CODEC,
    encoders: {
      choose: async () => SOFTWARE,
      failed: () => {
        encoderFailures++
      },
    },
    absentKeepMs: 10_000,
    feeds: { open: async () => feed() },
    target: () => ({ url: 'rtsp://127.0.0.1/camera0', environment: {} }),
    environment: { PATH: process.env.PATH ?? '' },
    clock,
    logger: createLogger({ level: 'warn', format: 'json', write: (line) => log.push(line) }),
    onChange: () => states.push(publisher.status().state),
    ...options,
  })
  publisher.start()
}

function feed(): CameraFeedHandle {
  opened++
  let open = true
  const pipe = join(dir, `pipe${opened}`)
  execFileSync('mkfifo', [pipe])
  // Both ways: whoever opens a pipe one way waits for the other side.
  const readFd = openSync(pipe, 'r+')
  return {
    readFd,
    codec,
    width: 320,
    height: 240,
    fps: 15,
    spawned: () => undefined,
    stats: () => ({ frames: framesIn, bytes: 0, dropped: 0 }),
    onEnded: (listener) => {
      endFeed = listener
    },
    close: () => {
      if (!open) return
      open = false
      closed++
      closeSync(readFd)
    },
  }
}

function runCount(): number {
  try {
    return readFileSync(join(dir, 'runs'), 'utf8').split('\n').length - 1
  } catch {
    return 0
  }
}

async function runs(count: number): Promise<void> {
  await vi.waitFor(() => expect(runCount()).toBeGreaterThanOrEqual(count))
}

async function state(wanted: PublisherState): Promise<void> {
  await vi.waitFor(() => expect(publisher.status().state).toBe(wanted))
}
