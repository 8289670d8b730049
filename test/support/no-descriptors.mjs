// Starts a child of the service while no descriptor is left for its pipes, in a process of its own that is to have few. Needs a built tree.
// Argument: which child. Prints what its caller hears; the process ends like the service where something is uncaught.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock as clock } from '../../dist/base/clock.js'
import { createLogger } from '../../dist/base/logger.js'
import { MediaMeter } from '../../dist/media/meter.js'
import { EncoderChoice } from '../../dist/media/publish/encoder-choice.js'
import { greyH264 } from '../../dist/media/publish/grey-h264.js'
import { PublishSession } from '../../dist/media/publish/session.js'
import { ManagedServer } from '../../dist/media/server/managed.js'
import { decodeKeyFrame } from '../../dist/snapshots/decode.js'

/** For the files that are opened before. */
const LEFT = 2
const dir = mkdtempSync(join(tmpdir(), 'no-descriptors-'))
const logger = createLogger({ level: 'silent', format: 'json', write: () => undefined })
const environment = { PATH: process.env.PATH }
const size = { width: 64, height: 64 }

function feed() {
  const pipe = join(dir, 'pipe')
  execFileSync('mkfifo', [pipe])
  const readFd = openSync(pipe, 'r+')
  return { ...size, readFd, codec: 'jpeg', fps: 1, spawned() {}, stats() {}, onEnded() {}, close() {} }
}

const children = {
  grey: () => () => greyH264({ ffmpeg: 'ffmpeg', environment, ...size }).then((picture) => picture ?? 'no picture'),
  decode: () => () => decodeKeyFrame(Buffer.alloc(64), { ffmpeg: 'ffmpeg', searchPath: environment.PATH, timeoutMs: 5_000 }),
  encoder() {
    const candidates = async () => [{ word: 'nvenc', device: undefined }]
    const choice = new EncoderChoice({ ffmpeg: 'ffmpeg', wish: 'auto', environment, clock, logger, candidates })
    return () =>
      choice
        .choose({ width: 640, height: 360, fps: 30, pixelFormat: 'yuv420p', profile: 'main', level: '4.0' })
        .then(({ word }) => word)
  },
  publisher() {
    const session = new PublishSession({
      ...{ ffmpeg: 'ffmpeg', args: [], environment, picturesOnly: environment, feed: feed(), absentKeepMs: 1_000, clock },
      ...{ reopen: () => Promise.reject(new Error('gone')), onRunning: () => undefined },
    })
    return () => session.run(new AbortController().signal)
  },
  mediamtx() {
    const places = { apiPort: 1, host: '127.0.0.1', rtspPort: 2, hlsPort: 3, webrtcPort: 4, webrtcUdpPort: 5 }
    const secrets = { api: { user: 'ours', password: 'secret' }, publish: undefined }
    const server = new ManagedServer({
      ...{ binary: 'true', directory: dir, places, secrets, paths: new Map(), environment, writeMs: 1_000, clock, logger },
      ...{ meter: new MediaMeter(), onExit: () => undefined },
    })
    return () => server.start(new AbortController().signal)
  },
}

const start = children[process.argv[2]]()
// What was opened so far closes in its own time.
await new Promise((resolve) => setTimeout(resolve, 50))
const held = []
try {
  for (;;) held.push(openSync('/dev/null'))
} catch {
  for (const fd of held.splice(0, LEFT)) closeSync(fd)
}
// Timers of the service keep no process alive.
const alive = setInterval(() => undefined, 1_000)
const heard = await start().catch(({ message }) => message)
// Events of the child come in later turns.
await new Promise((resolve) => setTimeout(resolve, 50))
clearInterval(alive)
for (const fd of held) closeSync(fd)
rmSync(dir, { recursive: true })
process.stdout.write(String(heard))
