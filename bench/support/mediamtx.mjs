// A MediaMTX as another process: the stand-in of the tests, so that nothing but its replies costs the one who measures.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../../test/support/free-port.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'

export const STAND_IN = resolve(import.meta.dirname, '../../test/support/mediamtx-program.mjs')

/** `paths`: name → configuration. */
export async function startMediamtx({ paths = {}, latencyMs = 0 } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'bench-mediamtx-'))
  const [apiPort, rtspPort] = [await freePort(), await freePort()]
  const file = join(dir, 'mediamtx.json')
  await writeFile(file, JSON.stringify({ apiAddress: `127.0.0.1:${apiPort}`, rtspAddress: `127.0.0.1:${rtspPort}`, paths }))
  const env = { ...process.env, LATENCY_MS: String(latencyMs) }
  const child = spawn(process.execPath, [STAND_IN, file], { stdio: 'ignore', env })
  const stop = async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await rm(dir, { recursive: true })
  }
  const origin = `http://127.0.0.1:${apiPort}`
  await eventually('the stand-in answers', () => answers(origin))
  return { origin, apiPort, rtspPort, pid: child.pid, stop }
}

export const answers = (origin) =>
  fetch(`${origin}/v3/info`).then(
    () => true,
    () => false,
  )

/** A configuration as long as the real one prints it (2.2 kB), all ours. */
export function printedConfig(body) {
  const rest = Object.fromEntries(Array.from({ length: 75 }, (_, at) => [`somethingElse${at}`, at % 3 === 0 ? false : '']))
  return { ...rest, ...body }
}

/** `count` bodies of cameras as the service wants them. */
export async function desiredPaths(count) {
  const { cameraBody, recordedBody } = await import('../../dist/media/paths/body.js')
  const hooks = { demand: '/usr/lib/notifier /run/s', segmentCreated: '/usr/lib/notifier /run/s created', segmentCompleted: '' }
  const body = recordedBody(
    cameraBody({ hooks, startTimeoutMs: 10_000, closeAfterMs: 10_000, instance: 'bench' }),
    undefined,
    false,
  )
  return new Map(Array.from({ length: count }, (_, at) => [`camera${at}`, body]))
}
