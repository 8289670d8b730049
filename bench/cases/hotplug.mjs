// Kernel event → notification at a client, against a bare receiver of the kernel's events in the same virtual machine.
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge } from '../support/verdict.mjs'
import { runInVm } from '../support/vm.mjs'

const GATE_MS = 1

export async function run({ quick }) {
  const cycles = quick ? 5 : 20
  const values = await runInVm(`node bench/guest/hotplug.mjs ${cycles}`)
  const overNs = values.disconnectedNs
  const verdict = judge(
    overNs.map((ns) => ns / 1e6),
    { atMost: GATE_MS },
  )
  // Single shots differ widely by nature; the gate is on their median alone.
  if (verdict.status === 'noisy') verdict.status = 'FAILED'
  publish(
    'hotplug',
    [
      `camera.disconnected ${duration(median(overNs))} after the bare receiver [${duration(verdict.min * 1e6)}–${duration(verdict.max * 1e6)}]`,
      `gate ≤ ${GATE_MS} ms at p50`,
      `camera.connected ${duration(median(values.connectedNs))} after it (probe and settling included)`,
      'both inside an emulated machine',
    ],
    { cycles, values, verdict },
  )
  return failures('hotplug', { verdict })
}
