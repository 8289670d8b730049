// Arguments: a configuration file, a number of kills. As many writers (rounds.mjs) change the configuration without pause. Prints what was
// seen as JSON.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createCameraConfigStore } from '../../../dist/camera-config/index.js'
import { CAMERA_KEYS, SERVER_KEYS } from '../../../dist/config/index.js'
import { killWriters, ready } from './rounds.mjs'

const [file, kills] = [process.argv[2], Number(process.argv[3])]
const ignore = () => undefined
const defaultsOf = (table) => Object.fromEntries(Object.entries(table).map(([name, key]) => [name, key.default]))
const store = createCameraConfigStore({
  file,
  defaults: { camera: defaultsOf(CAMERA_KEYS), server: defaultsOf(SERVER_KEYS) },
  clock: { after: () => ignore },
  logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
})

/** One number in each change, and a list as long, so that a mix of two would show. */
async function write() {
  for (let width = 16 + Math.floor(Math.random() * 1000); ; width = 16 + ((width + 1) % 1000)) {
    ready()
    await store.put({ camera: { width }, server: { trusted_hosts: Array(width % 60).fill('cam.example') } })
  }
}

function read() {
  const text = readFileSync(file, 'utf8')
  const { camera, server } = JSON.parse(text)
  if (server.trusted_hosts.length !== camera.width % 60) throw new Error(text)
  return camera.width
}

await store.start(new AbortController().signal)
await store.settled
await store.put({ camera: { width: 60 }, server: { trusted_hosts: [] } })
await new Promise(setImmediate)
const seen = killWriters({ kills, last: 60, write, read })
if (seen !== undefined) {
  await store.stop()
  // Writes that were under way when the kill came.
  const cut = readdirSync(dirname(file)).length - 1
  await createCameraConfigStore({ file, defaults: { camera: {}, server: {} }, clock: {}, logger: {} }).start()
  console.log(JSON.stringify({ ...seen, cut, left: readdirSync(dirname(file)) }))
}
