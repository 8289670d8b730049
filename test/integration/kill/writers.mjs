// Arguments: a configuration file, a number of kills. Forks as many writers (fork.c), one after the other, that change the configuration
// without pause until they are killed, and looks at the file after each kill. Prints what it saw as JSON.
import { accessSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { createCameraConfigStore } from '../../../dist/camera-config/index.js'
import { CAMERA_KEYS, SERVER_KEYS } from '../../../dist/config/index.js'

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
    // At work from here on: the kill may come.
    accessSync('/fork/ready')
    await store.put({ camera: { width }, server: { trusted_hosts: Array(width % 60).fill('cam.example') } })
  }
}

/** True in the child, never again in the parent. */
function isForked(us) {
  try {
    accessSync(`/fork/${us}`)
    return true
  } catch (thrown) {
    if (thrown.code !== 'EEXIST') throw thrown
    return false
  }
}

/** `cut`: writes that were under way when the kill came. */
const seen = { kills: 0, contents: new Set(), broken: [], cut: 0 }
function run() {
  // How long a copy of the process takes to its first change depends on the machine: half of the kills are to come before it is done.
  let longestUs = 10_000
  let last = 60
  while (seen.kills < kills) {
    if (isForked(Math.floor(Math.random() * longestUs))) return write()
    seen.kills += 1
    const text = readFileSync(file, 'utf8')
    try {
      const { camera, server } = JSON.parse(text)
      if (server.trusted_hosts.length !== camera.width % 60) seen.broken.push(text)
      longestUs *= camera.width === last ? 1.03 : 0.97
      last = camera.width
      seen.contents.add(last)
    } catch {
      seen.broken.push(text)
    }
  }
  return undefined
}

await store.start(new AbortController().signal)
await store.settled
await store.put({ camera: { width: 60 }, server: { trusted_hosts: [] } })
await new Promise(setImmediate)
if (run() === undefined) {
  await store.stop()
  seen.cut = readdirSync(dirname(file)).length - 1
  await createCameraConfigStore({ file, defaults: { camera: {}, server: {} }, clock: {}, logger: {} }).start()
  console.log(JSON.stringify({ ...seen, contents: seen.contents.size, left: readdirSync(dirname(file)) }))
}
