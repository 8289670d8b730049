// Runs inside the virtual machine: hotplug.mjs CYCLES. Starts the service and measures with out/hotplug and vivid, and passes its JSON on.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { VIVID_CAMERAS } from '../../test/vm/guest/support/drivers.mjs'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { eventually } from '../../test/vm/guest/support/wait.mjs'

const MEASURE = resolve(import.meta.dirname, '../out/hotplug')

const service = await startService()
try {
  const client = await service.client()
  await eventually('all cameras are connected', async () => (await client.call('get_camera_list')).connected === VIVID_CAMERAS)
  const args = ['vivid', String(service.port), await service.token(), String(VIVID_CAMERAS), process.argv[2]]
  const { stdout } = await promisify(execFile)(MEASURE, args)
  process.stdout.write(stdout)
} finally {
  await service.stop()
}
