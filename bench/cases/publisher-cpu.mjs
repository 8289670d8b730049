// What one publisher at 720p and 30 frames a second costs the service itself: its threads' processor time with the stream running,
// ffmpeg's not counted, against a fiftieth of a core.
import { setTimeout as pause } from 'node:timers/promises'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { frames } from '../support/frames.mjs'
import { startMediamtx } from '../support/mediamtx.mjs'
import { CAMERA, FPS, simulatedCameras } from '../support/mjpeg.mjs'
import { threadCpuNs } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice } from '../support/verdict.mjs'

const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
const MOST = 0.02

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const server = await startMediamtx()
  const service = await startService({
    wrapper: simulatedCameras(pictures),
    config: {
      LOGGING_LEVEL: 'warn',
      FACES_CAMERA_ENABLED: true,
      CAMERA_SERVER_SERVER_PORT: 0,
      CAMERA_SERVER_CAMERA_DEVICE_PATH: CAMERA,
      CAMERA_SERVER_CAMERA_WIDTH: pictures.width,
      CAMERA_SERVER_CAMERA_HEIGHT: pictures.height,
      CAMERA_SERVER_CAMERA_FPS: FPS,
      MEDIAMTX_MODE: 'external',
      MEDIAMTX_API_PORT: server.apiPort,
      MEDIAMTX_PUBLISH: 'always',
    },
  })
  try {
    await eventually('it is published', () => published(server), { timeoutMs: 30_000, everyMs: 200 })
    // What a start leaves to be done.
    await pause(3_000)
    const result = await judgeTwice((rounds) => measure(service.pid, server, quick ? 2 : 5, rounds), 3)
    publish('publisher-cpu', line(result), result)
    return failures('publisher-cpu', result)
  } finally {
    await service.stop()
    await server.stop()
  }
}

async function measure(pid, server, seconds, rounds) {
  const values = []
  for (let round = 0; round < rounds; round++) {
    const [before, bytes, begin] = [await threadCpuNs(pid), await bytesOf(server), process.hrtime.bigint()]
    await pause(seconds * 1_000)
    const wallNs = Number(process.hrtime.bigint() - begin)
    const after = await threadCpuNs(pid)
    const shares = Object.fromEntries([...after].map(([name, ns]) => [name, (ns - (before.get(name) ?? 0)) / wallNs]))
    const bitsPerSecond = (((await bytesOf(server)) - bytes) * 8e9) / wallNs
    values.push({ all: Object.values(shares).reduce((sum, share) => sum + share, 0), shares, bitsPerSecond })
  }
  const verdict = judge(
    values.map(({ all }) => all / MOST),
    { atMost: 1, absolute: true },
  )
  if (values.some(({ bitsPerSecond }) => bitsPerSecond < 100_000)) verdict.status = 'FAILED: nothing was published'
  return { rounds, seconds, values, verdict }
}

function line({ values, verdict }) {
  const shares = (name) => median(values.map((value) => value.shares[name] ?? 0))
  const names = [...new Set(values.flatMap((value) => Object.keys(value.shares)))]
    .sort((a, b) => shares(b) - shares(a))
    .slice(0, 3)
  return [
    `service ${percent(verdict.median * MOST)} of a core [${percent(verdict.min * MOST)}–${percent(verdict.max * MOST)}] gate ≤ ${percent(MOST)}`,
    `most in ${names.map((name) => `${name} ${percent(shares(name))}`).join(', ')}`,
    `${(median(values.map(({ bitsPerSecond }) => bitsPerSecond)) / 1e6).toFixed(1)} Mbit/s published`,
  ]
}

const listOf = async ({ origin }) => (await (await fetch(`${origin}/v3/paths/list`)).json()).items
const published = async (server) =>
  (await listOf(server)).some(({ available, inboundBytes }) => available && inboundBytes > 100_000)
const bytesOf = async (server) => (await listOf(server)).reduce((sum, { inboundBytes }) => sum + inboundBytes, 0)
const percent = (share) => `${(share * 100).toFixed(2)} %`
