// node scripts/bundle/warm.mjs DIR: starts the service of DIR/bundle in this process, asks it once on each face, and keeps what has
// been compiled meanwhile beside the bundle. It listens on loopback, and its state is a folder that goes away.
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const [, , target] = process.argv
/** The cache helps and is not needed: what hangs here must not hold up a build. */
const DEADLINE_MS = 20_000
setTimeout(() => giveUp('it did not start in time'), DEADLINE_MS).unref()

const { loader } = createRequire(import.meta.url)(join(resolve(target), 'bundle/load.cjs'))
const { load, saveCaches } = loader()
const { main } = load('cli.cjs')

const [rpc, health, camera] = [await freePort(), await freePort(), await freePort()]
const stateDir = await mkdtemp(join(tmpdir(), 'camera-service-build-'))
let stop = () => undefined
let complaints = ''
const terminal = {
  env: {
    PATH: process.env.PATH,
    CAMERA_SERVICE_STATE_DIR: stateDir,
    CAMERA_SERVICE_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_SERVER_PORT: String(rpc),
    CAMERA_SERVICE_HTTP_HEALTH_HOST: '127.0.0.1',
    CAMERA_SERVICE_HTTP_HEALTH_PORT: String(health),
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
    CAMERA_SERVICE_CAMERA_SERVER_SERVER_PORT: String(camera),
    CAMERA_SERVICE_CAMERA_SERVER_CONFIG_FILE: join(stateDir, 'config.json'),
    CAMERA_SERVICE_MEDIAMTX_MODE: 'off',
  },
  workingDir: stateDir,
  print: () =>
    used()
      .then(saveCaches, (thrown) => giveUp(String(thrown)))
      .finally(() => stop('SIGTERM')),
  complain: (line) => {
    complaints += `${line}\n`
  },
  onSignal: (listener) => {
    stop = listener
  },
  onCrash: () => undefined,
  exit: () => undefined,
}
const code = await main({ argv: ['run', '--virtual-cameras', '2'], terminal })
await rm(stateDir, { recursive: true, force: true })
if (code !== 0) giveUp(complaints)
process.exit(0)

/** The first questions a service is asked. */
async function used() {
  await fetch(`http://127.0.0.1:${camera}/health`)
  await fetch(`http://127.0.0.1:${rpc}/health`)
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function giveUp(reason) {
  process.stderr.write(`setup: the service will start a little slower, without a cache of its code: ${reason}\n`)
  process.exit(0)
}
