// The service with 64 simulated cameras that capture all the time.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { facePort, simulatedCameras } from './mjpeg.mjs'

export const CAMERAS = 64
export const FIRST_NODE = 70

/** Resolves when the service answers: `{ service, port, stop }`; `hanging`: number of a node that hangs in stream start. */
export async function startManyCameras(pictures, { hanging } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'camera-service-many-'))
  const file = join(folder, 'config.json')
  const camera = { device_path: `/dev/video${FIRST_NODE}`, width: pictures.width, height: pictures.height }
  const cameras = Array.from({ length: CAMERAS - 1 }, (_, i) => ({ id: `camera${FIRST_NODE + 1 + i}`, on_demand: false }))
  await writeFile(file, JSON.stringify({ camera, cameras }))
  try {
    const service = await startService({
      wrapper: simulatedCameras(pictures, { count: CAMERAS, hanging }),
      config: {
        LOGGING_LEVEL: 'warn',
        FACES_CAMERA_ENABLED: true,
        CAMERA_SERVER_CONFIG_FILE: file,
        CAMERA_SERVER_SERVER_HOST: '127.0.0.1',
        CAMERA_SERVER_SERVER_PORT: 0,
      },
    })
    const stop = async () => {
      await service.stop()
      await rm(folder, { recursive: true, force: true })
    }
    return { service, port: await facePort(service), stop }
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true })
    throw thrown
  }
}

/** Until so many of them stream. */
export async function allStream({ port }, count) {
  const url = `http://127.0.0.1:${port}/cameras`
  const streaming = async () => (await (await fetch(url)).json()).filter(({ state }) => state === 'streaming').length
  await eventually(`${count} cameras stream`, async () => (await streaming()) === count, { everyMs: 10 })
}
