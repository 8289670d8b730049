// The service with cameras that are nodes in a /dev of its own, answered for by shim/camera.c: hotplug at full speed without hardware.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { startService } from '../../test/vm/guest/support/service.mjs'

const OWN_DEV = resolve(import.meta.dirname, 'own-dev.sh')
const SHIM = resolve(import.meta.dirname, '../out/camera_shim.so')

/** The service and `dev`, its /dev as seen from here, in which `count` nodes are. Needs root. */
export async function startShimService(count) {
  if (process.getuid() !== 0) throw new Error('needs root: nodes are made in a mount namespace of their own')
  const service = await startService({ wrapper: [OWN_DEV, SHIM], config: { LOGGING_LEVEL: 'warn' } })
  const dev = `/proc/${service.pid}/root/dev`
  for (let i = 0; i < count; i++) execFileSync('mknod', [`${dev}/video7${i}`, 'c', '81', `7${i}`])
  return { service, dev }
}
