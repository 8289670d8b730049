// The built addon without the service: what the core itself says on this kernel.
import { loadNative } from '../../../../dist/native/index.js'
import { eventually } from './wait.mjs'

const OPTIONS = {
  devDir: '/dev',
  sysfsDir: '/sys',
  deviceRange: [0, 255],
  discovery: 'events',
  rescanMs: 10_000,
  uevents: true,
  virtualCameras: { count: 0, width: 640, height: 480, fps: 10 },
  encoderThreads: 1,
  jpegQuality: 80,
}

/** Reports of the nodes, by node, as soon as all are probed. */
export async function probeAll(nodes) {
  const core = loadNative().open(OPTIONS, () => {})
  try {
    const devices = await eventually('all nodes are there', () => {
      const present = core.devices().filter(({ node }) => nodes.includes(node))
      return present.length === nodes.length && present
    })
    return new Map(await Promise.all(devices.map(async ({ node, source }) => [node, await core.probe(source)])))
  } finally {
    await core.shutdown(2_000)
  }
}
