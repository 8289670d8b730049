// Servers of MJPEG that show the same pictures at the same rate, and the viewers that look at them.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../test/support/free-port.mjs'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { GENERATOR_CORE, SERVER_CORE } from './gen.mjs'

const OUT = resolve(import.meta.dirname, '../out')
const OWN_DEV = resolve(import.meta.dirname, 'own-dev.sh')
const SHIM = resolve(OUT, 'camera_shim.so')

export const FPS = 30
/** The first simulated camera. */
export const CAMERA = '/dev/video70'

/** Command prefix of a process in whose /dev so many cameras show `pictures` (of support/frames.mjs). Needs root. */
export function simulatedCameras(pictures, { count = 1, hanging } = {}) {
  if (process.getuid() !== 0) throw new Error('needs root: cameras are simulated in a mount namespace of their own')
  const settings = { NODES: count, SHIM_FRAMES: pictures.file, SHIM_FRAME_BYTES: pictures.bytes }
  if (hanging !== undefined) settings.SHIM_HANG = hanging
  return ['env', ...Object.entries(settings).map(([name, value]) => `${name}=${value}`), OWN_DEV, SHIM]
}

/** The service with one camera; frames come before it resolves. */
export async function startOurs(pictures) {
  const service = await startService({
    wrapper: [...SERVER_CORE, ...simulatedCameras(pictures)],
    config: {
      LOGGING_LEVEL: 'warn',
      FACES_CAMERA_ENABLED: true,
      CAMERA_SERVER_CAMERA_DEVICE_PATH: CAMERA,
      CAMERA_SERVER_CAMERA_WIDTH: pictures.width,
      CAMERA_SERVER_CAMERA_HEIGHT: pictures.height,
      CAMERA_SERVER_CAMERA_FPS: FPS,
      CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
      CAMERA_SERVER_SERVER_PORT: 0,
      FACES_CAMERA_MAX_VIEWERS: 20_000,
      FACES_CAMERA_MAX_VIEWERS_PER_CAMERA: 20_000,
    },
  })
  const port = await facePort(service)
  const server = { name: 'ours', pid: service.pid, port, path: '/video_feed', pictures, stop: () => service.stop(), service }
  return whenItShows(server)
}

/** Port of the camera face, as the service prints it. */
export const facePort = (service) =>
  eventually('the address of the camera face', () => {
    const port = /^camera +http:\/\/[^/]+:(\d+)\//m.exec(service.output)?.[1]
    return port === undefined ? undefined : Number(port)
  })

/** The bare sender: the limit. */
export async function startBareSender(pictures) {
  const child = onServerCore([resolve(OUT, 'mjpeg_sender'), pictures.file, String(pictures.bytes), String(FPS)])
  const [line] = await once(child.stdout, 'data')
  return { name: 'bare', pid: child.pid, port: JSON.parse(line).port, path: '/', pictures, stop: () => end(child) }
}

/** Debian's ustreamer on the same simulated camera; undefined, said aloud, where there is none. */
export async function startUstreamer(pictures) {
  const version = ustreamerVersion()
  if (version === undefined) return undefined
  const port = await freePort()
  const size = `${pictures.width}x${pictures.height}`
  const options = ['-d', CAMERA, '-r', size, '-m', 'MJPEG', '-c', 'HW', '-f', String(FPS), '-p', String(port), '--tcp-nodelay']
  const child = onServerCore([...simulatedCameras(pictures), 'ustreamer', ...options])
  child.stdout.resume()
  return whenItShows({ name: `ustreamer ${version}`, pid: child.pid, port, path: '/stream', pictures, stop: () => end(child) })
}

let ustreamer

/** Installs it with apt when it is missing and this is root. */
function ustreamerVersion() {
  if (ustreamer !== undefined) return ustreamer.version
  const ask = () => execFileSync('ustreamer', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  ustreamer = {}
  try {
    ustreamer.version = ask()
  } catch {
    console.log('# ustreamer is missing: apt-get install ustreamer')
    try {
      execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'ustreamer'], { stdio: 'ignore' })
      ustreamer.version = ask()
    } catch {
      console.log('# WITHOUT ustreamer: it can not be installed here, so nothing is compared with it')
    }
  }
  return ustreamer.version
}

/**
 * Viewers on the other core. Options as of `viewers --NAME`; answers its JSON with `serverBusy` and `generatorBusy`, shares of one
 * core, and the server's processor time per frame and viewer, `cpuUs`.
 */
export async function view(server, options) {
  const all = {
    port: server.port,
    path: server.path,
    'server-pid': server.pid,
    'frame-bytes': server.pictures.bytes,
    fps: FPS,
    ...options,
  }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...before] = GENERATOR_CORE
  const { stdout } = await promisify(execFile)(command, [...before, resolve(OUT, 'viewers'), ...args])
  const result = JSON.parse(stdout)
  if (result.cycles !== undefined) return result
  const wallNs = result.seconds * 1e9
  const cpuUs = result.serverCpuNs / result.frames / 1e3
  return { ...result, serverBusy: result.serverCpuNs / wallNs, generatorBusy: result.ownCpuNs / wallNs, cpuUs }
}

function onServerCore(words) {
  const [command, ...args] = [...SERVER_CORE, ...words]
  return spawn(command, args, { stdio: ['ignore', 'pipe', process.env.BENCH_VERBOSE === undefined ? 'ignore' : 'inherit'] })
}

async function end(child) {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  await gone
}

/** Waits for pictures of the camera; until then servers show something of their own. */
async function whenItShows(server) {
  try {
    await eventually(`${server.name} shows the camera`, () => showsPicture(server), { timeoutMs: 20_000, everyMs: 100 })
  } catch (thrown) {
    await server.stop()
    throw new Error(`${thrown.message}\n${server.service?.output ?? ''}`)
  }
  return server
}

/** Whether the second part that comes within a while has the pictures' size. */
function showsPicture({ port, path, pictures }) {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1')
    const finish = (shown) => {
      socket.destroy()
      settle(shown)
    }
    let text = ''
    socket.setTimeout(500, finish, false)
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`))
    socket.on('data', (data) => {
      text += data.toString('latin1')
      const sizes = [...text.matchAll(/Content-Length: (\d+)\r\n/g)].map(([, bytes]) => Number(bytes))
      if (sizes.length >= 2) finish(sizes[1] === pictures.bytes)
    })
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
  })
}
