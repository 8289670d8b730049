// 64 simulated cameras of which one hangs in stream start: the time from the start of the service until the other 63 stream.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { frames } from '../support/frames.mjs'
import { facePort, simulatedCameras } from '../support/mjpeg.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const CAMERAS = 64
const FIRST_NODE = 70
const HANGING_NODE = FIRST_NODE + 7
const LIMIT_MS = 1_000
const PICTURES = { bytes: 34_000, width: 1280, height: 720 }

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const starts = []
  for (let i = 0; i < (quick ? 1 : 5); i++) starts.push(await once(pictures))
  const verdict = judge(
    starts.map(({ startMs, streamMs }) => (startMs + streamMs) / LIMIT_MS),
    { atMost: 1 },
  )
  const of = (member) => duration(median(starts.map((start) => start[member])) * 1e6)
  publish(
    'many-cameras',
    [
      `${CAMERAS - 1} of ${CAMERAS} stream ${of('streamMs')} after the service answers, which it does ${of('startMs')} after exec; one hangs`,
      `exec to streaming against ${LIMIT_MS} ms: ${ratioText(verdict)}`,
    ],
    { starts, verdict },
  )
  return failures('many-cameras', { verdict })
}

async function once(pictures) {
  const folder = await mkdtemp(join(tmpdir(), 'camera-service-many-'))
  const file = join(folder, 'config.json')
  const camera = { device_path: `/dev/video${FIRST_NODE}`, width: pictures.width, height: pictures.height }
  const cameras = Array.from({ length: CAMERAS - 1 }, (_, i) => ({ id: `camera${FIRST_NODE + 1 + i}`, on_demand: false }))
  await writeFile(file, JSON.stringify({ camera, cameras }))
  try {
    const service = await startService({
      wrapper: simulatedCameras(pictures, { count: CAMERAS, hanging: HANGING_NODE }),
      config: {
        LOGGING_LEVEL: 'warn',
        FACES_CAMERA_ENABLED: true,
        CAMERA_SERVER_CONFIG_FILE: file,
        CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
        CAMERA_SERVER_SERVER_PORT: 0,
      },
    })
    try {
      const answeredAtMs = performance.now()
      const url = `http://127.0.0.1:${await facePort(service)}/cameras`
      const streaming = async () => (await (await fetch(url)).json()).filter(({ state }) => state === 'streaming').length
      await eventually('63 cameras stream', async () => (await streaming()) === CAMERAS - 1, { everyMs: 10 })
      return { startMs: service.startMs, streamMs: performance.now() - answeredAtMs }
    } finally {
      await service.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
