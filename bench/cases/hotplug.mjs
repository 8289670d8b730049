// Kernel event → notification at a client, against a bare receiver of the same events: nodes that come and go in a /dev of the
// service's own. Ten cameras take turns, so that a change comes every 120 ms and one camera is left alone for 1.2 s.
// Printed beside it, without a gate: one camera alone, whose every change finds the machine asleep for a second, which is a figure of
// the machine (its caches are cold, its host took memory away); and vivid inside the virtual machine, on an emulated processor.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { duration, publish } from '../support/report.mjs'
import { startShimService } from '../support/shim-service.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge } from '../support/verdict.mjs'
import { runInVm } from '../support/vm.mjs'

const HOTPLUG = resolve(import.meta.dirname, '../out/hotplug')
const GATE_MS = 1
/** The receiver's nodes are video70 … video79. */
const CAMERAS = 10

export async function run({ quick }) {
  const cycles = quick ? 4 : 12
  const values = await onThisMachine(CAMERAS, cycles)
  const rested = await onThisMachine(1, cycles)
  const vivid = await runInVm(`node bench/guest/hotplug.mjs ${quick ? 3 : 10}`)
  return ['disconnected', 'connected'].flatMap((event) => {
    const latencies = { onThisMachineNs: values[`${event}Ns`], restedNs: rested[`${event}Ns`], vividNs: vivid[`${event}Ns`] }
    const verdict = judge(
      latencies.onThisMachineNs.map((ns) => ns / 1e6),
      { atMost: GATE_MS, absolute: true },
    )
    // Single shots differ widely by nature; the gate is on their median alone.
    if (verdict.status === 'noisy') verdict.status = 'FAILED'
    const [p50, least, most] = [verdict.median, verdict.min, verdict.max].map((ms) => duration(ms * 1e6))
    publish(
      `hotplug ${event}`,
      [
        `camera.${event} ${p50} after the bare receiver [${least}–${most}]${event === 'connected' ? ' (with open and probe)' : ''}`,
        `gate ≤ ${GATE_MS} ms at p50`,
        `after a second's rest: ${duration(median(latencies.restedNs))}`,
        `vivid, emulated: ${duration(median(latencies.vividNs))}`,
      ],
      { cycles, ...latencies, verdict },
    )
    return failures(`hotplug ${event}`, { verdict })
  })
}

async function onThisMachine(cameras, cycles) {
  const { service, dev } = await startShimService(cameras)
  try {
    const client = await service.client()
    await eventually('all cameras are connected', async () => (await client.call('get_camera_list')).connected === cameras)
    const args = [dev, String(service.port), await service.token(), String(cameras), String(cycles)]
    const { stdout } = await promisify(execFile)(HOTPLUG, args)
    return JSON.parse(stdout)
  } finally {
    await service.stop()
  }
}
